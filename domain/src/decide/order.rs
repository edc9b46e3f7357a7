//! Orders: made of what is reserved, and moved through their machine. The stock follows the machine's
//! table, and nothing else.

mod lines;
mod reacquire;

use serde_json::json;

use self::lines::{as_lines, sold, total_of, with_allocations};
use self::reacquire::{reacquire, take_again};
use super::reserve::{Terms, hold};
use super::state::entries;
use super::{Answer, Confirm, Decision, Line, Placing, Proceeding, Refusal, Restock, Source, State, Write};
use crate::ids::{ChangeId, CustomerId, OrderId, ReservationId};
use crate::journal::{Action, ChangeDraft, StockMove, Subject};
use crate::order::machine::{By, Effect, OrderStatus};
use crate::order::{Customer, CustomerRequest, Note, Order};
use crate::problem::Problem;
use crate::reservation::{Reservation, ReservationStatus, Ttl};
use crate::stock::LevelDelta;

/// What a command has changed so far.
#[derive(Default)]
struct Changes {
    drafts: Vec<ChangeDraft>,
    writes: Vec<Write>,
    reacquired: bool,
}

impl Changes {
    fn add(&mut self, decision: Decision) {
        self.drafts.extend(decision.drafts);
        self.writes.extend(decision.writes);
    }

    fn tell(&mut self, change_id: ChangeId, order: &Order, moved: Vec<StockMove>, before: Option<OrderStatus>) {
        let before = before.map(|status| json!({"status": status}));
        let mut after = json!({"status": order.status});
        if order.status == OrderStatus::Pending {
            after["total"] = json!(order.total);
            after["customer"] = json!(order.customer.as_ref().map(|customer| customer.id));
        }
        self.drafts.push(ChangeDraft {
            change_id,
            action: order.status.into(),
            subject: Subject::Order(order.id),
            entries: entries(moved, before, Some(after)),
        });
    }

    fn answer(mut self, state: &State, order_id: OrderId) -> Result<Decision, Refusal> {
        self.writes.sort_unstable();
        self.writes.dedup();
        let order = order_of(state, order_id)?.clone();
        let expires_at = deadline(state, &order);
        let mut view = order.view(expires_at, state.now);
        view.reacquired = self.reacquired;
        Ok(Decision { drafts: self.drafts, writes: self.writes, answer: Answer::Order(view) })
    }
}

pub(super) fn place(state: &mut State, change_id: ChangeId, placing: &Placing) -> Result<Decision, Refusal> {
    if let Some(reference) = placing.reference.as_ref().filter(|wanted| state.references_taken.contains(*wanted)) {
        return Err(Problem::ReferenceTaken { reference: reference.clone() }.into());
    }
    let mut changes = Changes::default();
    // All that can be refused is, before anything moves: first the lines and their sum, then the units.
    let (reservation_id, lines) = match &placing.source {
        Source::Reservation(id) => {
            let reservation = to_be_ordered(state, *id)?.clone();
            let lines = sold(state, &as_lines(&reservation.lines)?)?;
            total_of(&lines)?;
            if reservation.status_at(state.now) == ReservationStatus::Expired {
                take_again(state, change_id, &reservation, &mut changes)?;
            }
            (*id, lines)
        }
        Source::Lines { reservation_id, lines, strategy } => {
            let sold_lines = sold(state, lines)?;
            total_of(&sold_lines)?;
            let plain: Vec<Line> = lines.iter().map(|line| line.line.clone()).collect();
            let terms = Terms { id: *reservation_id, strategy: *strategy, ttl: Ttl::default(), owner: None };
            changes.add(hold(state, change_id, &plain, terms)?);
            (*reservation_id, sold_lines)
        }
    };
    let total = total_of(&lines)?;
    let lines = with_allocations(lines, &reservation_of(state, reservation_id)?.lines)?;
    let customer = placing.customer.as_ref().map(|(id, request)| customer(state, *id, request, &mut changes));
    let order = Order {
        id: placing.id,
        number: placing.number,
        status: OrderStatus::Pending,
        customer,
        currency: total.currency,
        total,
        lines,
        reservation_id: Some(reservation_id),
        reference: placing.reference.clone(),
        notes: Vec::new(),
        version: 1,
        placed_at: placing.placed_at.unwrap_or(state.now),
        updated_at: state.now,
    };
    changes.tell(change_id, &order, Vec::new(), None);
    changes.writes.extend([Write::InsertOrder(order.id), Write::UpdateReservation(reservation_id)]);
    if let Some(reference) = &order.reference {
        state.references_taken.insert(reference.clone());
    }
    if let Some(reservation) = state.reservations.get_mut(&reservation_id) {
        reservation.order_id = Some(order.id);
    }
    state.orders.insert(order.id, order);
    if placing.confirm == Confirm::Now {
        step(state, change_id, placing.id, OrderStatus::Confirmed, Restock::Yes, &mut changes)?;
    }
    changes.answer(state, placing.id)
}

pub(super) fn proceed(state: &mut State, change_id: ChangeId, asked: &Proceeding) -> Result<Decision, Refusal> {
    let stored = state.orders.get(&asked.id).ok_or_else(|| Problem::not_found("order"))?.clone();
    let order = stored.clone().as_of(deadline(state, &stored), state.now);
    if let Some(version) = asked.version
        && version != order.version
    {
        return Err(Problem::StaleVersion { version: order.version }.into());
    }
    let mut changes = Changes::default();
    if let Some(to) = asked.to {
        if order.status.transition(to).is_none_or(|transition| transition.by == By::System) {
            let allowed = order.status.allowed();
            return Err(Problem::TransitionNotAllowed { from: order.status, to, allowed }.into());
        }
        step(state, change_id, asked.id, to, asked.restock, &mut changes)?;
    }
    if let Some((actor, text)) = &asked.note {
        let now = state.now;
        let order = order_mut(state, asked.id)?;
        order.notes.push(Note { at: now, actor: *actor, text: text.clone() });
        if asked.to.is_none() {
            order.version += 1;
            order.updated_at = now;
        }
        changes.writes.push(Write::UpdateOrder(asked.id));
        changes.drafts.push(ChangeDraft {
            change_id,
            action: Action::OrderNoted,
            subject: Subject::Order(asked.id),
            entries: entries(Vec::new(), None, None),
        });
    }
    changes.answer(state, asked.id)
}

/// A pending order ends with its hold.
pub(super) fn expired_with_its_hold(
    state: &mut State,
    change_id: ChangeId,
    id: OrderId,
) -> Result<(ChangeDraft, Write), Refusal> {
    let now = state.now;
    let order = order_mut(state, id)?;
    let before = order.status;
    if before.transition(OrderStatus::Expired).is_none() {
        return Err(Refusal::Corrupt(format!("order {id} is {before}, and its reservation is held")));
    }
    order.status = OrderStatus::Expired;
    order.version += 1;
    order.updated_at = now;
    let mut changes = Changes::default();
    let order = order.clone();
    changes.tell(change_id, &order, Vec::new(), Some(before));
    let draft = changes.drafts.pop().ok_or_else(|| Refusal::Corrupt("nothing was told".to_owned()))?;
    Ok((draft, Write::UpdateOrder(id)))
}

/// Takes a step that the machine has, with the effect that it declares for it.
fn step(
    state: &mut State,
    change_id: ChangeId,
    id: OrderId,
    to: OrderStatus,
    restock: Restock,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    let stored = order_of(state, id)?.clone();
    let from = stored.clone().as_of(deadline(state, &stored), state.now).status;
    let Some(transition) = from.transition(to) else {
        return Err(Problem::TransitionNotAllowed { from, to, allowed: from.allowed() }.into());
    };
    let units = stored.units_by_key();
    let moved = match transition.effect {
        Effect::None => Vec::new(),
        Effect::MakeFirm => {
            settle(state, &stored, ReservationStatus::Confirmed, changes)?;
            Vec::new()
        }
        Effect::GiveBack => {
            settle(state, &stored, ReservationStatus::Released, changes)?;
            state.move_units(&units, LevelDelta { on_hand: 0, reserved: -1 })?
        }
        Effect::Ship => state.move_units(&units, LevelDelta { on_hand: -1, reserved: -1 })?,
        Effect::TakeBack => match restock {
            Restock::Yes => state.move_units(&units, LevelDelta { on_hand: 1, reserved: 0 })?,
            Restock::No => Vec::new(),
        },
        Effect::TakeAgain => reacquire(state, change_id, &stored, changes)?,
    };
    let now = state.now;
    let order = order_mut(state, id)?;
    order.status = to;
    order.version += 1;
    order.updated_at = now;
    let order = order.clone();
    changes.writes.push(Write::UpdateOrder(id));
    changes.tell(change_id, &order, moved, Some(from));
    Ok(())
}

/// The reservation behind an order follows it, as long as it is held.
fn settle(state: &mut State, order: &Order, to: ReservationStatus, changes: &mut Changes) -> Result<(), Refusal> {
    let Some(id) = order.reservation_id else { return Ok(()) };
    let Some(reservation) = state.reservations.get_mut(&id) else {
        return Err(Refusal::Corrupt(format!("reservation {id} was not read")));
    };
    if reservation.status == ReservationStatus::Held && reservation.status.transition(to).is_some() {
        reservation.status = to;
        changes.writes.push(Write::UpdateReservation(id));
    }
    Ok(())
}

/// The reservation, if an order can be made of it: held, or expired.
fn to_be_ordered(state: &State, id: ReservationId) -> Result<&Reservation, Problem> {
    let reservation = state.reservations.get(&id).ok_or_else(|| Problem::not_found("reservation"))?;
    if let Some(order_id) = reservation.order_id {
        return Err(Problem::HasOrder { order_id });
    }
    match reservation.status_at(state.now) {
        ReservationStatus::Held | ReservationStatus::Expired => Ok(reservation),
        reservation_status @ (ReservationStatus::Confirmed | ReservationStatus::Released) => {
            Err(Problem::NotHeld { reservation_status })
        }
    }
}

/// The customer who is meant: known by email or reference, or new.
fn customer(state: &mut State, new: CustomerId, request: &CustomerRequest, changes: &mut Changes) -> Customer {
    let same = |known: &&Customer| {
        let by_email = request.email.is_some() && known.email == request.email;
        by_email || (request.reference.is_some() && known.reference == request.reference)
    };
    if let Some(known) = state.customers.iter().find(same) {
        return known.clone();
    }
    let CustomerRequest { email, name, reference } = request.clone();
    let customer = Customer { id: new, email, name, reference };
    changes.writes.push(Write::InsertCustomer(new));
    state.customers.push(customer.clone());
    customer
}

fn deadline(state: &State, order: &Order) -> Option<crate::time::Timestamp> {
    let reservation = state.reservations.get(&order.reservation_id?)?;
    Some(reservation.expires_at)
}

fn order_of(state: &State, id: OrderId) -> Result<&Order, Refusal> {
    state.orders.get(&id).ok_or_else(|| Refusal::Corrupt(format!("order {id} was not read")))
}

fn order_mut(state: &mut State, id: OrderId) -> Result<&mut Order, Refusal> {
    state.orders.get_mut(&id).ok_or_else(|| Refusal::Corrupt(format!("order {id} was not read")))
}

fn reservation_of(state: &State, id: ReservationId) -> Result<&Reservation, Refusal> {
    state.reservations.get(&id).ok_or_else(|| Refusal::Corrupt(format!("reservation {id} was not read")))
}
