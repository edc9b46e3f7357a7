//! The chaos test: a crowd of buyers at a scratch product, through the real HTTP door, in every bad way
//! that the world has, and the proof that nothing was oversold.
//!
//! It is an HTTP client and knows the API alone: what it proves holds for anybody's client. The command
//! line runs it against any server; the page runs it, through [`desk::ChaosDesk`], inside a server against
//! that server's own address. What a run is and what it proves is `domain::chaos`; only the negative
//! control, which has no API to go through, asks the store.
//!
//! Read on in this order: `way` and `attempt` (what buyers do), `crowd` (all of them at once), `settle` (what comes
//! after), `proof`, `scratch` (what is made for it and put away).

pub mod desk;

mod attempt;
mod buyer;
mod control;
mod crowd;
mod progress;
mod proof;
mod scratch;
mod settle;
mod way;

use std::sync::Arc;

use domain::chaos::{ChaosPlan, Guards, Phase};
use store::Store;
use tokio_util::sync::CancellationToken;

pub use progress::Progress;

use crate::wire::Door;
use buyer::Answer;
use crowd::Run;

/// Where a run goes.
#[derive(Clone, Debug)]
pub enum Target {
    /// Servers on one database; the buyers are spread over them.
    Servers(Vec<Door>),
    /// No server: a count in the database that nothing guards.
    Unguarded(Store),
}

/// What becomes of the scratch product and its orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Afterwards {
    /// The orders are cancelled, the units written off, the product archived.
    PutAway,
    /// All stays as the crowd left it, to be looked at.
    Keep,
}

/// Why a run could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum ChaosError {
    #[error("{what} was answered with {status}: {detail}")]
    Refused { what: &'static str, status: u16, detail: String },
    #[error("the server can't be reached: {why}")]
    Unreachable { why: String },
    #[error("an answer could not be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("no server was named")]
    NoServer,
    /// The plan asks for a server, the target is none, or the other way round.
    #[error("with guards it takes a server, without them a database")]
    WrongTarget,
    #[error("the database failed: {0}")]
    Store(String),
    #[error("it was stopped")]
    Stopped,
}

impl ChaosError {
    /// What was refused, with what the problem says of it.
    fn refused(what: &'static str, answer: &Answer) -> Self {
        let detail = answer.json()["detail"].as_str().unwrap_or("no reason was given").to_owned();
        Self::Refused { what, status: answer.status, detail }
    }
}

/// Carries a run out, to its end or until it is told to stop, and leaves its outcome in `progress`.
pub async fn run(
    plan: ChaosPlan,
    target: Target,
    afterwards: Afterwards,
    progress: &Arc<Progress>,
    stop: &CancellationToken,
) {
    let ran = match (plan.guards(), target) {
        (Guards::On, Target::Servers(doors)) => guarded(plan, doors, afterwards, progress, stop).await,
        (Guards::Off, Target::Unguarded(store)) => control::run(plan, &store, progress, stop).await,
        (Guards::On, Target::Unguarded(_)) | (Guards::Off, Target::Servers(_)) => Err(ChaosError::WrongTarget),
    };
    progress.end(match ran {
        Ok(()) => Phase::Ended,
        Err(ChaosError::Stopped) => Phase::Stopped,
        Err(error) => {
            progress.trouble(error.to_string());
            Phase::Broken
        }
    });
}

async fn guarded(
    plan: ChaosPlan,
    doors: Vec<Door>,
    afterwards: Afterwards,
    progress: &Arc<Progress>,
    stop: &CancellationToken,
) -> Result<(), ChaosError> {
    let scratch = scratch::make(&doors, plan.stock(), progress, stop).await?;
    progress.made(scratch.sku.clone());
    let run = Arc::new(Run::new(plan, doors, scratch, progress.clone(), stop.clone()));
    let proved = proved(&run, progress).await;
    if afterwards == Afterwards::PutAway {
        progress.phase(Phase::TidyingUp);
        if let Err(error) = scratch::put_away(&run).await {
            progress.trouble(format!("the scratch product could not be put away: {error}"));
        }
    }
    proved
}

async fn proved(run: &Arc<Run>, progress: &Progress) -> Result<(), ChaosError> {
    progress.phase(Phase::Crowd);
    crowd::come(run).await;
    progress.phase(Phase::Settling);
    settle::settle(run).await?;
    progress.phase(Phase::Proving);
    let evidence = proof::evidence(run).await?;
    progress.verdict(evidence.verdict());
    Ok(())
}
