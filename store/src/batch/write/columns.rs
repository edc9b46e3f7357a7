//! The columns of `write.sql`, a vector for each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::decide::State;
use domain::ids::{OrderId, ReservationId};
use domain::journal::ChangeDraft;
use domain::reservation::{Reservation, ReservationStatus};
use domain::stock::StockKey;
use uuid::Uuid;

use crate::idempotency::Claim;
use crate::request::{Caller, Rendered};

/// How many rows there are, as Postgres counts them.
fn rows<T>(column: &[T]) -> i64 {
    i64::try_from(column.len()).unwrap_or(i64::MAX)
}

/// Stock rows with their new level.
#[derive(Default)]
pub(super) struct Stock {
    pub(super) product_ids: Vec<Uuid>,
    pub(super) warehouses: Vec<String>,
    pub(super) on_hand: Vec<i64>,
    pub(super) reserved: Vec<i64>,
    pub(super) versions: Vec<i64>,
}

impl Stock {
    /// The rows that the changes moved, as the state has them in the end.
    pub(super) fn of(state: &State, changes: &[(Caller, &ChangeDraft)]) -> Self {
        let entries = changes.iter().flat_map(|(_, change)| &change.entries);
        let keys: BTreeSet<&StockKey> = entries.filter_map(|entry| Some(&entry.stock.as_ref()?.key)).collect();
        let mut columns = Self::default();
        for (key, row) in keys.into_iter().filter_map(|key| Some((key, state.stock.get(key)?))) {
            columns.product_ids.push(key.product_id.as_uuid());
            columns.warehouses.push(key.warehouse.as_str().to_owned());
            columns.on_hand.push(row.level.on_hand);
            columns.reserved.push(row.level.reserved);
            columns.versions.push(row.version);
        }
        columns
    }

    pub(super) fn len(&self) -> i64 {
        rows(&self.product_ids)
    }
}

/// New reservations.
pub(super) struct Made {
    pub(super) ids: Vec<Uuid>,
    pub(super) statuses: Vec<String>,
    pub(super) owners: Vec<Option<String>>,
    pub(super) strategies: Vec<String>,
    pub(super) created: Vec<DateTime<Utc>>,
    pub(super) expires: Vec<DateTime<Utc>>,
    pub(super) orders: Vec<Option<Uuid>>,
}

impl Made {
    pub(super) fn of(made: &[&Reservation]) -> Self {
        Self {
            ids: made.iter().map(|each| each.id.as_uuid()).collect(),
            statuses: made.iter().map(|each| each.status.as_str().to_owned()).collect(),
            owners: made.iter().map(|each| each.owner.clone().map(String::from)).collect(),
            strategies: made.iter().map(|each| <&str>::from(each.strategy).to_owned()).collect(),
            created: made.iter().map(|each| each.created_at.as_datetime()).collect(),
            expires: made.iter().map(|each| each.expires_at.as_datetime()).collect(),
            orders: made.iter().map(|each| each.order_id.map(OrderId::as_uuid)).collect(),
        }
    }
}

/// The lines of reservations, by warehouse.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) product_ids: Vec<Uuid>,
    pub(super) reservation_ids: Vec<Uuid>,
    pub(super) warehouses: Vec<String>,
    pub(super) places: Vec<i32>,
    pub(super) quantities: Vec<i64>,
    pub(super) reasons: Vec<String>,
}

impl Lines {
    pub(super) fn of(reservations: &[&Reservation]) -> Self {
        let mut columns = Self::default();
        for reservation in reservations {
            for (place, line) in (0..).zip(&reservation.lines) {
                for allocation in &line.allocations {
                    columns.product_ids.push(line.product_id.as_uuid());
                    columns.reservation_ids.push(reservation.id.as_uuid());
                    columns.warehouses.push(allocation.warehouse.as_str().to_owned());
                    columns.places.push(place);
                    columns.quantities.push(allocation.quantity);
                    columns.reasons.push(<&str>::from(allocation.reason).to_owned());
                }
            }
        }
        columns
    }
}

/// Reservations that are not what they were.
pub(super) struct Changes {
    pub(super) ids: Vec<Uuid>,
    pub(super) statuses: Vec<String>,
    pub(super) strategies: Vec<String>,
    pub(super) expires: Vec<DateTime<Utc>>,
    pub(super) orders: Vec<Option<Uuid>>,
    pub(super) were: Vec<String>,
}

impl Changes {
    pub(super) fn of(changed: &[&Reservation], before: &BTreeMap<ReservationId, ReservationStatus>) -> Self {
        let was = |id| before.get(&id).copied().unwrap_or(ReservationStatus::Held);
        Self {
            ids: changed.iter().map(|each| each.id.as_uuid()).collect(),
            statuses: changed.iter().map(|each| each.status.as_str().to_owned()).collect(),
            strategies: changed.iter().map(|each| <&str>::from(each.strategy).to_owned()).collect(),
            expires: changed.iter().map(|each| each.expires_at.as_datetime()).collect(),
            orders: changed.iter().map(|each| each.order_id.map(OrderId::as_uuid)).collect(),
            were: changed.iter().map(|each| was(each.id).as_str().to_owned()).collect(),
        }
    }

    pub(super) fn len(&self) -> i64 {
        rows(&self.ids)
    }
}

/// Answers with the keys that they are kept under.
pub(super) struct Keys {
    pub(super) keys: Vec<String>,
    pub(super) callers: Vec<String>,
    pub(super) fingerprints: Vec<Vec<u8>>,
    pub(super) statuses: Vec<i16>,
    pub(super) etags: Vec<Option<String>>,
    pub(super) locations: Vec<Option<String>>,
    pub(super) bodies: Vec<Vec<u8>>,
}

impl Keys {
    /// In one order, for whoever claims the same key is waited for.
    pub(super) fn of(answers: &[(&Claim, &Rendered)]) -> Self {
        let mut answers = answers.to_vec();
        answers.sort_unstable_by_key(|(claim, _)| (&claim.key, &claim.caller));
        Self {
            keys: answers.iter().map(|(claim, _)| claim.key.as_str().to_owned()).collect(),
            callers: answers.iter().map(|(claim, _)| claim.caller.clone()).collect(),
            fingerprints: answers.iter().map(|(claim, _)| claim.fingerprint.0.to_vec()).collect(),
            statuses: answers.iter().map(|(_, kept)| i16::try_from(kept.status).unwrap_or(i16::MAX)).collect(),
            etags: answers.iter().map(|(_, kept)| kept.etag.clone()).collect(),
            locations: answers.iter().map(|(_, kept)| kept.location.clone()).collect(),
            bodies: answers.iter().map(|(_, kept)| kept.body.clone()).collect(),
        }
    }
}
