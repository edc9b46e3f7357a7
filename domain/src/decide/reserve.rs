//! Taking units: a new hold, or another set of lines for an old one.

use std::collections::BTreeMap;

use serde_json::json;

use super::state::{entries, units_by_key};
use super::{Answer, Decision, Line, Refusal, State, Write};
use crate::allocation::{self, Demand, Strategy};
use crate::form::FieldError;
use crate::ids::{ChangeId, ProductId, ReservationId};
use crate::journal::{Action, ChangeDraft, Subject};
use crate::problem::{Problem, Shortage};
use crate::reservation::{Reservation, ReservationLine, ReservationStatus, Ttl};
use crate::stock::StockKey;
use crate::text::Owner;

/// The terms of a new hold.
pub(super) struct Terms {
    pub(super) id: ReservationId,
    pub(super) strategy: Strategy,
    pub(super) ttl: Ttl,
    pub(super) owner: Option<Owner>,
}

pub(super) fn hold(state: &mut State, change_id: ChangeId, lines: &[Line], terms: Terms) -> Result<Decision, Refusal> {
    let none = BTreeMap::new();
    let lines = allocated(state, lines, terms.strategy, &none, &[])?;
    let reservation = Reservation {
        id: terms.id,
        status: ReservationStatus::Held,
        lines,
        owner: terms.owner,
        strategy: terms.strategy,
        order_id: None,
        created_at: state.now,
        expires_at: state.now.plus_seconds(terms.ttl.seconds()),
    };
    let moved = state.move_reserved(&units_by_key(&reservation))?;
    let after = json!({"status": reservation.status, "expires_at": reservation.expires_at});
    state.reservations.insert(reservation.id, reservation.clone());
    Ok(Decision {
        drafts: vec![ChangeDraft {
            change_id,
            action: Action::ReservationHeld,
            subject: Subject::Reservation(reservation.id),
            entries: entries(moved, None, Some(after)),
        }],
        writes: vec![Write::InsertReservation(reservation.id)],
        answer: Answer::Reservation(reservation.view(state.now)),
    })
}

/// Decides the lines anew with the reservation's own units counted as free; if that is refused, the old
/// hold stands.
pub(super) fn change(
    state: &mut State,
    change_id: ChangeId,
    id: ReservationId,
    lines: &[Line],
    strategy: Option<Strategy>,
    ttl: Option<Ttl>,
) -> Result<Decision, Refusal> {
    let before = state.held(id)?.clone();
    let own = units_by_key(&before);
    let kept: Vec<ProductId> = before.lines.iter().map(|line| line.product_id).collect();
    let strategy = strategy.unwrap_or(before.strategy);
    let expires_at = match ttl {
        Some(ttl) => {
            before.deadline(ttl, state.now).map_err(|exceeded| Problem::field("ttl_seconds", exceeded.to_string()))?
        }
        None => before.expires_at,
    };
    let lines = allocated(state, lines, strategy, &own, &kept)?;
    let after = Reservation { lines, strategy, expires_at, ..before.clone() };
    if after == before {
        return Ok(Decision {
            drafts: Vec::new(),
            writes: Vec::new(),
            answer: Answer::Reservation(before.view(state.now)),
        });
    }
    let mut deltas = units_by_key(&after);
    for (key, units) in own {
        *deltas.entry(key).or_default() -= units;
    }
    let moved = state.move_reserved(&deltas)?;
    state.reservations.insert(id, after.clone());
    let facts = |reservation: &Reservation| {
        json!({
            "expires_at": reservation.expires_at,
            "strategy": reservation.strategy,
            "units": reservation.units(),
        })
    };
    Ok(Decision {
        drafts: vec![ChangeDraft {
            change_id,
            action: Action::ReservationChanged,
            subject: Subject::Reservation(id),
            entries: entries(moved, Some(facts(&before)), Some(facts(&after))),
        }],
        writes: vec![Write::ReplaceReservation(id)],
        answer: Answer::Reservation(after.view(state.now)),
    })
}

/// The lines with their warehouses: duplicates summed first, all of them met or none.
pub(super) fn allocated(
    state: &State,
    lines: &[Line],
    strategy: Strategy,
    own: &BTreeMap<StockKey, i64>,
    kept: &[ProductId],
) -> Result<Vec<ReservationLine>, Refusal> {
    check_warehouses(state, lines)?;
    let demands = summed(lines);
    check_products(state, demands.iter().map(|(id, _)| *id), kept)?;
    let mut shortages = Vec::new();
    let mut met = Vec::new();
    for (product_id, demand) in demands {
        let sku = state.product(product_id)?.sku.clone();
        match allocation::allocate(&state.supplies(product_id, own), &demand, strategy) {
            Ok(allocations) => {
                met.push(ReservationLine { sku, product_id, quantity: demand.total(), allocations });
            }
            Err(short) => shortages.push(Shortage {
                sku,
                requested: short.requested,
                available: short.available,
                warehouse: short.warehouse,
            }),
        }
    }
    if shortages.is_empty() { Ok(met) } else { Err(Problem::InsufficientStock { shortages }.into()) }
}

/// What is wanted of each product, in the order in which the products first appear.
fn summed(lines: &[Line]) -> Vec<(ProductId, Demand)> {
    let mut demands: Vec<(ProductId, Demand)> = Vec::new();
    let mut places: BTreeMap<ProductId, usize> = BTreeMap::new();
    for line in lines {
        let place = *places.entry(line.product_id).or_insert_with(|| {
            demands.push((line.product_id, Demand::default()));
            demands.len() - 1
        });
        let Some((_, demand)) = demands.get_mut(place) else { continue };
        let units = line.quantity.get();
        match &line.warehouse {
            None => demand.any += units,
            Some(code) => match demand.named.iter_mut().find(|(named, _)| named == code) {
                Some((_, sum)) => *sum += units,
                None => demand.named.push((code.clone(), units)),
            },
        }
    }
    demands
}

fn check_warehouses(state: &State, lines: &[Line]) -> Result<(), Problem> {
    let mut errors = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(code) = &line.warehouse else { continue };
        match state.warehouse(code) {
            None => errors.push(FieldError::new(format!("lines[{index}].warehouse"), "names no warehouse")),
            Some(warehouse) if !warehouse.active => {
                return Err(Problem::WarehouseInactive { warehouse: code.clone() });
            }
            Some(_) => {}
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
}

/// Archived products are not sold, though a hold that has some keeps them; and all lines are priced in
/// one currency, since they become one order.
fn check_products(state: &State, products: impl Iterator<Item = ProductId>, kept: &[ProductId]) -> Result<(), Refusal> {
    let mut currencies = Vec::new();
    for id in products {
        let product = state.product(id)?;
        if product.archived && !kept.contains(&id) {
            return Err(Problem::ProductArchived { sku: product.sku.clone() }.into());
        }
        let code = product.price.currency.code().to_owned();
        if !currencies.contains(&code) {
            currencies.push(code);
        }
    }
    if currencies.len() > 1 { Err(Problem::MixedCurrency { currencies }.into()) } else { Ok(()) }
}
