//! The one decision. Given the stock as it is under lock and commands in the order of their arrival, it
//! says what becomes of each: what moves, what is written, what is answered, or why not. It is pure: the
//! server runs it under row locks, the browser for a preview, the property tests against a model.

mod adjust;
mod end;
mod reserve;
mod state;

pub use state::State;

use crate::allocation::Strategy;
use crate::ids::{ChangeId, ProductId, ReservationId};
use crate::journal::ChangeDraft;
use crate::problem::Problem;
use crate::product::ProductView;
use crate::quantity::{Quantity, StockDelta};
use crate::reservation::{ReservationView, Ttl};
use crate::stock::StockReason;
use crate::text::Owner;
use crate::warehouse::WarehouseCode;

/// Something to be decided, with the id under which the journal will tell of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Command {
    pub change_id: ChangeId,
    pub kind: CommandKind,
}

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommandKind {
    Hold {
        id: ReservationId,
        lines: Vec<Line>,
        strategy: Strategy,
        ttl: Ttl,
        owner: Option<Owner>,
    },
    Change {
        id: ReservationId,
        lines: Vec<Line>,
        strategy: Option<Strategy>,
        ttl: Option<Ttl>,
    },
    Extend {
        id: ReservationId,
        ttl: Ttl,
    },
    Release {
        id: ReservationId,
    },
    /// Ends a hold whose deadline has passed. Only the sweep asks for it.
    Expire {
        id: ReservationId,
    },
    Adjust {
        product_id: ProductId,
        warehouse: WarehouseCode,
        delta: StockDelta,
        reason: StockReason,
    },
}

/// One line of a hold, its product known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub warehouse: Option<WarehouseCode>,
}

/// What becomes of a command that was accepted.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// What the journal tells; `None` where nothing changed.
    pub draft: Option<ChangeDraft>,
    /// What to write of a reservation.
    pub write: Option<ReservationWrite>,
    pub answer: Answer,
}

/// How a reservation changes in the tables. What is written is what the [`State`] has in the end, as it is
/// with stock rows: a batch may change the same one twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReservationWrite {
    /// A new one, with its lines.
    Insert(ReservationId),
    /// Its status or deadline; the lines stay.
    Update(ReservationId),
    /// Its lines as well.
    Replace(ReservationId),
}

/// What an accepted command answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Reservation(ReservationView),
    Product(ProductView),
}

/// What becomes of a command that was not accepted. The state is then as it was before.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error(transparent)]
    Problem(#[from] Problem),
    /// To be expired, but not due, or ended already.
    #[error("the reservation is not due")]
    NotDue,
    /// The state contradicts itself: for operators, not for callers.
    #[error("the stored state contradicts itself: {0}")]
    Corrupt(String),
}

/// Decides the commands one after the other, each on what the ones before it left behind.
pub fn decide(state: &mut State, commands: &[Command]) -> Vec<Result<Decision, Refusal>> {
    commands.iter().map(|command| decide_one(state, command)).collect()
}

fn decide_one(state: &mut State, command: &Command) -> Result<Decision, Refusal> {
    let change_id = command.change_id;
    match &command.kind {
        CommandKind::Hold { id, lines, strategy, ttl, owner } => {
            let terms = reserve::Terms { id: *id, strategy: *strategy, ttl: *ttl, owner: owner.clone() };
            reserve::hold(state, change_id, lines, terms)
        }
        CommandKind::Change { id, lines, strategy, ttl } => {
            reserve::change(state, change_id, *id, lines, *strategy, *ttl)
        }
        CommandKind::Extend { id, ttl } => end::extend(state, change_id, *id, *ttl),
        CommandKind::Release { id } => end::release(state, change_id, *id),
        CommandKind::Expire { id } => end::expire(state, change_id, *id),
        CommandKind::Adjust { product_id, warehouse, delta, reason } => {
            adjust::adjust(state, change_id, *product_id, warehouse, *delta, *reason)
        }
    }
}
