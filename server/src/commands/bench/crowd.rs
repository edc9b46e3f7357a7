//! `holdfast bench crowd`: how long the chaos test takes, and that it proves what it is to prove.

use std::sync::Arc;

use anyhow::bail;
use domain::chaos::{ChaosLimits, ChaosPlan, ChaosRun, Guards};
use domain::problem::Problem;
use domain::quantity::grouped;
use tokio_util::sync::CancellationToken;

use super::report::{figure, machine, median, publish, table};
use super::setting::{Database, Served, SettingArgs};
use crate::chaos::{self, Afterwards, Progress, Target};
use crate::wire::Door;

#[derive(Debug, clap::Args)]
pub struct CrowdArgs {
    /// How many buyers come to two servers on one database.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    attempts: u32,

    /// For how many units.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    stock: u32,

    #[command(flatten)]
    setting: SettingArgs,
}

/// Buyers at a time in the large run.
const CLIENTS: u32 = 200;

pub(super) async fn run(args: CrowdArgs) -> anyhow::Result<()> {
    let setting = &args.setting;
    let small = plan(50, 10, 50)?;
    let large = plan(args.attempts, args.stock, CLIENTS)?;
    let (mut rows, mut version) = (Vec::new(), String::new());
    let mut seen = [(small, Vec::new()), (large, Vec::new())];
    for number in 1..=setting.runs {
        eprintln!("Run {number} of {}", setting.runs);
        let database = Database::start(setting.postgres_bin.as_deref()).await?;
        database.version().clone_into(&mut version);
        let (one, other) = (Served::start(&database).await?, Served::start(&database).await?);
        for (plan, outcomes) in &mut seen {
            let doors = match *plan == small {
                true => vec![one.door.clone()],
                false => vec![one.door.clone(), other.door.clone()],
            };
            outcomes.push(proved(*plan, doors).await?);
        }
        one.stop().await?;
        other.stop().await?;
        database.verify().await?;
        database.stop().await?;
    }
    for (plan, outcomes) in &seen {
        let [attempts, stock] = [plan.attempts(), plan.stock()].map(|count| grouped(i64::from(count)));
        let servers = if *plan == small { "one server" } else { "two servers on one database" };
        let of = |read: fn(&ChaosRun) -> f64| figure(median(&outcomes.iter().map(read).collect::<Vec<_>>()));
        rows.push(vec![
            format!("{attempts} buyers for {stock} units, {} at a time, {servers}", plan.clients()),
            of(|run| run.answered_milliseconds.unwrap_or_default() as f64),
            of(|run| run.elapsed_milliseconds as f64),
            of(|run| run.latency.p99_microseconds as f64 / 1_000.0),
            of(|run| run.verdict.as_ref().map_or(0, |verdict| verdict.sold) as f64),
            of(|run| run.verdict.as_ref().map_or(0, |verdict| verdict.oversold) as f64),
        ]);
    }
    let head =
        ["the chaos test", "everyone answered, ms", "all settled, ms", "p99 of an answer, ms", "sold", "oversold"];
    let report = format!(
        "## The chaos test\n\nA crowd with every fault of `holdfast chaos`: lost answers, twins, cut connections, late \
         payers. The test waits for holds of a second to run out, which is in \"all settled\". Every run proved what it \
         was to prove, or there would be no figures. Medians of {} runs. Made by `holdfast bench crowd`, part of \
         `make bench`.\n\n{}.\n\n{}",
        setting.runs,
        machine(&version),
        table(&head, &rows),
    );
    publish(setting.report.as_deref(), &report)
}

fn plan(attempts: u32, stock: u32, clients: u32) -> anyhow::Result<ChaosPlan> {
    let plan = ChaosPlan::new(attempts, stock, clients, Guards::On, ChaosLimits::COMMAND);
    plan.map_err(|errors| anyhow::anyhow!("{}", Problem::from(errors)))
}

async fn proved(plan: ChaosPlan, doors: Vec<Door>) -> anyhow::Result<ChaosRun> {
    let progress = Arc::new(Progress::new(plan));
    chaos::run(plan, Target::Servers(doors), Afterwards::PutAway, &progress, &CancellationToken::new()).await;
    let run = progress.snapshot();
    if !run.passes() {
        let found: Vec<&str> =
            run.verdict.iter().flat_map(|verdict| &verdict.checks).map(|check| &*check.found).collect();
        bail!("the chaos test did not pass: {found:?} {}", run.trouble.unwrap_or_default());
    }
    eprintln!("  {} within {:?} ms", plan.attempts(), run.answered_milliseconds);
    Ok(run)
}
