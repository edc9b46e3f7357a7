//! `holdfast bench reserve`: reservations a second over HTTP, beside what the same Postgres does for the best
//! single statement, in the same run.

mod lines;

use std::fmt::Write as _;

use domain::quantity::grouped;

use super::history;
use super::load::{Asked, Counted, Lasts, Load, Pace};
use super::pgbench::{self, Reference};
use super::report::{figure, machine, publish, table};
use super::setting::{Database, HOT, SOLD_OUT, Served, SettingArgs};
use crate::wire::Door;
use lines::{Line, Lines};

/// What part of the rate that was measured an open loop asks for.
const OPEN_SHARE: f64 = 0.7;
/// How many units the row for each unit has: more than any machine takes in the time.
const UNITS: u32 = 1_000_000;

#[derive(Debug, clap::Args)]
pub struct ReserveArgs {
    /// How many reservations lie behind the database; several numbers are measured one after the other.
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_value = "0,10000000")]
    behind: Vec<u64>,

    #[command(flatten)]
    setting: SettingArgs,
}

pub(super) async fn run(args: ReserveArgs) -> anyhow::Result<()> {
    let setting = &args.setting;
    let mut report = format!(
        "## Reserving\n\nReservations of one unit, each with its journal entry and the row of its idempotency key, \
         fsync on. The references are pgbench on the same Postgres, writing the same rows into the same tables with \
         one statement for each reservation, prepared: right before what is held against them, the server idle \
         beside them; the other references come after. Medians of {} runs of {} s each. Made by `holdfast bench \
         reserve`, part of `make bench`.\n",
        setting.runs, setting.seconds,
    );
    for behind in &args.behind {
        let mut lines = Lines::default();
        let version = match behind {
            0 => from_empty(setting, &mut lines).await?,
            behind => with_past(setting, *behind, &mut lines).await?,
        };
        let count = grouped(i64::try_from(*behind)?);
        let title =
            if *behind == 0 { "From an empty database".to_owned() } else { format!("{count} reservations behind") };
        write!(report, "\n### {title}\n\n{}.\n\n", machine(&version))?;
        report.push_str(&rates(&lines));
        report.push('\n');
        report.push_str(&latencies(&lines));
    }
    publish(setting.report.as_deref(), &report)
}

/// Each run on a database that is new: a shop's first sale starts there, and plans are made on empty tables.
async fn from_empty(setting: &SettingArgs, lines: &mut Lines) -> anyhow::Result<String> {
    let mut version = String::new();
    for number in 1..=setting.runs {
        eprintln!("Run {number} of {} on an empty database", setting.runs);
        let database = Database::start(setting.postgres_bin.as_deref()).await?;
        database.version().clone_into(&mut version);
        let served = Served::start(&database).await?;
        hot_product(&database, &served.door, setting.seconds, lines).await?;
        others(&database, &served.door, setting.seconds, lines).await?;
        served.stop().await?;
        database.verify().await?;
        extremes(&database, setting.seconds, lines).await?;
        database.stop().await?;
    }
    Ok(version)
}

/// All runs on one database, since filling it takes long.
async fn with_past(setting: &SettingArgs, behind: u64, lines: &mut Lines) -> anyhow::Result<String> {
    let database = Database::start(setting.postgres_bin.as_deref()).await?;
    eprintln!("Filling a database with {} reservations", grouped(i64::try_from(behind)?));
    let took = history::fill(&database, behind).await?;
    eprintln!("Filled in {} s", took.as_secs());
    for number in 1..=setting.runs {
        eprintln!("Run {number} of {} on the filled database", setting.runs);
        let served = Served::start(&database).await?;
        hot_product(&database, &served.door, setting.seconds, lines).await?;
        served.stop().await?;
    }
    let version = database.version().to_owned();
    database.stop().await?;
    Ok(version)
}

/// One product that everybody wants: as fast as it goes, and then at a part of that by schedule. The reference comes
/// right before each, for within a minute such a machine can be another one; before and not after, so that it does not
/// wait for what we left to be written out.
async fn hot_product(database: &Database, door: &Door, seconds: u64, lines: &mut Lines) -> anyhow::Result<()> {
    for (clients, reference, rate, p50, p99) in [
        (50, Line::Reference50, Line::OneProduct50, Line::Open50P50, Line::Open50P99),
        (200, Line::Reference200, Line::OneProduct200, Line::Open200P50, Line::Open200P99),
    ] {
        let one = pgbench::run(database, Reference::OneProduct, 50, seconds).await?;
        lines.add(reference, one.reservations_per_second);
        let measured = closed(door, clients, Asked::one(HOT), seconds).await?;
        lines.add(rate, measured.per_second());
        let pace = Pace::Open { per_second: measured.per_second() * OPEN_SHARE };
        let open = load(door, pace, Asked::one(HOT), seconds).await?;
        lines.add(p50, open.milliseconds(0.50));
        lines.add(p99, open.milliseconds(0.99));
    }
    Ok(())
}

/// Many products and nobody else there, each after its reference; nothing to be had; and what Postgres does once it is
/// asked in batches.
async fn others(database: &Database, door: &Door, seconds: u64, lines: &mut Lines) -> anyhow::Result<()> {
    let many = pgbench::run(database, Reference::ManyProducts, 50, seconds).await?;
    lines.add(Line::ManyProductsReference, many.reservations_per_second);
    let many = closed(door, 50, Asked::any(), seconds).await?;
    lines.add(Line::ManyProducts, many.per_second());
    let alone = pgbench::run(database, Reference::OneProduct, 1, seconds).await?;
    lines.add(Line::AloneReferenceP50, alone.p50_milliseconds);
    lines.add(Line::AloneReferenceP99, alone.p99_milliseconds);
    let alone = closed(door, 1, Asked::one(HOT), seconds).await?;
    lines.add(Line::AloneP50, alone.milliseconds(0.50));
    lines.add(Line::AloneP99, alone.milliseconds(0.99));
    let before = rows_written(database).await?;
    let refused = closed(door, 50, Asked::refused(SOLD_OUT), seconds).await?;
    lines.add(Line::Refusals, refused.per_second());
    lines.add(Line::RefusalsWritten, rows_written(database).await? - before);
    let batch = pgbench::run(database, Reference::Batch, 2, seconds).await?;
    lines.add(Line::BatchReference, batch.reservations_per_second);
    Ok(())
}

/// A row for each unit, which counts nothing in the stock's own row; and HTTP without a database.
async fn extremes(database: &Database, seconds: u64, lines: &mut Lines) -> anyhow::Result<()> {
    let units = format!(
        "create table bench_units as
        select unit, md5('bench product 0')::uuid as product_id, 'MAIN' as warehouse, null::uuid as reservation_id
        from generate_series(1, {UNITS}) as unit"
    );
    database.run(&units).await?;
    database.run("create index bench_units_free on bench_units (unit) where reservation_id is null").await?;
    database.run("vacuum analyze bench_units").await?;
    let units = pgbench::run(database, Reference::RowPerUnit, 50, seconds).await?;
    lines.add(Line::RowPerUnitReference, units.reservations_per_second);
    let hollow = Served::start_hollow().await?;
    let measured = closed(&hollow.door, 50, Asked::one(HOT), seconds).await?;
    lines.add(Line::HollowReference, measured.per_second());
    hollow.stop().await
}

async fn closed(door: &Door, clients: u32, asked: Asked, seconds: u64) -> anyhow::Result<Counted> {
    load(door, Pace::Closed { clients }, asked, seconds).await
}

async fn load(door: &Door, pace: Pace, asked: Asked, seconds: u64) -> anyhow::Result<Counted> {
    let load = Load { door: door.clone(), asked, pace, lasts: Lasts::Seconds(seconds) };
    load.run().await?.valid(asked.expected)
}

/// Rows that reservations have written: each change of a stock row raises its version by one. They are counted, for
/// what Postgres itself says of rows written is seconds old.
async fn rows_written(database: &Database) -> anyhow::Result<f64> {
    let rows: i64 = sqlx::query_scalar(
        "select (
            (select count(*) from reservations)
            + (select count(*) from reservation_lines)
            + (select count(*) from journal)
            + (select count(*) from idempotency_keys)
            + (select sum(version) from stock)
        )::bigint",
    )
    .fetch_one(&mut database.conn().await?)
    .await?;
    Ok(rows as f64)
}

fn rates(lines: &Lines) -> String {
    use Line as L;
    let rows = [
        ("one product, 50 clients", L::OneProduct50, "one statement, 50 clients", L::Reference50),
        ("one product, 200 clients", L::OneProduct200, "one statement, 50 clients", L::Reference200),
        (
            "one product, 50 clients",
            L::OneProduct50,
            "a row for each unit, SKIP LOCKED, 50 clients",
            L::RowPerUnitReference,
        ),
        ("one product, 200 clients", L::OneProduct200, "256 in a statement, 2 clients", L::BatchReference),
        (
            "one product, 50 clients",
            L::OneProduct50,
            "an axum handler without a database, 50 clients",
            L::HollowReference,
        ),
        ("10,000 products, 50 clients", L::ManyProducts, "one statement, 50 clients", L::ManyProductsReference),
        (
            "refusals of a sold-out product, 50 clients",
            L::Refusals,
            "reservations over HTTP, 50 clients",
            L::OneProduct50,
        ),
    ];
    let rows: Vec<Vec<String>> = rows
        .iter()
        .filter(|(_, ours, _, reference)| lines.has(*ours) && lines.has(*reference))
        .map(|(name, ours, of, reference)| {
            let ratio = lines.ratio(*ours, *reference);
            vec![
                (*name).to_owned(),
                figure(lines.median(*ours)),
                (*of).to_owned(),
                figure(lines.median(*reference)),
                figure(ratio),
            ]
        })
        .collect();
    table(&["a second, over HTTP", "ours", "reference", "reference's", "ratio"], &rows)
}

fn latencies(lines: &Lines) -> String {
    use Line as L;
    let rows = [
        ("open loop at 70 % of the rate of 50 clients", L::Open50P50, L::Open50P99),
        ("open loop at 70 % of the rate of 200 clients", L::Open200P50, L::Open200P99),
        ("one client alone, over HTTP", L::AloneP50, L::AloneP99),
        ("one client alone, pgbench, one statement", L::AloneReferenceP50, L::AloneReferenceP99),
    ];
    let rows: Vec<Vec<String>> = rows
        .iter()
        .filter(|(_, p50, _)| lines.has(*p50))
        .map(|(name, p50, p99)| vec![(*name).to_owned(), figure(lines.median(*p50)), figure(lines.median(*p99))])
        .collect();
    let mut text = table(&["milliseconds, one product", "p50", "p99"], &rows);
    if lines.has(L::AloneP50) && lines.has(L::AloneReferenceP50) {
        let ratio = figure(lines.ratio(L::AloneP50, L::AloneReferenceP50));
        let written = figure(lines.median(L::RefusalsWritten));
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\nOne client alone takes {ratio} times as long as pgbench with one. While the sold-out product was \
             refused, {written} rows were written. Latencies of the open loop count from the moment at which a \
             request was scheduled.\n"
        );
    }
    text
}
