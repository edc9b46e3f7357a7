//! Orders: made of what is reserved, and moved through their machine. The stock follows the machine's
//! table, and nothing else.

use std::collections::{BTreeMap, VecDeque};

use serde_json::json;

use super::end::end;
use super::reserve::{Terms, allocated, hold};
use super::state::{Moved, entries, units_by_key};
use super::{Answer, Confirm, Decision, Line, Placing, PricedLine, Proceeding, Refusal, Restock, Source, State, Write};
use crate::currency::Currency;
use crate::ids::{ChangeId, CustomerId, OrderId, ProductId, ReservationId};
use crate::journal::{Action, ChangeDraft, Subject};
use crate::money::Money;
use crate::order::machine::{By, Effect, OrderStatus};
use crate::order::{self, Customer, CustomerRequest, Note, Order, OrderAllocation, OrderLine};
use crate::problem::Problem;
use crate::quantity::Quantity;
use crate::reservation::{Reservation, ReservationLine, ReservationStatus, Ttl};
use crate::stock::LevelDelta;
use crate::text::Name;

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

    fn tell(&mut self, change_id: ChangeId, order: &Order, moved: Vec<Moved>, before: Option<OrderStatus>) {
        let before = before.map_or_else(|| json!({}), |status| json!({"status": status}));
        let mut after = json!({"status": order.status});
        if order.status == OrderStatus::Pending {
            after["total"] = json!(order.total);
            after["customer"] = json!(order.customer.as_ref().map(|customer| customer.id));
        }
        self.drafts.push(ChangeDraft {
            change_id,
            action: order.status.into(),
            subject: Subject::Order(order.id),
            entries: entries(moved, &before, &after),
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
            entries: entries(Vec::new(), &json!({}), &json!({})),
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

/// The late payer's: an expired order takes its units again, wherever they are free now.
fn reacquire(
    state: &mut State,
    change_id: ChangeId,
    order: &Order,
    changes: &mut Changes,
) -> Result<Vec<Moved>, Refusal> {
    let id = order.reservation_id.ok_or_else(|| Refusal::Corrupt(format!("order {} was never held", order.id)))?;
    let reservation = reservation_of(state, id)?.clone();
    let lines = free_again(state, &reservation)?;
    let allocated = with_allocations(order.lines.clone(), &lines)?;
    expire_first(state, change_id, &reservation, changes)?;
    let taken = Reservation { lines, status: ReservationStatus::Confirmed, ..reservation };
    let moved = state.move_reserved(&units_by_key(&taken))?;
    state.reservations.insert(id, taken);
    order_mut(state, order.id)?.lines = allocated;
    changes.writes.extend([Write::ReplaceReservation(id), Write::ReplaceOrder(order.id)]);
    changes.reacquired = true;
    Ok(moved)
}

/// An expired reservation is held once more, for a new full time.
fn take_again(
    state: &mut State,
    change_id: ChangeId,
    reservation: &Reservation,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    let lines = free_again(state, reservation)?;
    expire_first(state, change_id, reservation, changes)?;
    let expires_at = state.now.plus_seconds(Ttl::default().seconds());
    let taken = Reservation { lines, status: ReservationStatus::Held, expires_at, ..reservation.clone() };
    let moved = state.move_reserved(&units_by_key(&taken))?;
    let facts = |status: ReservationStatus| json!({"status": status});
    changes.drafts.push(ChangeDraft {
        change_id,
        action: Action::ReservationHeld,
        subject: Subject::Reservation(taken.id),
        entries: entries(moved, &facts(ReservationStatus::Expired), &facts(taken.status)),
    });
    changes.writes.push(Write::ReplaceReservation(taken.id));
    changes.reacquired = true;
    state.reservations.insert(taken.id, taken);
    Ok(())
}

/// The lines of an expired reservation as a new hold would get them. Units that the sweep has not given
/// back yet count as free: whether it has been by makes no difference.
fn free_again(state: &State, reservation: &Reservation) -> Result<Vec<ReservationLine>, Refusal> {
    let own = match reservation.status {
        ReservationStatus::Held => units_by_key(reservation),
        ReservationStatus::Confirmed | ReservationStatus::Released | ReservationStatus::Expired => BTreeMap::new(),
    };
    let lines: Vec<Line> = as_lines(&reservation.lines)?.into_iter().map(|line| line.line).collect();
    allocated(state, &lines, reservation.strategy, &own, &[]).map_err(|refusal| match refusal {
        Refusal::Problem(Problem::InsufficientStock { shortages }) => Problem::HoldExpired { shortages }.into(),
        refusal => refusal,
    })
}

/// Ends an overdue hold as the sweep would have, had it been by.
fn expire_first(
    state: &mut State,
    change_id: ChangeId,
    reservation: &Reservation,
    changes: &mut Changes,
) -> Result<(), Refusal> {
    if reservation.status != ReservationStatus::Held {
        return Ok(());
    }
    let (to, action) = (ReservationStatus::Expired, Action::ReservationExpired);
    changes.add(end(state, change_id, reservation.clone(), to, action)?);
    if let Some(order_id) = reservation.order_id {
        let (draft, write) = expired_with_its_hold(state, change_id, order_id)?;
        changes.drafts.push(draft);
        changes.writes.push(write);
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

/// What a reservation holds, as lines to be reserved.
fn as_lines(lines: &[ReservationLine]) -> Result<Vec<PricedLine>, Refusal> {
    let mut all = Vec::new();
    for line in lines {
        // The sum of several lines may be more than one line may ask for.
        let mut left = line.quantity;
        while left > 0 {
            let units = left.min(Quantity::MAX);
            let quantity = Quantity::new(units).map_err(|error| Refusal::Corrupt(error.to_string()))?;
            let line = Line { product_id: line.product_id, quantity, warehouse: None };
            all.push(PricedLine { line, sold_as: None });
            left -= units;
        }
    }
    Ok(all)
}

/// The lines of an order, with name and price as they are sold. Lines of one product at one price are one.
fn sold(state: &State, lines: &[PricedLine]) -> Result<Vec<OrderLine>, Refusal> {
    let mut all: Vec<OrderLine> = Vec::new();
    let mut places: BTreeMap<(ProductId, Name, i64, Currency), usize> = BTreeMap::new();
    for PricedLine { line, sold_as } in lines {
        let product = state.product(line.product_id)?;
        let (name, unit_price) = sold_as.clone().unwrap_or_else(|| (product.name.clone(), product.price));
        let key = (product.id, name.clone(), unit_price.minor, unit_price.currency);
        let place = *places.entry(key).or_insert(all.len());
        match all.get_mut(place) {
            Some(same) => same.quantity += line.quantity.get(),
            None => all.push(OrderLine {
                sku: product.sku.clone(),
                product_id: product.id,
                name,
                unit_price,
                quantity: line.quantity.get(),
                allocations: Vec::new(),
            }),
        }
    }
    Ok(all)
}

fn total_of(lines: &[OrderLine]) -> Result<Money, Problem> {
    let mut currencies: Vec<String> = lines.iter().map(|line| line.unit_price.currency.to_string()).collect();
    currencies.dedup();
    let Some(first) = lines.first().filter(|_| currencies.len() == 1) else {
        return Err(Problem::MixedCurrency { currencies });
    };
    order::total(lines, first.unit_price.currency).map_err(|error| Problem::field("lines", error.to_string()))
}

/// Shares out what is reserved of each product among the lines of that product.
fn with_allocations(mut lines: Vec<OrderLine>, reserved: &[ReservationLine]) -> Result<Vec<OrderLine>, Refusal> {
    let mut left: BTreeMap<ProductId, VecDeque<OrderAllocation>> = BTreeMap::new();
    for line in reserved {
        let of_line = line.allocations.iter();
        let of_line =
            of_line.map(|each| OrderAllocation { warehouse: each.warehouse.clone(), quantity: each.quantity });
        left.entry(line.product_id).or_default().extend(of_line);
    }
    for line in &mut lines {
        line.allocations.clear();
        let mut wanted = line.quantity;
        let free = left.entry(line.product_id).or_default();
        while wanted > 0 {
            let Some(next) = free.front_mut() else {
                return Err(Refusal::Corrupt(format!("less of {} is reserved than is ordered", line.sku)));
            };
            let units = next.quantity.min(wanted);
            line.allocations.push(OrderAllocation { warehouse: next.warehouse.clone(), quantity: units });
            next.quantity -= units;
            wanted -= units;
            if next.quantity == 0 {
                free.pop_front();
            }
        }
    }
    Ok(lines)
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
