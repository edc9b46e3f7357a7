//! The one decision. Given the stock as it is under lock and commands in the order of their arrival, it
//! says what becomes of each: what moves, what is written, what is answered, or why not. It is pure: the
//! server runs it under row locks, the browser for a preview, the property tests against a model.

mod adjust;
mod end;
mod order;
mod reserve;
mod state;
mod transfer;

pub use state::State;

use serde::Serialize;

use crate::actor::Actor;
use crate::allocation::Strategy;
use crate::ids::{ChangeId, CustomerId, OrderId, ProductId, ReservationId};
use crate::journal::ChangeDraft;
use crate::money::Money;
use crate::order::{CustomerRequest, OrderNumber, OrderStatus, OrderView};
use crate::problem::Problem;
use crate::product::ProductView;
use crate::quantity::{Quantity, StockDelta};
use crate::reservation::{ReservationView, Ttl};
use crate::stock::StockReason;
use crate::text::{Name, NoteText, Owner, Reference};
use crate::time::Timestamp;
use crate::transfer::TransferView;
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
    /// Makes an order.
    Place(Placing),
    /// Takes a step of the order machine, or writes a note, or both.
    Proceed(Proceeding),
    Adjust {
        product_id: ProductId,
        warehouse: WarehouseCode,
        delta: StockDelta,
        reason: StockReason,
    },
    /// Moves units from one warehouse to another.
    Transfer(Transfer),
}

/// One line of a hold, its product known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub product_id: ProductId,
    pub quantity: Quantity,
    pub warehouse: Option<WarehouseCode>,
}

/// Units to be moved; the warehouses that lines may name are not looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transfer {
    pub from: WarehouseCode,
    pub to: WarehouseCode,
    pub lines: Vec<Line>,
}

/// An order to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placing {
    pub id: OrderId,
    pub number: OrderNumber,
    pub source: Source,
    /// Who buys, with the id that a customer who is not known yet gets.
    pub customer: Option<(CustomerId, CustomerRequest)>,
    pub reference: Option<Reference>,
    /// When it was placed, where that was not now.
    pub placed_at: Option<Timestamp>,
    pub confirm: Confirm,
}

/// What an order is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A reservation, at the products' prices of now.
    Reservation(ReservationId),
    /// Lines that are reserved now, under this id.
    Lines { reservation_id: ReservationId, lines: Vec<PricedLine>, strategy: Strategy },
}

/// A line to be reserved and ordered in one; name and price are the product's where they are not given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PricedLine {
    pub line: Line,
    pub sold_as: Option<(Name, Money)>,
}

/// Whether an order is paid for as it is placed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Confirm {
    Now,
    Later,
}

/// A change of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proceeding {
    pub id: OrderId,
    pub to: Option<OrderStatus>,
    /// The version that the caller saw; `None` takes any.
    pub version: Option<i64>,
    pub note: Option<(Actor, NoteText)>,
    pub restock: Restock,
}

/// What becomes of units that come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub enum Restock {
    /// They are on sale again.
    Yes,
    /// They are written off.
    No,
}

/// What becomes of a command that was accepted.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// What the journal tells, in this order; empty where nothing changed.
    pub drafts: Vec<ChangeDraft>,
    /// What to write, beside the stock rows that the drafts move.
    pub writes: Vec<Write>,
    pub answer: Answer,
}

/// What changes in the tables. What is written is what the [`State`] has in the end, as it is with stock
/// rows: a batch may change the same row twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Write {
    InsertReservation(ReservationId),
    /// Status, deadline or order; the lines stay.
    UpdateReservation(ReservationId),
    /// The lines as well.
    ReplaceReservation(ReservationId),
    InsertCustomer(CustomerId),
    InsertOrder(OrderId),
    /// Status, version, notes; the lines stay.
    UpdateOrder(OrderId),
    /// The warehouses of the lines as well.
    ReplaceOrder(OrderId),
}

/// What an accepted command answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Reservation(ReservationView),
    Product(ProductView),
    Order(OrderView),
    Transfer(TransferView),
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
pub fn decide<'a>(
    state: &mut State,
    commands: impl IntoIterator<Item = &'a Command>,
) -> Vec<Result<Decision, Refusal>> {
    commands.into_iter().map(|command| decide_one(state, command)).collect()
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
        CommandKind::Place(placing) => order::place(state, change_id, placing),
        CommandKind::Proceed(proceeding) => order::proceed(state, change_id, proceeding),
        CommandKind::Adjust { product_id, warehouse, delta, reason } => {
            adjust::adjust(state, change_id, *product_id, warehouse, *delta, *reason)
        }
        CommandKind::Transfer(transfer) => transfer::transfer(state, change_id, transfer),
    }
}
