//! `holdfast bench overload`: what is left of the rate where ten times as many want it as can have it.

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

    /// How many clients come at last: more than the server lets wait for one product, so that it has to turn some
    /// away.
    #[arg(long, value_name = "COUNT", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
    crowd: u32,

    #[command(flatten)]
    setting: SettingArgs,
}

/// How many times as many come.
const TIMES: u32 = 10;

/// The figures of all runs.
#[derive(Default)]
struct Seen {
    best: Vec<f64>,
    many: Overload,
    crowd: Overload,
    memory_before: Vec<f64>,
    memory_peak: Vec<f64>,
}

/// What is left of the rate, and what the others are told.
#[derive(Default)]
struct Overload {
    goodput: Vec<f64>,
    ratio: Vec<f64>,
    p99: Vec<f64>,
    refused: Vec<f64>,
}

impl Overload {
    /// # Errors
    /// Where somebody was told something else than that the server is busy: the run is invalid.
    fn add(&mut self, counted: &Counted, best: f64) -> anyhow::Result<()> {
        if let Some(kind) = counted.others(201).keys().find(|kind| *kind != "503 busy") {
            bail!("an answer was {kind}: the run is invalid");
        }
        self.goodput.push(counted.per_second());
        self.ratio.push(counted.per_second() / best);
        self.p99.push(counted.milliseconds(0.99));
        self.refused.push(counted.offered_per_second() - counted.per_second());
        Ok(())
    }

    fn rows(&self, clients: u32) -> [[String; 2]; 4] {
        let clients = grouped(i64::from(clients));
        [
            [
                format!("goodput: reservations a second, {clients} clients that never wait"),
                figure(median(&self.goodput)),
            ],
            ["goodput, times the best".to_owned(), figure(median(&self.ratio))],
            ["latency of a reservation, p99 in ms".to_owned(), figure(median(&self.p99))],
            ["answered 503 a second".to_owned(), figure(median(&self.refused))],
        ]
    }
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
    let few = grouped(i64::from(args.clients));
    let best = [format!("best: reservations a second, {few} clients"), figure(median(&seen.best))];
    let memory = [
        ["the server's memory before, MiB".to_owned(), figure(median(&seen.memory_before))],
        ["and at its peak".to_owned(), figure(median(&seen.memory_peak))],
    ];
    let (many, crowd) = (seen.many.rows(args.clients * TIMES), seen.crowd.rows(args.crowd));
    let rows: Vec<Vec<String>> =
        [best].into_iter().chain(many).chain(crowd).chain(memory).map(|row| row.to_vec()).collect();
    let report = format!(
        "## Overload\n\nTen times the clients that the server can bear, on one product, each sending its next request \
         at once whatever it was told; then more than the server lets wait. An error that is no 503 makes a run \
         invalid. Medians of {} runs of {} s each. Made by `holdfast bench overload`, part of `make bench`.\n\n{}.\n\n{}",
        setting.runs,
        setting.seconds,
        machine(&version),
        table(&["what", "measured"], &rows),
    );
    publish(setting.report.as_deref(), &report)
}

async fn measure(args: &OverloadArgs, served: &Served, seen: &mut Seen) -> anyhow::Result<()> {
    let best = load(served, args.clients, args.setting.seconds).await?.valid(201)?.per_second();
    let before = served.memory();
    let many = load(served, args.clients * TIMES, args.setting.seconds).await?;
    seen.many.add(&many, best)?;
    let crowd = load(served, args.crowd, args.setting.seconds).await?;
    seen.crowd.add(&crowd, best)?;
    eprintln!("  best {best:.0}, goodput {:.0} and {:.0} a second", many.per_second(), crowd.per_second());
    seen.best.push(best);
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
