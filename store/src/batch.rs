//! One batch: lock, read, decide, write, commit. Every command that touches stock takes this road, one
//! at a time or many at once, so that there is one decision whatever the size of the batch.

mod lock;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::{self, Answer, Command, CommandKind, Decision, Refusal, State};
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::order::{Order, OrderView};
use domain::problem::Problem;
use domain::product::ProductView;
use domain::reservation::{Reservation, ReservationStatus, ReservationView};
use domain::sku::Sku;
use sqlx::{PgConnection, PgPool};

pub(crate) use lock::Locking;

use crate::error::StoreError;
use crate::idempotency::{Claim, Claimed, idempotency_fetch_in_tx, idempotency_insert_in_tx};
use crate::journal::journal_append_in_tx;
use crate::orders::rows::orders_read_in_tx;
use crate::orders::write::{order_reservations_in_tx, orders_lock_in_tx};
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
    Order(fn(&OrderView) -> Rendered),
}

/// What became of one command.
#[derive(Debug)]
pub(crate) enum Outcome {
    Accepted { answer: Box<Answer>, rendered: Option<Rendered> },
    Replayed(Rendered),
    Refused(Refusal),
}

/// Whether the items of a batch are decided each for itself, or stand and fall together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bond {
    Each,
    Together,
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
    rounds(pool, items, locking, Bond::Each).await
}

/// Decides the items in one transaction, each on what the ones before it left behind, and commits all of
/// them or none. The outcome is that of the last item; or the first refusal, and nothing was changed; or
/// what was answered before under the key of one of them, for they were all carried out then.
///
/// # Errors
/// As [`run`]; [`StoreError::Corrupt`] where there are no items.
pub(crate) async fn run_together(pool: &PgPool, items: &[Item]) -> Result<Outcome, StoreError> {
    let outcomes = rounds(pool, items, Locking::Wait, Bond::Together).await?;
    outcomes.into_iter().last().ok_or_else(|| StoreError::Corrupt("a batch had no items".to_owned()))
}

async fn rounds(pool: &PgPool, items: &[Item], locking: Locking, bond: Bond) -> Result<Vec<Outcome>, StoreError> {
    for round in 0..ROUNDS_MAX {
        match tx::retrying(|| attempt(pool, items, locking, bond)).await? {
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

async fn attempt(
    pool: &PgPool,
    items: &[Item],
    locking: Locking,
    bond: Bond,
) -> Result<Result<Vec<Outcome>, Again>, StoreError> {
    let mut tx = pool.begin().await?;
    match attempt_in_tx(&mut tx, items, locking, bond).await {
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

async fn attempt_in_tx(
    tx: &mut PgConnection,
    items: &[Item],
    locking: Locking,
    bond: Bond,
) -> Result<Attempt, StoreError> {
    let orders: Vec<OrderId> = items.iter().filter_map(|item| order_of(&item.command)).collect();
    let mut named: BTreeSet<ReservationId> = items.iter().filter_map(|item| reservation_of(&item.command)).collect();
    named.extend(order_reservations_in_tx(tx, &orders).await?);
    let locked = lock::reservations_in_tx(tx, &named, locking).await?;
    let reservations = crate::reservations::reservations_read_in_tx(tx, &locked).await?;
    if let Some(id) = locked.iter().find(|id| !reservations.iter().any(|each| each.id == **id)) {
        return Err(StoreError::Corrupt(format!("reservation {id} has no lines")));
    }
    let ordered = reservations.iter().filter_map(|reservation| reservation.order_id);
    let orders = orders_lock_in_tx(tx, &orders.iter().copied().chain(ordered).collect()).await?;
    let orders: Vec<Order> = orders_read_in_tx(tx, &orders).await?.into_iter().map(|(order, _)| order).collect();
    let products = touched(items, &reservations, &orders);
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

    if bond == Bond::Together && outcomes.iter().any(Option::is_some) {
        return Ok(Attempt::Lost(outcomes.into_iter().flatten().collect()));
    }

    let wanted = read::Wanted::of(items);
    let mut state = read::state_in_tx(tx, reservations, orders, &products, &stock, &wanted).await?;
    let before: BTreeMap<ReservationId, ReservationStatus> =
        state.reservations.values().map(|each| (each.id, each.status)).collect();
    let open = |outcome: &Option<Outcome>| outcome.is_none();
    let fresh: Vec<&Item> =
        items.iter().zip(&outcomes).filter(|(_, outcome)| open(outcome)).map(|(item, _)| item).collect();
    let commands: Vec<Command> = fresh.iter().map(|item| item.command.clone()).collect();
    let decisions = decide::decide(&mut state, &commands);

    let short = short_products(&decisions, &state);
    if !short.is_empty() {
        let overdue = read::overdue_in_tx(tx, &short).await?;
        if !overdue.is_empty() {
            return Ok(Attempt::Again(Again::Overdue(overdue)));
        }
    }

    if bond == Bond::Together
        && let Some(refusal) = decisions.iter().find_map(|decision| decision.as_ref().err())
    {
        return Ok(Attempt::Lost(vec![Outcome::Refused(refusal.clone())]));
    }

    let rendered: Vec<Option<Rendered>> =
        fresh.iter().zip(&decisions).map(|(item, decision)| render(item, decision.as_ref().ok()?)).collect();
    let winners = || fresh.iter().zip(&decisions).filter_map(|(item, decision)| Some((*item, decision.as_ref().ok()?)));
    let drafts: Vec<_> =
        winners().flat_map(|(item, decision)| decision.drafts.iter().map(|draft| (item.caller, draft))).collect();
    let won = !drafts.is_empty();
    if won {
        write::stock_in_tx(tx, &state, &drafts).await?;
        let writes = write::Writes::of(winners().flat_map(|(_, decision)| decision.writes.iter().copied()));
        writes.reservations_in_tx(tx, &state, &before).await?;
        if let Err(Claimed) = writes.orders_in_tx(tx, &state).await? {
            return Ok(Attempt::Again(Again::Claimed));
        }
        journal_append_in_tx(tx, &drafts, state.now).await?;
        let answers: Vec<(&Claim, &Rendered)> = fresh
            .iter()
            .zip(&decisions)
            .zip(&rendered)
            .filter(|((_, decision), _)| decision.as_ref().is_ok_and(|decision| !decision.drafts.is_empty()))
            .filter_map(|((item, _), rendered)| Some((&item.reply.as_ref()?.claim, rendered.as_ref()?)))
            .collect();
        if let Err(Claimed) = idempotency_insert_in_tx(tx, &answers, state.now).await? {
            return Ok(Attempt::Again(Again::Claimed));
        }
    }

    let mut decided = decisions.into_iter().zip(rendered).map(|(decision, rendered)| match decision {
        Ok(decision) => Outcome::Accepted { answer: Box::new(decision.answer), rendered },
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
        CommandKind::Place(placing) => crate::orders::reservation_of(&placing.source),
        CommandKind::Hold { .. } | CommandKind::Adjust { .. } | CommandKind::Proceed(_) => None,
    }
}

fn order_of(command: &Command) -> Option<OrderId> {
    match &command.kind {
        CommandKind::Proceed(proceeding) => Some(proceeding.id),
        CommandKind::Hold { .. }
        | CommandKind::Change { .. }
        | CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Adjust { .. }
        | CommandKind::Place(_) => None,
    }
}

fn wanted_products(command: &Command) -> Vec<ProductId> {
    match &command.kind {
        CommandKind::Hold { lines, .. } | CommandKind::Change { lines, .. } => {
            lines.iter().map(|line| line.product_id).collect()
        }
        CommandKind::Adjust { product_id, .. } => vec![*product_id],
        CommandKind::Place(placing) => crate::orders::lines_of(&placing.source).map(|line| line.product_id).collect(),
        CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Proceed(_) => Vec::new(),
    }
}

/// The products whose stock the batch may move: among the old lines and the new ones.
fn touched(items: &[Item], reservations: &[Reservation], orders: &[Order]) -> BTreeSet<ProductId> {
    let held = reservations.iter().flat_map(|reservation| reservation.lines.iter().map(|line| line.product_id));
    let ordered = orders.iter().flat_map(|order| order.lines.iter().map(|line| line.product_id));
    items.iter().flat_map(|item| wanted_products(&item.command)).chain(held).chain(ordered).collect()
}

/// The products of which some command fell short.
fn short_products(decisions: &[Result<Decision, Refusal>], state: &State) -> BTreeSet<ProductId> {
    let shortages = decisions.iter().flat_map(|decision| match decision {
        Err(Refusal::Problem(Problem::InsufficientStock { shortages } | Problem::HoldExpired { shortages })) => {
            shortages.as_slice()
        }
        Ok(_) | Err(_) => &[],
    });
    let skus: BTreeSet<&Sku> = shortages.map(|shortage| &shortage.sku).collect();
    state.products.values().filter(|product| skus.contains(&product.sku)).map(|product| product.id).collect()
}

fn render(item: &Item, decision: &Decision) -> Option<Rendered> {
    match (&item.reply.as_ref()?.render, &decision.answer) {
        (Render::Reservation(render), Answer::Reservation(view)) => Some(render(view)),
        (Render::Product(render), Answer::Product(view)) => Some(render(view)),
        (Render::Order(render), Answer::Order(view)) => Some(render(view)),
        (Render::Reservation(_) | Render::Product(_) | Render::Order(_), _) => None,
    }
}
