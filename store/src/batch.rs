//! One batch: lock, read, decide, write, commit. Every command that touches stock takes this road, one
//! at a time or many at once, so that there is one decision whatever the size of the batch.

mod lock;
mod read;
mod write;

use std::collections::BTreeSet;

use domain::decide::{self, Answer, Command, CommandKind, Decision, Refusal};
use domain::ids::{ProductId, ReservationId};
use domain::problem::Problem;
use domain::product::ProductView;
use domain::reservation::ReservationView;
use sqlx::{PgConnection, PgPool};

pub(crate) use lock::Locking;

use crate::error::StoreError;
use crate::idempotency::{Claim, Claimed, idempotency_fetch_in_tx, idempotency_insert_in_tx};
use crate::journal::journal_append_in_tx;
use crate::request::{Caller, Rendered};
use crate::tx;

/// How often a batch makes way for overdue holds or a key claimed meanwhile before it gives up as busy.
const ROUNDS_MAX: u32 = 64;

/// A command, and what is needed to tell of it and to answer.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) command: Command,
    pub(crate) caller: Caller,
    /// `None` for what nobody waits for: the sweep.
    pub(crate) reply: Option<Reply>,
}

/// The key under which an answer is kept, and how it is rendered.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) claim: Claim,
    pub(crate) render: Render,
}

/// How the answer to a command is rendered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Render {
    Reservation(fn(&ReservationView) -> Rendered),
    Product(fn(&ProductView) -> Rendered),
}

/// What became of one command.
#[derive(Debug)]
pub(crate) enum Outcome {
    Accepted { answer: Answer, rendered: Option<Rendered> },
    Replayed(Rendered),
    Refused(Refusal),
}

/// Why a batch has to be run once more.
enum Again {
    /// Overdue holds lie on products that fell short.
    Overdue(Vec<ReservationId>),
    /// A key was claimed by another transaction meanwhile.
    Claimed,
}

/// What came of running a batch once.
enum Attempt {
    /// Something was written, and is to be committed.
    Won(Vec<Outcome>),
    /// Nobody won: nothing was written, and nothing is kept.
    Lost(Vec<Outcome>),
    Again(Again),
}

/// Decides the items in one transaction and commits it. Outcomes stand in the order of the items.
///
/// # Errors
/// What kept the whole batch from being decided; nothing was changed then, unless it is
/// [`StoreError::CommitLost`].
pub(crate) async fn run(pool: &PgPool, items: &[Item], locking: Locking) -> Result<Vec<Outcome>, StoreError> {
    for round in 0..ROUNDS_MAX {
        match tx::retrying(|| attempt(pool, items, locking)).await? {
            Ok(outcomes) => return Ok(outcomes),
            Err(Again::Claimed) => {}
            Err(Again::Overdue(ids)) => {
                let ended = Box::pin(crate::reservations::expire::expire(pool, &ids)).await?;
                if ended.expired + ended.set_aside == 0 {
                    // Another session has them in hand, and is given a moment.
                    tokio::time::sleep(tx::pause(round)).await;
                }
            }
        }
    }
    Err(Problem::Busy { retry_after_seconds: 1 }.into())
}

async fn attempt(pool: &PgPool, items: &[Item], locking: Locking) -> Result<Result<Vec<Outcome>, Again>, StoreError> {
    let mut tx = pool.begin().await?;
    match attempt_in_tx(&mut tx, items, locking).await {
        Ok(Attempt::Won(outcomes)) => {
            tx::commit(tx).await?;
            Ok(Ok(outcomes))
        }
        Ok(Attempt::Lost(outcomes)) => {
            tx.rollback().await?;
            Ok(Ok(outcomes))
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

async fn attempt_in_tx(tx: &mut PgConnection, items: &[Item], locking: Locking) -> Result<Attempt, StoreError> {
    let named: BTreeSet<ReservationId> = items.iter().filter_map(|item| reservation_of(&item.command)).collect();
    let locked = lock::reservations_in_tx(tx, &named, locking).await?;
    let reservations = crate::reservations::reservations_read_in_tx(tx, &locked).await?;
    if let Some(id) = locked.iter().find(|id| !reservations.iter().any(|each| each.id == **id)) {
        return Err(StoreError::Corrupt(format!("reservation {id} has no lines")));
    }
    let products = touched(items, &reservations);
    let stock = lock::stock_in_tx(tx, &products, items).await?;

    let mut outcomes: Vec<Option<Outcome>> = Vec::with_capacity(items.len());
    for item in items {
        let kept = match &item.reply {
            Some(reply) => idempotency_fetch_in_tx(tx, &reply.claim).await,
            None => Ok(None),
        };
        outcomes.push(match kept {
            Ok(kept) => kept.map(Outcome::Replayed),
            Err(StoreError::Refused(problem)) => Some(Outcome::Refused(problem.into())),
            Err(error) => return Err(error),
        });
    }

    let mut state = read::state_in_tx(tx, reservations, &products, &stock).await?;
    let open = |outcome: &Option<Outcome>| outcome.is_none();
    let fresh: Vec<&Item> =
        items.iter().zip(&outcomes).filter(|(_, outcome)| open(outcome)).map(|(item, _)| item).collect();
    let commands: Vec<Command> = fresh.iter().map(|item| item.command.clone()).collect();
    let decisions = decide::decide(&mut state, &commands);

    let short = short_products(&fresh, &decisions);
    if !short.is_empty() {
        let overdue = read::overdue_in_tx(tx, &short).await?;
        if !overdue.is_empty() {
            return Ok(Attempt::Again(Again::Overdue(overdue)));
        }
    }

    let rendered: Vec<Option<Rendered>> =
        fresh.iter().zip(&decisions).map(|(item, decision)| render(item, decision.as_ref().ok()?)).collect();
    let winners = || fresh.iter().zip(&decisions).filter_map(|(item, decision)| Some((*item, decision.as_ref().ok()?)));
    let drafts: Vec<_> =
        winners().filter_map(|(item, decision)| Some((item.caller, decision.draft.as_ref()?))).collect();
    let won = !drafts.is_empty();
    if won {
        write::stock_in_tx(tx, &state, &drafts).await?;
        write::reservations_in_tx(tx, &state, winners().filter_map(|(_, decision)| decision.write)).await?;
        journal_append_in_tx(tx, &drafts, state.now).await?;
        let answers: Vec<(&Claim, &Rendered)> = fresh
            .iter()
            .zip(&decisions)
            .zip(&rendered)
            .filter(|((_, decision), _)| decision.as_ref().is_ok_and(|decision| decision.draft.is_some()))
            .filter_map(|((item, _), rendered)| Some((&item.reply.as_ref()?.claim, rendered.as_ref()?)))
            .collect();
        if let Err(Claimed) = idempotency_insert_in_tx(tx, &answers, state.now).await? {
            return Ok(Attempt::Again(Again::Claimed));
        }
    }

    let mut decided = decisions.into_iter().zip(rendered).map(|(decision, rendered)| match decision {
        Ok(decision) => Outcome::Accepted { answer: decision.answer, rendered },
        Err(refusal) => Outcome::Refused(refusal),
    });
    let outcomes = outcomes.into_iter().filter_map(|kept| kept.or_else(|| decided.next())).collect();
    Ok(if won { Attempt::Won(outcomes) } else { Attempt::Lost(outcomes) })
}

fn reservation_of(command: &Command) -> Option<ReservationId> {
    match &command.kind {
        CommandKind::Change { id, .. }
        | CommandKind::Extend { id, .. }
        | CommandKind::Release { id }
        | CommandKind::Expire { id } => Some(*id),
        CommandKind::Hold { .. } | CommandKind::Adjust { .. } => None,
    }
}

fn wanted_products(command: &Command) -> Vec<ProductId> {
    match &command.kind {
        CommandKind::Hold { lines, .. } | CommandKind::Change { lines, .. } => {
            lines.iter().map(|line| line.product_id).collect()
        }
        CommandKind::Adjust { product_id, .. } => vec![*product_id],
        CommandKind::Extend { .. } | CommandKind::Release { .. } | CommandKind::Expire { .. } => Vec::new(),
    }
}

/// The products whose stock the batch may move: among the old lines and the new ones.
fn touched(items: &[Item], reservations: &[domain::reservation::Reservation]) -> BTreeSet<ProductId> {
    let old = reservations.iter().flat_map(|reservation| reservation.lines.iter().map(|line| line.product_id));
    items.iter().flat_map(|item| wanted_products(&item.command)).chain(old).collect()
}

/// The products of commands that were refused because they fall short.
fn short_products(items: &[&Item], decisions: &[Result<Decision, Refusal>]) -> BTreeSet<ProductId> {
    let short = items
        .iter()
        .zip(decisions)
        .filter(|(_, decision)| matches!(decision, Err(Refusal::Problem(Problem::InsufficientStock { .. }))));
    short.flat_map(|(item, _)| wanted_products(&item.command)).collect()
}

fn render(item: &Item, decision: &Decision) -> Option<Rendered> {
    match (&item.reply.as_ref()?.render, &decision.answer) {
        (Render::Reservation(render), Answer::Reservation(view)) => Some(render(view)),
        (Render::Product(render), Answer::Product(view)) => Some(render(view)),
        (Render::Reservation(_), Answer::Product(_)) | (Render::Product(_), Answer::Reservation(_)) => None,
    }
}
