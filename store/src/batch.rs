//! One batch: lock, read, decide, write, commit. Every command that touches stock takes this road, one
//! at a time or many at once, so that there is one decision whatever the size of the batch. New holds of products
//! that the lane knows are decided on what it remembers, and the statement that writes them compares that (`from_memory`).

mod each;
mod from_memory;
mod in_the_way;
mod item;
mod lock;
mod memory;
mod named;
mod places;
mod read;
mod statement;
mod write;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use domain::decide::{self, Command, Decision, Refusal, State};
use domain::ids::ReservationId;
use domain::problem::Problem;
use domain::reservation::ReservationStatus;
use sqlx::PgConnection;

pub(crate) use each::run_each;
pub(crate) use from_memory::{Draft, Sent};
pub(crate) use item::{Item, Outcome, Render, Reply};
pub(crate) use lock::Locking;
pub(crate) use memory::Memory;

use self::item::render;
use self::places::{Place, places};
use self::write::{Winner, Written};
use crate::availability::Committed;
use crate::error::StoreError;
use crate::link::Link;
use crate::meters;
use crate::request::Rendered;
use crate::tx::{self, Retries};

/// How often a batch makes way for overdue holds or a key claimed meanwhile before it gives up as busy.
const ROUNDS_MAX: u32 = 64;

/// Whether the items of a batch are decided each for itself, or stand and fall together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bond {
    Each,
    Together,
}

/// Which keys are looked up before the items are decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lookup {
    /// Those that are known to have been used before. All others prove new when they are written.
    Seen,
    /// All, since this is not the first time that these items are decided.
    All,
}

/// Why a batch has to be run once more.
#[derive(Debug)]
pub(crate) enum Again {
    /// Overdue holds lie on products that fell short.
    Overdue(Vec<ReservationId>),
    /// A key was claimed by another transaction meanwhile.
    Claimed,
}

/// What came of a batch.
#[derive(Debug)]
pub(crate) struct Decided {
    /// In the order of the items.
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) committed: Committed,
}

/// What came of running a batch once.
enum Attempt {
    /// Something was written, and is to be committed.
    Won(Decided),
    /// Nobody won: nothing was written, and nothing is kept.
    Lost(Vec<Outcome>),
    Again(Again),
}

/// Decides the items in one transaction and commits it.
///
/// # Errors
/// What kept the whole batch from being decided; nothing was changed then, unless it is
/// [`StoreError::CommitLost`].
pub(crate) async fn run(link: &mut Link, items: &[&Item], locking: Locking) -> Result<Decided, StoreError> {
    rounds(link, None, items, locking, Bond::Each, None).await
}

/// The same, after a first attempt, and with a memory of what is read and left behind.
async fn run_with(
    link: &mut Link,
    memory: &mut Memory,
    items: &[&Item],
    before: Option<Result<Again, StoreError>>,
) -> Result<Decided, StoreError> {
    rounds(link, Some(memory), items, Locking::Wait, Bond::Each, before).await
}

/// Decides the items in one transaction, each on what the ones before it left behind, and commits all of
/// them or none. The outcome is that of the last item; or the first refusal, and nothing was changed; or
/// what was answered before under the key of one of them, for they were all carried out then.
///
/// # Errors
/// As [`run`]; [`StoreError::Corrupt`] where there are no items.
pub(crate) async fn run_together(link: &mut Link, items: &[&Item]) -> Result<Outcome, StoreError> {
    let decided = rounds(link, None, items, Locking::Wait, Bond::Together, None).await?;
    decided.outcomes.into_iter().last().ok_or_else(|| StoreError::Corrupt("a batch had no items".to_owned()))
}

async fn rounds(
    link: &mut Link,
    mut memory: Option<&mut Memory>,
    items: &[&Item],
    locking: Locking,
    bond: Bond,
    mut before: Option<Result<Again, StoreError>>,
) -> Result<Decided, StoreError> {
    let mut retries = Retries::default();
    let mut lookup = Lookup::Seen;
    for round in 0..ROUNDS_MAX {
        let again = loop {
            let attempted = match before.take() {
                Some(before) => before.map(Err),
                None => attempt(link, memory.as_deref_mut(), items, locking, lookup, bond).await,
            };
            match attempted {
                Ok(Ok(decided)) => return Ok(decided),
                Ok(Err(again)) => break again,
                Err(error) => {
                    link.check(&error);
                    retries.pause(error).await?;
                    meters::repeated("failure");
                    lookup = Lookup::All;
                }
            }
        };
        match again {
            Again::Claimed => {
                meters::repeated("key_claimed");
                lookup = Lookup::All;
            }
            Again::Overdue(ids) => {
                meters::repeated("overdue_holds");
                let ended = Box::pin(crate::reservations::expire::expire(link, &ids)).await?;
                if ended.expired + ended.set_aside == 0 {
                    // Another session has them in hand, and is given a moment.
                    tokio::time::sleep(tx::pause(round)).await;
                }
            }
        }
    }
    Err(Problem::Busy { retry_after_seconds: 1 }.into())
}

async fn attempt(
    link: &mut Link,
    mut memory: Option<&mut Memory>,
    items: &[&Item],
    locking: Locking,
    lookup: Lookup,
    bond: Bond,
) -> Result<Result<Decided, Again>, StoreError> {
    let mut tx = link.begin().await?;
    if let Some(memory) = memory.as_deref_mut() {
        memory.on(tx.connection());
    }
    match attempt_in_tx(tx.conn(), memory.as_deref_mut(), items, locking, lookup, bond).await {
        Ok(Attempt::Won(decided)) => {
            let began = Instant::now();
            tx.commit().await?;
            meters::committed(began.elapsed());
            if let Some(memory) = memory {
                memory.left(&decided.committed);
            }
            Ok(Ok(decided))
        }
        Ok(Attempt::Lost(outcomes)) => {
            tx.rollback().await?;
            Ok(Ok(Decided { outcomes, committed: Committed::default() }))
        }
        Ok(Attempt::Again(again)) => {
            tx.rollback().await?;
            Ok(Err(again))
        }
        Err(error) => {
            // Dropped, it would keep its locks for a while, and whoever skips what is locked would skip
            // what this left undone.
            if let Err(cause) = tx.rollback().await {
                tracing::debug!(%cause, "a failed transaction could not be rolled back");
            }
            Err(error)
        }
    }
}

async fn attempt_in_tx(
    tx: &mut PgConnection,
    memory: Option<&mut Memory>,
    items: &[&Item],
    locking: Locking,
    lookup: Lookup,
    bond: Bond,
) -> Result<Attempt, StoreError> {
    let locks = lock::all_in_tx(tx, items, locking).await?;
    let read::Read { mut state, kept, kept_may_be_stale, busy, warehouses_digest } =
        read::all_in_tx(tx, items, locks, locking, lookup).await?;
    if let Some(memory) = memory {
        memory.read(&state, warehouses_digest);
    }
    let places = places(items, &kept, &state, &busy);
    if bond == Bond::Together && places.iter().any(|place| !matches!(place, Place::Open)) {
        return Ok(Attempt::Lost(outcomes(places, Vec::new())));
    }
    let open = || items.iter().zip(&places).filter(|(_, place)| matches!(place, Place::Open)).map(|(item, _)| *item);
    let before: BTreeMap<ReservationId, ReservationStatus> =
        state.reservations.values().map(|each| (each.id, each.status)).collect();
    let decisions = decided(&mut state, open().map(|item| &item.command))?;

    let unproven = in_the_way::unproven(open().zip(&decisions), lookup, kept_may_be_stale);
    let in_the_way =
        in_the_way::in_the_way_in_tx(tx, &unproven, &in_the_way::short_products(&decisions, &state)).await?;
    if let Some(again) = in_the_way.again() {
        return Ok(Attempt::Again(again));
    }
    if bond == Bond::Together
        && let Some(refusal) = decisions.iter().find_map(|decision| decision.as_ref().err())
    {
        return Ok(Attempt::Lost(vec![Outcome::Refused(refusal.clone())]));
    }

    let rendered: Vec<Option<Rendered>> =
        open().zip(&decisions).map(|(item, decision)| render(item, decision.as_ref().ok()?)).collect();
    let winners: Vec<Winner<'_>> = open()
        .zip(&decisions)
        .zip(&rendered)
        .filter_map(|((item, decision), rendered)| Winner::new(item, decision.as_ref().ok()?, rendered.as_ref()))
        .collect();
    match write::all_in_tx(tx, &state, &before, &winners).await? {
        Written::Done(_) => {}
        Written::Claimed => return Ok(Attempt::Again(Again::Claimed)),
        Written::Outdated => return Err(StoreError::Corrupt("what was locked has changed".to_owned())),
    }
    let won = !winners.is_empty();
    let committed = Committed::of(winners.iter().flat_map(|winner| &winner.decision.drafts), &state);
    let decided = decisions.into_iter().zip(rendered).map(|(decision, rendered)| match decision {
        Ok(decision) => Outcome::Accepted { answer: Box::new(decision.answer), rendered },
        Err(refusal) => Outcome::Refused(refusal),
    });
    let outcomes = outcomes(places, decided.collect());
    Ok(if won { Attempt::Won(Decided { outcomes, committed }) } else { Attempt::Lost(outcomes) })
}

/// Decides.
fn decided<'a>(
    state: &mut State,
    commands: impl Iterator<Item = &'a Command>,
) -> Result<Vec<Result<Decision, Refusal>>, StoreError> {
    // The state is thrown away with the attempt.
    caught(|| decide::decide(state, commands))
}

/// A panic is taken for what it is, the fault of one of the commands.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| StoreError::Corrupt("the decision panicked".to_owned()))
}

/// Each item's outcome: that of its own decision, or that of its twin, or what was settled before.
fn outcomes(places: Vec<Place>, decided: Vec<Outcome>) -> Vec<Outcome> {
    let mut decided = decided.into_iter();
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(places.len());
    for place in places {
        let outcome = match place {
            Place::Open => decided.next(),
            Place::Settled(outcome) => Some(outcome),
            Place::TwinOf(first) => outcomes.get(first).map(Outcome::to_twin),
        };
        outcomes.extend(outcome);
    }
    outcomes
}
