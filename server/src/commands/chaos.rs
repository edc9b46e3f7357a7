//! `holdfast chaos`: the chaos test against a running server, from a shell.

mod report;

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use domain::chaos::{ChaosLimits, ChaosPlan, ChaosRun, Counts, Guards, Phase};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio_util::sync::CancellationToken;

use crate::chaos::{self, Afterwards, Progress, Target};
use crate::config::DatabaseArgs;
use crate::database::Database;
use crate::wire::{Address, Credentials, Door};

/// How often the progress is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(80);

#[derive(Debug, clap::Args)]
pub struct ChaosArgs {
    /// The server to test, over plain HTTP. Several servers on one database share the buyers.
    #[arg(
        long,
        env = "HOLDFAST_URL",
        value_name = "URL",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:8000"
    )]
    url: Vec<Address>,

    /// How many buyers want a unit, up to 100,000.
    #[arg(long, value_name = "COUNT", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(ChaosLimits::COMMAND.attempts_max)))]
    attempts: u32,

    /// How many units there are.
    #[arg(long, value_name = "COUNT", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(ChaosLimits::COMMAND.attempts_max)))]
    stock: u32,

    /// How many buyers are at it at a time, each on a connection of its own, up to 1,000.
    #[arg(long, value_name = "COUNT", default_value_t = 50,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(ChaosLimits::COMMAND.clients_max)))]
    clients: u32,

    /// The API key to ask with, an admin's: the run makes a product and archives it.
    #[arg(long, env = "HOLDFAST_API_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<String>,

    /// Leave the product and its orders as the crowd left them, to look at.
    #[arg(long)]
    keep: bool,

    /// The negative control: the same crowd at a count in the database that is read and then written, as
    /// naive code does. No server takes part. It must oversell, or the test proves nothing.
    #[arg(long, conflicts_with_all = ["key", "keep"])]
    without_guards: bool,

    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,

    /// The database for `--without-guards`.
    #[command(flatten, next_help_heading = "Database, for --without-guards")]
    database: DatabaseArgs,
}

pub(super) async fn run(args: ChaosArgs) -> anyhow::Result<()> {
    let guards = if args.without_guards { Guards::Off } else { Guards::On };
    let plan = ChaosPlan::new(args.attempts, args.stock, args.clients, guards, ChaosLimits::COMMAND);
    let plan = plan.map_err(|errors| anyhow::anyhow!("{}", domain::problem::Problem::from(errors)))?;
    let outcome = match guards {
        Guards::On => {
            let credentials = Credentials::key(args.key.as_deref());
            let doors = args.url.iter().map(|address| Door::new(address.clone(), credentials.clone())).collect();
            let afterwards = if args.keep { Afterwards::Keep } else { Afterwards::PutAway };
            watched(plan, Target::Servers(doors), afterwards).await
        }
        Guards::Off => {
            let database = Database::open(&args.database).await?;
            let outcome = watched(plan, Target::Unguarded(database.store.clone()), Afterwards::PutAway).await;
            database.close().await;
            outcome
        }
    };
    if args.json {
        println!("{}", report::json(&outcome)?);
    } else {
        let servers: Vec<String> = args.url.iter().map(ToString::to_string).collect();
        print!("{}", report::text(&outcome, &servers));
    }
    match (outcome.passes(), guards) {
        (true, _) => Ok(()),
        (false, _) if outcome.phase == Phase::Stopped => bail!("the run was stopped"),
        (false, _) if outcome.verdict.is_none() => {
            bail!("the run broke off: {}", outcome.trouble.as_deref().unwrap_or("no reason is known"))
        }
        (false, Guards::On) => bail!("the run did not prove what it was to prove"),
        (false, Guards::Off) => bail!("the naive way did not oversell: the control shows nothing; try more --clients"),
    }
}

/// Runs it with its progress on standard error. Ctrl-C stops it; it then puts its things away.
async fn watched(plan: ChaosPlan, target: Target, afterwards: Afterwards) -> ChaosRun {
    let (progress, stop) = (Arc::new(Progress::new(plan)), CancellationToken::new());
    let interrupted = tokio::spawn({
        let stop = stop.clone();
        async move {
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.cancel();
            }
        }
    });
    let drawing = tokio::spawn(draw(plan, progress.clone()));
    chaos::run(plan, target, afterwards, &progress, &stop).await;
    interrupted.abort();
    // It sees the end by itself and takes its lines away.
    let _ = drawing.await;
    progress.snapshot()
}

async fn draw(plan: ChaosPlan, progress: Arc<Progress>) {
    let style = ProgressStyle::with_template("{bar:30} {human_pos}/{human_len}  {msg}");
    let bar = ProgressBar::with_draw_target(Some(u64::from(plan.attempts())), ProgressDrawTarget::stderr())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    loop {
        let (phase, counts) = progress.counts();
        if !phase.is_under_way() {
            break;
        }
        let Counts { won, refused, gave_back, asking, .. } = counts;
        bar.set_position(u64::from(plan.attempts()).saturating_sub(counts.open()));
        bar.set_message(format!(
            "{won} won, {refused} refused, {gave_back} gave back, {asking} asking again · {}",
            phase.words()
        ));
        tokio::time::sleep(DRAWN_EVERY).await;
    }
    bar.finish_and_clear();
}
