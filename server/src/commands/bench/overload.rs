//! `holdfast bench overload`: what is left of the rate where ten times as many want it as can have it.

use std::collections::BTreeMap;

use anyhow::bail;
use domain::quantity::grouped;

use super::load::{Asked, Counted, Lasts, Load, Pace};
use super::report::{figure, machine, median, publish, table};
use super::setting::{Database, HOT, Served, SettingArgs};

#[derive(Debug, clap::Args)]
pub struct OverloadArgs {
    /// How many clients the server can bear: those that the best rate is measured with. Ten times as many come
    /// then, and none of them waits when it is told to.
    #[arg(long, value_name = "COUNT", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=900))]
    clients: u32,

    #[command(flatten)]
    setting: SettingArgs,
}

/// How many times as many come.
const TIMES: u32 = 10;

/// The figures of all runs.
#[derive(Default)]
struct Seen {
    best: Vec<f64>,
    goodput: Vec<f64>,
    ratio: Vec<f64>,
    offered: Vec<f64>,
    p99: Vec<f64>,
    memory_before: Vec<f64>,
    memory_peak: Vec<f64>,
    errors: BTreeMap<String, u64>,
}

pub(super) async fn run(args: OverloadArgs) -> anyhow::Result<()> {
    let setting = &args.setting;
    let mut seen = Seen::default();
    let mut version = String::new();
    for number in 1..=setting.runs {
        eprintln!("Run {number} of {}", setting.runs);
        let database = Database::start(setting.postgres_bin.as_deref()).await?;
        database.version().clone_into(&mut version);
        let served = Served::start(&database).await?;
        measure(&args, &served, &mut seen).await?;
        served.stop().await?;
        database.verify().await?;
        database.stop().await?;
    }
    let (few, many) = (grouped(i64::from(args.clients)), grouped(i64::from(args.clients * TIMES)));
    let mut rows = vec![
        vec![format!("best: reservations a second, {few} clients"), figure(median(&seen.best))],
        vec![format!("goodput: reservations a second, {many} clients that never wait"), figure(median(&seen.goodput))],
        vec!["goodput, times the best".to_owned(), figure(median(&seen.ratio))],
        vec!["requests offered a second".to_owned(), figure(median(&seen.offered))],
        vec!["latency of a reservation, p99 in ms".to_owned(), figure(median(&seen.p99))],
        vec!["the server's memory before, MiB".to_owned(), figure(median(&seen.memory_before))],
        vec!["and at its peak".to_owned(), figure(median(&seen.memory_peak))],
    ];
    for (kind, count) in &seen.errors {
        rows.push(vec![format!("answered {kind}, all runs"), grouped(i64::try_from(*count)?)]);
    }
    let report = format!(
        "## Overload\n\nTen times the clients that the server can bear, on one product, each sending its next request \
         at once whatever it was told. An error that is no 503 makes a run invalid. Medians of {} runs of {} s each. \
         Made by `holdfast bench overload`, part of `make bench`.\n\n{}.\n\n{}",
        setting.runs,
        setting.seconds,
        machine(&version),
        table(&["what", "measured"], &rows),
    );
    publish(setting.report.as_deref(), &report)
}

async fn measure(args: &OverloadArgs, served: &Served, seen: &mut Seen) -> anyhow::Result<()> {
    let best = load(served, args.clients, args.setting.seconds).await?.valid(201)?;
    let before = served.memory();
    let overload = load(served, args.clients * TIMES, args.setting.seconds).await?;
    let errors = overload.others(201);
    if let Some(kind) = errors.keys().find(|kind| !kind.starts_with("503")) {
        bail!("an answer was {kind}: the run is invalid");
    }
    for (kind, count) in errors {
        *seen.errors.entry(kind).or_default() += count;
    }
    eprintln!("  best {:.0}, goodput {:.0} a second", best.per_second(), overload.per_second());
    seen.best.push(best.per_second());
    seen.goodput.push(overload.per_second());
    seen.ratio.push(overload.per_second() / best.per_second());
    seen.offered.push(overload.offered_per_second());
    seen.p99.push(overload.milliseconds(0.99));
    if let (Some(before), Some(after)) = (before, served.memory()) {
        seen.memory_before.push(before.now);
        seen.memory_peak.push(after.peak);
    }
    Ok(())
}

async fn load(served: &Served, clients: u32, seconds: u64) -> anyhow::Result<Counted> {
    let pace = Pace::Closed { clients };
    Load { door: served.door.clone(), asked: Asked::one(HOT), pace, lasts: Lasts::Seconds(seconds) }.run().await
}
