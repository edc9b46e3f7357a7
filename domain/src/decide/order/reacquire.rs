//! The late payer's rule: what had run out is taken again where it is free.

use std::collections::BTreeMap;

use serde_json::json;

use super::lines::{as_lines, with_allocations};
use super::{Changes, expired_with_its_hold, order_mut, reservation_of};
use crate::decide::end::end;
use crate::decide::reserve::allocated;
use crate::decide::state::{entries, units_by_key};
use crate::decide::{Line, Refusal, State, Write};
use crate::ids::ChangeId;
use crate::journal::{Action, ChangeDraft, StockMove, Subject};
use crate::order::Order;
use crate::problem::Problem;
use crate::reservation::{Reservation, ReservationLine, ReservationStatus, Ttl};

/// An expired order takes its units again, wherever they are free now.
pub(super) fn reacquire(
    state: &mut State,
    change_id: ChangeId,
    order: &Order,
    changes: &mut Changes,
) -> Result<Vec<StockMove>, Refusal> {
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
pub(super) fn take_again(
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
        entries: entries(moved, Some(facts(ReservationStatus::Expired)), Some(facts(taken.status))),
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
