//! `holdfast import orders FILE`.

mod invoices;

use std::path::PathBuf;

use anyhow::bail;
use domain::currency::Currency;
use domain::problem::Problem;
use domain::quantity::grouped;
use indicatif::ProgressBar;
use store::StoreError;
use store::import::{Mode, OrderCounts, OrderImported, PastOrder};

use self::invoices::{Invoice, Invoices};
use super::online_retail::{bar, default_rejects, read_lines};
use super::rejects::Rejects;
use crate::config::DatabaseArgs;
use crate::database::Database;

/// After so many failures in a row the database is not tried further.
const FAILURES_IN_A_ROW_MAX: u32 = 5;

#[derive(Debug, clap::Args)]
pub struct OrdersArgs {
    /// The CSV file.
    file: PathBuf,

    /// Say what would be written, and write nothing but the rejects.
    #[arg(long)]
    dry_run: bool,

    /// Where the lines that are left out go, each with the reason [default: the file's name with
    /// .orders-rejects.csv, in the current folder].
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// The currency of the file's prices.
    #[arg(long, value_name = "CODE", default_value = "GBP")]
    currency: Currency,

    #[command(flatten)]
    database: DatabaseArgs,
}

/// What became of the lines and the invoices.
#[derive(Debug, Default)]
struct Counts {
    lines_read: u64,
    /// Lines of orders that are there now.
    lines_taken: u64,
    lines_failed: u64,
    invoices: u64,
    invoices_rejected: u64,
    invoices_failed: u64,
    orders: OrderCounts,
}

pub(super) async fn run(args: OrdersArgs) -> anyhow::Result<()> {
    let path = args.rejects.clone().unwrap_or_else(|| default_rejects(&args.file, "orders"));
    let mut rejects = Rejects::new(path);
    let (mut counts, invoices) = collect(&args, &mut rejects)?;
    let mode = if args.dry_run { Mode::DryRun } else { Mode::Write };
    let database = Database::open(&args.database).await?;
    let done = match mode {
        Mode::Write => write(&database, invoices, &mut counts, &mut rejects).await,
        Mode::DryRun => preview(&database, invoices, &mut counts).await,
    };
    database.close().await;
    // What was done before it ended is told in any case.
    report(mode, &counts, &rejects);
    rejects.finish()?;
    done?;
    if counts.invoices_failed > 0 {
        bail!("{} invoices failed: run it again, it goes on where it stopped", grouped_count(counts.invoices_failed));
    }
    Ok(())
}

/// Reads the file to its end; lines that don't count go to the rejects, and so do invoices without any other.
fn collect(args: &OrdersArgs, rejects: &mut Rejects) -> anyhow::Result<(Counts, Vec<(Invoice, PastOrder)>)> {
    let mut counts = Counts::default();
    let mut invoices = Invoices::new(args.currency);
    counts.lines_read = read_lines(&args.file, |number, record| {
        invoices.take(number, record).or_else(|reason| rejects.push(number, &reason, record))
    })?;
    counts.invoices = invoices.count();
    let mut orders = Vec::new();
    for invoice in invoices.into_invoices() {
        match invoice.order() {
            Ok(order) => orders.push((invoice, order)),
            Err(reason) => invoice.reject(&reason, rejects)?,
        }
    }
    counts.invoices_rejected = counts.invoices - orders.len() as u64;
    Ok((counts, orders))
}

async fn write(
    database: &Database,
    invoices: Vec<(Invoice, PastOrder)>,
    counts: &mut Counts,
    rejects: &mut Rejects,
) -> anyhow::Result<()> {
    let bar = bar(invoices.len() as u64, "orders   {bar:40} {pos}/{len} {per_sec} {eta}");
    let mut writing = Writing { counts, rejects, bar, failures_in_a_row: 0 };
    // One after the other, so that they are numbered as they stand in the file. Side by side is no faster:
    // most have some product in common with their neighbours, and wait for its stock.
    for (invoice, order) in invoices {
        let result = database.store.order_import(order).await;
        writing.settle(&invoice, result)?;
    }
    writing.bar.finish_and_clear();
    Ok(())
}

/// What has become of the orders so far.
struct Writing<'a> {
    counts: &'a mut Counts,
    rejects: &'a mut Rejects,
    bar: ProgressBar,
    failures_in_a_row: u32,
}

impl Writing<'_> {
    /// # Errors
    /// That it makes no sense to go on.
    fn settle(&mut self, invoice: &Invoice, result: Result<OrderImported, StoreError>) -> anyhow::Result<()> {
        self.bar.inc(1);
        let error = match result {
            Ok(imported) => {
                self.counts.lines_taken += invoice.lines();
                self.failures_in_a_row = 0;
                add(&mut self.counts.orders, imported);
                return Ok(());
            }
            Err(StoreError::Refused(problem)) if !matches!(problem, Problem::Busy { .. }) => {
                self.counts.invoices_rejected += 1;
                return invoice.reject(&problem.to_string(), self.rejects);
            }
            Err(error) => error.in_full(),
        };
        self.counts.invoices_failed += 1;
        self.counts.lines_failed += invoice.lines();
        self.failures_in_a_row += 1;
        self.bar.suspend(|| eprintln!("invoice {}: {error}", invoice.number()));
        if self.failures_in_a_row == FAILURES_IN_A_ROW_MAX {
            bail!("{FAILURES_IN_A_ROW_MAX} invoices failed one after the other, the last because {error}");
        }
        Ok(())
    }
}

fn add(counts: &mut OrderCounts, imported: OrderImported) {
    match imported {
        OrderImported::Imported { products_created, units_received } => {
            counts.imported += 1;
            counts.products_created += products_created;
            counts.units_received += units_received;
        }
        OrderImported::AlreadyThere => counts.already_there += 1,
    }
}

async fn preview(database: &Database, invoices: Vec<(Invoice, PastOrder)>, counts: &mut Counts) -> anyhow::Result<()> {
    counts.lines_taken = invoices.iter().map(|(invoice, _)| invoice.lines()).sum();
    let orders = invoices.into_iter().map(|(_, order)| order).collect();
    let preview = database.store.order_import_preview(orders).await;
    counts.orders = preview.map_err(|error| anyhow::anyhow!(error.in_full()))?;
    Ok(())
}

fn report(mode: Mode, counts: &Counts, rejects: &Rejects) {
    if mode == Mode::DryRun {
        println!("A dry run: nothing was written to the database.");
    }
    let failed = |count: u64| if count > 0 { format!(" + {} failed", grouped_count(count)) } else { String::new() };
    println!(
        "{} lines read = {} in orders + {} rejected{}",
        grouped_count(counts.lines_read),
        grouped_count(counts.lines_taken),
        grouped_count(rejects.count),
        failed(counts.lines_failed),
    );
    println!(
        "{} invoices = {} imported + {} already there + {} rejected{}",
        grouped_count(counts.invoices),
        grouped_count(counts.orders.imported),
        grouped_count(counts.orders.already_there),
        grouped_count(counts.invoices_rejected),
        failed(counts.invoices_failed),
    );
    println!(
        "{} products created, {} units received because they were missing",
        grouped_count(counts.orders.products_created),
        grouped(counts.orders.units_received),
    );
    if rejects.count > 0 {
        println!("Why lines were rejected: {}", rejects.path().display());
    }
}

fn grouped_count(count: u64) -> String {
    grouped(i64::try_from(count).unwrap_or(i64::MAX))
}
