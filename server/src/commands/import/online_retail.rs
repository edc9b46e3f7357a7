//! Lines of the Online Retail data set (Chen, D., 2015, UCI Machine Learning Repository,
//! doi 10.24432/C5BW33): one line for each product on an invoice.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use csv::{ByteRecord, Reader, ReaderBuilder};
use domain::currency::Currency;
use domain::money::Money;
use domain::product::NewProduct;
use indicatif::{ProgressBar, ProgressStyle};

/// The columns, by their names in the file's first line.
pub(super) const COLUMNS: [&str; 8] =
    ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

/// A line as it stands in the file.
#[derive(Debug)]
pub(super) struct RetailLine<'a> {
    pub(super) invoice: &'a str,
    pub(super) stock_code: &'a str,
    pub(super) description: &'a str,
    pub(super) quantity: &'a str,
    pub(super) date: &'a str,
    pub(super) unit_price: &'a str,
    pub(super) customer: &'a str,
}

/// Goods that were sold, or came back, at a price.
#[derive(Debug)]
pub(super) struct Goods {
    /// What the line says of the product; its name is the stock code where the line has none.
    pub(super) product: NewProduct,
    /// Below 0 where they came back, never 0.
    pub(super) units: i64,
}

impl<'a> RetailLine<'a> {
    /// # Errors
    /// Why the line can't be read.
    pub(super) fn read(record: &'a ByteRecord) -> Result<Self, &'static str> {
        if record.len() != COLUMNS.len() {
            return Err("the line has not the columns of the first");
        }
        let field = |column: usize| {
            let bytes = record.get(column).unwrap_or_default();
            std::str::from_utf8(bytes).map(str::trim).map_err(|_| "the line is not UTF-8")
        };
        Ok(Self {
            invoice: field(0)?,
            stock_code: field(1)?,
            description: field(2)?,
            quantity: field(3)?,
            date: field(4)?,
            unit_price: field(5)?,
            customer: field(6)?,
        })
    }

    /// The goods that the line is about.
    ///
    /// # Errors
    /// Why it does not count.
    pub(super) fn goods(&self, currency: Currency) -> Result<Goods, String> {
        if !self.is_goods() {
            return Err(format!("{} is not the stock code of goods", self.stock_code));
        }
        let units: i64 =
            self.quantity.parse().map_err(|_| format!("quantity {} is not a whole number", self.quantity))?;
        let price = Money::parse_major(self.unit_price, currency);
        let price = price.map_err(|error| format!("unit price {} {error}", self.unit_price))?;
        if price.minor == 0 {
            return Err("the unit price is 0: a correction of stock, not a sale".to_owned());
        }
        if units == 0 {
            return Err("the quantity is 0".to_owned());
        }
        // The name and price of the line must be such as a product may have, so that a bad line is named here.
        let description = if self.description.is_empty() { self.stock_code } else { self.description };
        let product = NewProduct::new(self.stock_code, description, price)
            .map_err(|errors| {
                errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect::<Vec<_>>()
            })
            .map_err(|errors| errors.join("; "))?;
        Ok(Goods { product, units })
    }

    /// Whether the line is about goods: their codes begin with five digits. `POST`, `D`, `M` and the like
    /// are postage, discounts and corrections.
    fn is_goods(&self) -> bool {
        let code = self.stock_code.as_bytes();
        code.len() >= 5 && code.iter().take(5).all(u8::is_ascii_digit)
    }
}

/// Reads the file to its end, with a progress bar: `each` gets every line with its number, the header being
/// line 1. Gives how many there were.
pub(super) fn read_lines(
    path: &Path,
    mut each: impl FnMut(u64, &ByteRecord) -> anyhow::Result<()>,
) -> anyhow::Result<u64> {
    let mut reader = open(path)?;
    let bar = bar(std::fs::metadata(path)?.len(), "reading  {bar:40} {bytes}/{total_bytes} {eta}");
    let mut record = ByteRecord::new();
    let mut lines = 0_u64;
    while reader.read_byte_record(&mut record)? {
        lines += 1;
        let (byte, line) = record.position().map_or((0, 0), |position| (position.byte(), position.line()));
        if lines.is_multiple_of(1_000) {
            bar.set_position(byte);
        }
        each(line, &record)?;
    }
    bar.finish_and_clear();
    Ok(lines)
}

fn open(path: &Path) -> anyhow::Result<Reader<File>> {
    let file = File::open(path).with_context(|| format!("can't read {}", path.display()))?;
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(file);
    let header = reader.byte_headers().with_context(|| format!("can't read {}", path.display()))?;
    if header.iter().map(<[u8]>::trim_ascii).ne(COLUMNS.iter().map(|name| name.as_bytes())) {
        bail!("{} does not begin with the columns {}", path.display(), COLUMNS.join(","));
    }
    Ok(reader)
}

/// Where lines that are left out go, if nothing else is said: in the current folder.
pub(super) fn default_rejects(file: &Path, kind: &str) -> PathBuf {
    let mut name = file.file_stem().unwrap_or_default().to_owned();
    name.push(format!(".{kind}-rejects.csv"));
    PathBuf::from(name)
}

pub(super) fn bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}
