//! What a hold can come to: a later deadline, or its end.

use std::collections::BTreeMap;

use serde_json::json;

use super::state::{entries, units_by_key};
use super::{Answer, Decision, Refusal, State, Write};
use crate::ids::{ChangeId, ReservationId};
use crate::journal::{Action, ChangeDraft, Subject};
use crate::problem::Problem;
use crate::reservation::{Reservation, ReservationStatus, Ttl, UnitsEffect};
use crate::stock::StockKey;

pub(super) fn extend(state: &mut State, change_id: ChangeId, id: ReservationId, ttl: Ttl) -> Result<Decision, Refusal> {
    let before = state.held(id)?.clone();
    let expires_at =
        before.extended(ttl, state.now).map_err(|exceeded| Problem::field("ttl_seconds", exceeded.to_string()))?;
    let after = Reservation { expires_at, ..before.clone() };
    if after == before {
        return Ok(Decision {
            drafts: Vec::new(),
            writes: Vec::new(),
            answer: Answer::Reservation(before.view(state.now)),
        });
    }
    state.reservations.insert(id, after.clone());
    let facts = |reservation: &Reservation| json!({"expires_at": reservation.expires_at});
    Ok(Decision {
        drafts: vec![ChangeDraft {
            change_id,
            action: Action::ReservationExtended,
            subject: Subject::Reservation(id),
            entries: entries(Vec::new(), Some(facts(&before)), Some(facts(&after))),
        }],
        writes: vec![Write::UpdateReservation(after.id)],
        answer: Answer::Reservation(after.view(state.now)),
    })
}

pub(super) fn release(state: &mut State, change_id: ChangeId, id: ReservationId) -> Result<Decision, Refusal> {
    let reservation = state.held(id)?.clone();
    end(state, change_id, reservation, ReservationStatus::Released, Action::ReservationReleased)
}

/// The sweep found it overdue; whether it still is, is decided here, under lock.
pub(super) fn expire(state: &mut State, change_id: ChangeId, id: ReservationId) -> Result<Decision, Refusal> {
    let reservation = state.reservations.get(&id).ok_or(Refusal::NotDue)?.clone();
    if reservation.status != ReservationStatus::Held || reservation.expires_at > state.now {
        return Err(Refusal::NotDue);
    }
    let order_id = reservation.order_id;
    let mut decision = end(state, change_id, reservation, ReservationStatus::Expired, Action::ReservationExpired)?;
    if let Some(order_id) = order_id {
        let (draft, write) = super::order::expired_with_its_hold(state, change_id, order_id)?;
        decision.drafts.push(draft);
        decision.writes.push(write);
    }
    Ok(decision)
}

/// Takes the step to `to`, with the effect that the machine declares for it.
pub(super) fn end(
    state: &mut State,
    change_id: ChangeId,
    before: Reservation,
    to: ReservationStatus,
    action: Action,
) -> Result<Decision, Refusal> {
    let sign = match before.status.transition(to) {
        Some(UnitsEffect::Keep) => 0,
        Some(UnitsEffect::GiveBack) => -1,
        Some(UnitsEffect::TakeAgain) => 1,
        None => return Err(Problem::NotHeld { reservation_status: before.status }.into()),
    };
    let units = units_by_key(&before);
    let deltas: BTreeMap<StockKey, i64> = units.into_iter().map(|(key, units)| (key, sign * units)).collect();
    let moved = state.move_reserved(&deltas)?;
    let after = Reservation { status: to, ..before.clone() };
    state.reservations.insert(after.id, after.clone());
    let facts = |reservation: &Reservation| json!({"status": reservation.status});
    Ok(Decision {
        drafts: vec![ChangeDraft {
            change_id,
            action,
            subject: Subject::Reservation(after.id),
            entries: entries(moved, Some(facts(&before)), Some(facts(&after))),
        }],
        writes: vec![Write::UpdateReservation(after.id)],
        answer: Answer::Reservation(after.view(state.now)),
    })
}
