//! `holdfast import catalogue FILE`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use csv::ByteRecord;
use domain::currency::Currency;
use domain::money::Money;
use domain::product::NewProduct;
use domain::quantity::grouped;
use store::import::{CatalogueCounts, CatalogueItem, Mode};

use super::online_retail::{Goods, RetailLine, bar, default_rejects, read_lines};
use super::rejects::Rejects;
use crate::config::DatabaseArgs;
use crate::database::Database;

/// How many products are written in one transaction.
const CHUNK: usize = 100;
/// Stock received for each unit that was sold.
const UNITS_RECEIVED_PER_UNIT_SOLD: i64 = 2;

#[derive(Debug, clap::Args)]
pub struct CatalogueArgs {
    /// The CSV file.
    file: PathBuf,

    /// Say what would be written, and write nothing but the rejects.
    #[arg(long)]
    dry_run: bool,

    /// Where the lines that are left out go, each with the reason [default: the file's name with
    /// .catalogue-rejects.csv, in the current folder].
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// The currency of the file's prices.
    #[arg(long, value_name = "CODE", default_value = "GBP")]
    currency: Currency,

    #[command(flatten)]
    database: DatabaseArgs,
}

/// What the lines of one stock code come to.
#[derive(Debug, Default)]
struct Collected {
    /// The latest description among the lines that count.
    description: String,
    prices_minor: Vec<i64>,
    units_sold: i64,
    /// Description and prices are of returns: no line sold any.
    only_returned: bool,
    lines: u64,
}

/// How many lines were read, and what became of them.
#[derive(Debug, Default)]
struct Lines {
    read: u64,
    sold: u64,
    returned: u64,
}

pub(super) async fn run(args: CatalogueArgs) -> anyhow::Result<()> {
    let mut rejects = Rejects::new(args.rejects.clone().unwrap_or_else(|| default_rejects(&args.file, "catalogue")));
    let (lines, items) = collect(&args, &mut rejects)?;
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Write };
    let database = Database::open(&args.database).await?;
    let counts = write(&database, &items, mode).await;
    database.close().await;
    let counts = counts?;
    report(&args, &lines, &rejects, &counts, items.len());
    rejects.finish()
}

/// Reads the file to its end; what does not count goes to the rejects.
fn collect(args: &CatalogueArgs, rejects: &mut Rejects) -> anyhow::Result<(Lines, Vec<CatalogueItem>)> {
    let mut lines = Lines::default();
    let mut codes: BTreeMap<String, Collected> = BTreeMap::new();
    lines.read = read_lines(&args.file, |number, record| {
        match take(record, args.currency, &mut codes) {
            Ok(Taken::Sold) => lines.sold += 1,
            Ok(Taken::Returned) => lines.returned += 1,
            Err(reason) => rejects.push(number, &reason, record)?,
        }
        Ok(())
    })?;
    let items = codes.into_iter().map(|(code, collected)| item(&code, collected, args.currency));
    Ok((lines, items.collect::<anyhow::Result<_>>()?))
}

enum Taken {
    Sold,
    Returned,
}

/// Adds a line to what is known of its stock code, or says why it does not count.
fn take(record: &ByteRecord, currency: Currency, codes: &mut BTreeMap<String, Collected>) -> Result<Taken, String> {
    let line = RetailLine::read(record)?;
    let Goods { product, units } = line.goods(currency)?;

    let code = codes.entry(line.stock_code.to_owned()).or_default();
    let returned = units < 0;
    if returned && code.lines > 0 && !code.only_returned {
        return Ok(Taken::Returned);
    }
    if !returned && code.only_returned {
        // What was sold tells more than what came back.
        *code = Collected::default();
    }
    code.only_returned = returned;
    code.lines += 1;
    code.prices_minor.push(product.price().minor);
    if !line.description.is_empty() {
        code.description = line.description.to_owned();
    }
    if returned {
        return Ok(Taken::Returned);
    }
    code.units_sold = code.units_sold.checked_add(units).ok_or("the units sold are too many to count")?;
    Ok(Taken::Sold)
}

fn item(code: &str, mut collected: Collected, currency: Currency) -> anyhow::Result<CatalogueItem> {
    let name = if collected.description.is_empty() { code } else { &collected.description };
    let price = Money::new(median(&mut collected.prices_minor), currency);
    let product = NewProduct::new(code, name, price);
    let product = product.map_err(|errors| anyhow::anyhow!("{code}: {errors:?}"))?;
    Ok(CatalogueItem { product, units: collected.units_sold.saturating_mul(UNITS_RECEIVED_PER_UNIT_SOLD) })
}

/// The middle one; of an even number the mean of the middle two, halves rounded up.
fn median(prices_minor: &mut [i64]) -> i64 {
    prices_minor.sort_unstable();
    let (lower, upper) = (prices_minor.len().saturating_sub(1) / 2, prices_minor.len() / 2);
    match (prices_minor.get(lower), prices_minor.get(upper)) {
        (Some(lower), Some(upper)) => (lower + upper + 1) / 2,
        _ => 0,
    }
}

async fn write(database: &Database, items: &[CatalogueItem], mode: Mode) -> anyhow::Result<CatalogueCounts> {
    let bar = bar(items.len() as u64, "products {bar:40} {pos}/{len} {eta}");
    let mut total = CatalogueCounts::default();
    for chunk in items.chunks(CHUNK) {
        let counts = database.store.catalogue_import(chunk.to_vec(), mode).await;
        let counts = counts.map_err(|error| anyhow::anyhow!(error.in_full()))?;
        total.created += counts.created;
        total.changed += counts.changed;
        total.unchanged += counts.unchanged;
        total.units_received += counts.units_received;
        bar.inc(chunk.len() as u64);
    }
    bar.finish_and_clear();
    Ok(total)
}

fn report(args: &CatalogueArgs, lines: &Lines, rejects: &Rejects, counts: &CatalogueCounts, products: usize) {
    let count = |number: u64| grouped(i64::try_from(number).unwrap_or(i64::MAX));
    if args.dry_run {
        println!("A dry run: nothing was written to the database.");
    }
    println!(
        "{} lines read = {} sold + {} returned + {} rejected",
        count(lines.read),
        count(lines.sold),
        count(lines.returned),
        count(rejects.count)
    );
    println!(
        "{} products = {} created + {} changed + {} as they were",
        count(products as u64),
        count(counts.created),
        count(counts.changed),
        count(counts.unchanged)
    );
    println!("{} units received", grouped(counts.units_received));
    if rejects.count > 0 {
        println!("Why lines were rejected: {}", rejects.path().display());
    }
}

#[cfg(test)]
mod tests {
    use csv::ReaderBuilder;

    use super::*;

    fn taken(lines: &[&str]) -> (BTreeMap<String, Collected>, Vec<String>) {
        let text = lines.join("\n");
        let mut codes = BTreeMap::new();
        let mut reasons = Vec::new();
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        for record in reader.byte_records() {
            if let Err(reason) = take(&record.unwrap(), Currency::GBP, &mut codes) {
                reasons.push(reason);
            }
        }
        (codes, reasons)
    }

    #[test]
    fn a_code_has_its_latest_description_its_median_price_and_its_units_sold() {
        let (mut codes, reasons) = taken(&[
            "1,85123A,OLD NAME,6,d,2.55,1,UK",
            "2,85123A,NEW NAME,2,d,2.95,1,UK",
            "3,85123A,,1,d,5.00,1,UK",
            "C4,85123A,RETURNED NAME,-2,d,9.00,1,UK",
            "5,85123a,OTHER,1,d,1.00,1,UK",
        ]);
        assert!(reasons.is_empty());
        assert_eq!(codes.len(), 2);
        let item = item("85123A", codes.remove("85123A").unwrap(), Currency::GBP).unwrap();
        assert_eq!((item.product.name().as_str(), item.product.price().minor, item.units), ("NEW NAME", 295, 18));
    }

    #[test]
    fn a_code_that_only_came_back_is_known_but_has_no_stock_until_it_is_sold() {
        let (codes, _) = taken(&["C1,20957,BELL,-1,d,1.45,1,UK"]);
        assert_eq!((codes["20957"].units_sold, codes["20957"].description.as_str()), (0, "BELL"));
        let (codes, _) = taken(&["C1,20957,BELL,-1,d,1.45,1,UK", "2,20957,BELLS,3,d,1.50,1,UK"]);
        assert_eq!((codes["20957"].units_sold, codes["20957"].prices_minor.as_slice()), (3, &[150][..]));
    }

    #[test]
    fn what_does_not_count_is_said_line_by_line() {
        let (codes, reasons) = taken(&[
            "1,POST,POSTAGE,1,d,18,1,UK",
            "1,85123A,X,six,d,1,1,UK",
            "1,85123A,X,1,d,1.234,1,UK",
            "1,85123A,,-10,d,0,,UK",
            "1,85123A,X,0,d,1,1,UK",
            "1,85123A,X",
        ]);
        assert!(codes.is_empty());
        assert_eq!(reasons.len(), 6, "{reasons:?}");
    }

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle_two() {
        assert_eq!(median(&mut [3, 1, 2]), 2);
        assert_eq!(median(&mut [1, 2, 4, 9]), 3);
        assert_eq!(median(&mut [255, 256]), 256);
    }
}
