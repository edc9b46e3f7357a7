//! Which items of a batch are to be decided, and which are answered already: under their key, by their
//! twin in the same batch, or because something that they need is not to be had.

use std::collections::HashMap;

use domain::decide::State;
use domain::idempotency::IdempotencyKey;
use domain::problem::Problem;
use domain::product::{Product, ProductRef};

use super::read::{Busy, Kept};
use super::{Item, Outcome};
use crate::idempotency::Claim;

/// What is to become of an item.
#[derive(Debug)]
pub(super) enum Place {
    /// It is to be decided.
    Open,
    Settled(Outcome),
    /// The same request stands before it, at this place: they share its decision.
    TwinOf(usize),
}

pub(super) fn places(items: &[&Item], kept: &Kept, state: &State, busy: &Busy) -> Vec<Place> {
    let mut firsts: HashMap<(&IdempotencyKey, &str), usize> = HashMap::new();
    let mut places = Vec::with_capacity(items.len());
    for (number, item) in items.iter().enumerate() {
        places.push(place(items, number, item, kept, &mut firsts, state, busy));
    }
    places
}

fn place<'a>(
    items: &[&'a Item],
    number: usize,
    item: &'a Item,
    kept: &Kept,
    firsts: &mut HashMap<(&'a IdempotencyKey, &'a str), usize>,
    state: &State,
    busy: &Busy,
) -> Place {
    if let Some(claim) = item.reply.as_ref().map(|reply| &reply.claim) {
        if let Some((fingerprint, rendered)) = kept.get(claim) {
            return Place::Settled(if *fingerprint == claim.fingerprint {
                Outcome::Replayed(rendered.clone())
            } else {
                refused(Problem::IdempotencyMismatch)
            });
        }
        let first = *firsts.entry((&claim.key, &claim.caller)).or_insert(number);
        if first != number {
            return if claim_of(items, first).is_some_and(|other| other.fingerprint == claim.fingerprint) {
                Place::TwinOf(first)
            } else {
                Place::Settled(refused(Problem::IdempotencyMismatch))
            };
        }
    }
    if busy.has(item, state) {
        return Place::Settled(refused(Problem::Busy { retry_after_seconds: 1 }));
    }
    if is_miscalled(item, state) { Place::Settled(Outcome::Miscalled) } else { Place::Open }
}

/// Whether a product is not what the caller called it.
pub(super) fn is_miscalled(item: &Item, state: &State) -> bool {
    item.called.iter().any(|(id, called)| !is_called(state.products.get(id), called))
}

fn claim_of<'a>(items: &[&'a Item], number: usize) -> Option<&'a Claim> {
    Some(&items.get(number)?.reply.as_ref()?.claim)
}

fn is_called(product: Option<&Product>, called: &ProductRef) -> bool {
    match (product, called) {
        (None, ProductRef::Id(_) | ProductRef::Sku(_)) => false,
        // What has the form of an id can be a SKU.
        (Some(product), ProductRef::Id(id)) => product.id == *id || product.sku.as_str() == id.to_string(),
        (Some(product), ProductRef::Sku(sku)) => product.sku == *sku,
    }
}

fn refused(problem: Problem) -> Outcome {
    Outcome::Refused(problem.into())
}
