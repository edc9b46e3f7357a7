//! `holdfast bench live`: what many readers of `/api/events` weigh, how soon they are told, and what they take
//! from the rate of reservations.

mod reader;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::quantity::grouped;

use self::reader::{Heard, Reader};
use super::load::{Asked, Counted, Lasts, Load, Pace};
use super::report::{figure, machine, median, publish, table};
use super::setting::{Database, HOT, Memory, Served, SettingArgs};
use crate::limits;

/// Entries a second that some reader is told of.
const MATCHING_PER_SECOND: f64 = 50.0;
const CLIENTS: u32 = 50;

#[derive(Debug, clap::Args)]
pub struct LiveArgs {
    /// How many readers there are, each of one product.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..=1_900))]
    readers: u32,

    #[command(flatten)]
    setting: SettingArgs,
}

/// The figures of all runs.
#[derive(Default)]
struct Seen {
    reader_kilobytes: Vec<f64>,
    told: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
    most: Vec<f64>,
    alone: Vec<f64>,
    share: Vec<f64>,
    follower_share: Vec<f64>,
    follower_entries: Vec<f64>,
    follower_resyncs: Vec<f64>,
    follower_growth: Vec<f64>,
}

pub(super) async fn run(args: LiveArgs) -> anyhow::Result<()> {
    limits::open_files_raise();
    let setting = &args.setting;
    let mut seen = Seen::default();
    let mut version = String::new();
    for number in 1..=setting.runs {
        eprintln!("Run {number} of {}", setting.runs);
        let database = Database::start(setting.postgres_bin.as_deref()).await?;
        database.version().clone_into(&mut version);
        measure(&args, &database, &mut seen).await?;
        database.verify().await?;
        database.stop().await?;
    }
    publish(setting.report.as_deref(), &report(&args, &version, &seen)?)
}

fn report(args: &LiveArgs, version: &str, seen: &Seen) -> anyhow::Result<String> {
    let readers = grouped(i64::from(args.readers));
    let line = |what: &str, samples: &[f64]| vec![what.to_owned(), figure(median(samples))];
    let rows = [
        line("memory of a reader, kB", &seen.reader_kilobytes),
        line("entries told", &seen.told),
        line("from the entry's time to the reader, p50 in ms", &seen.p50),
        line("p99 in ms", &seen.p99),
        line("the longest in ms", &seen.most),
        line("reservations a second of one product without readers", &seen.alone),
        line("with the readers and their entries, times that", &seen.share),
        line("with one reader of everything, times that", &seen.follower_share),
        line("what that reader was told a second", &seen.follower_entries),
        line("and how often to read again, a second", &seen.follower_resyncs),
        line("what the server's memory grew by meanwhile, MiB", &seen.follower_growth),
    ];
    Ok(format!(
        "## Live readers\n\n{readers} readers of `/api/events`, each of one product, {MATCHING_PER_SECOND} matching \
         entries a second in all; reservations of another product by {CLIENTS} clients, before, with and after the \
         readers. Medians of {} runs of {} s each. Made by `holdfast bench live`, part of `make bench`.\n\n{}.\n\n{}",
        args.setting.runs,
        args.setting.seconds,
        machine(version),
        table(&["what", "measured"], &rows),
    ))
}

async fn measure(args: &LiveArgs, database: &Database, seen: &mut Seen) -> anyhow::Result<()> {
    let (served, seconds) = (Served::start(database).await?, args.setting.seconds);
    let before = hot(&served, seconds).await?;

    // The first of anything costs more.
    let mut readers = Vec::new();
    readers.push(Reader::open(&served.door, "?product=BENCH-00001").await?);
    let memory = memory(&served)?;
    for number in 2..=args.readers {
        readers.push(Reader::open(&served.door, &format!("?product=BENCH-{number:05}")).await?);
    }
    let stop = Arc::new(AtomicBool::new(false));
    let reading: Vec<_> = readers.into_iter().map(|reader| tokio::spawn(reader.read(stop.clone()))).collect();
    let pace = Pace::Open { per_second: MATCHING_PER_SECOND };
    let asked = Asked::among(1, args.readers);
    let told = Load { door: served.door.clone(), asked, pace, lasts: Lasts::Until(stop.clone()) };
    let telling = tokio::spawn(told.run());
    // Alone first: then what they weigh is not what the reservations do.
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let grown = self::memory(&served)?.now - memory.now;
    let with = hot(&served, seconds).await?;
    stop.store(true, Ordering::Relaxed);
    telling.await.context("the load broke off")??.valid(asked.expected)?;
    let mut heard = Heard::default();
    for reader in reading {
        heard.add(reader.await.context("a reader broke off")??);
    }
    if heard.entries() == 0 {
        bail!("no reader was told of anything: the run is invalid");
    }
    let after = hot(&served, seconds).await?;
    let alone = f64::midpoint(before.per_second(), after.per_second());
    seen.reader_kilobytes.push(grown * 1_024.0 / f64::from(args.readers - 1));
    seen.told.push(heard.entries() as f64);
    seen.p50.push(heard.milliseconds(0.50));
    seen.p99.push(heard.milliseconds(0.99));
    seen.most.push(heard.milliseconds(1.0));
    seen.alone.push(alone);
    seen.share.push(with.per_second() / alone);
    follower(&served, seconds, alone, seen).await?;
    served.stop().await
}

/// One reader of everything under full load.
async fn follower(served: &Served, seconds: u64, alone: f64, seen: &mut Seen) -> anyhow::Result<()> {
    let stop = Arc::new(AtomicBool::new(false));
    let reader = Reader::open(&served.door, "").await?;
    let before = memory(served)?;
    let reading = tokio::spawn(reader.read(stop.clone()));
    let with = hot(served, seconds).await?;
    stop.store(true, Ordering::Relaxed);
    let heard = reading.await.context("the reader broke off")??;
    let read_seconds = with.counted.as_secs_f64();
    seen.follower_share.push(with.per_second() / alone);
    seen.follower_entries.push(heard.entries() as f64 / read_seconds);
    seen.follower_resyncs.push(heard.resyncs as f64 / read_seconds);
    seen.follower_growth.push(memory(served)?.now - before.now);
    Ok(())
}

async fn hot(served: &Served, seconds: u64) -> anyhow::Result<Counted> {
    let pace = Pace::Closed { clients: CLIENTS };
    let load = Load { door: served.door.clone(), asked: Asked::one(HOT), pace, lasts: Lasts::Seconds(seconds) };
    load.run().await?.valid(201)
}

fn memory(served: &Served) -> anyhow::Result<Memory> {
    served.memory().context("this system does not tell what memory a process has")
}
