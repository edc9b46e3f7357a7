//! The columns of `write.sql`, a vector for each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::decide::State;
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::journal::ChangeDraft;
use domain::reservation::{Reservation, ReservationStatus};
use domain::stock::{StockKey, StockRow};
use domain::text::Owner;
use domain::warehouse::WarehouseCode;
use uuid::Uuid;

use crate::request::Caller;

/// How many rows there are, as Postgres counts them.
fn rows<T>(column: &[T]) -> i64 {
    i64::try_from(column.len()).unwrap_or(i64::MAX)
}

/// Stock rows with their level.
#[derive(Default, Debug)]
pub(in crate::batch) struct Stock<'a> {
    pub(in crate::batch) product_ids: Vec<Uuid>,
    pub(in crate::batch) warehouses: Vec<&'a str>,
    pub(in crate::batch) on_hand: Vec<i64>,
    pub(in crate::batch) reserved: Vec<i64>,
    pub(in crate::batch) versions: Vec<i64>,
}

impl<'a> Stock<'a> {
    /// The rows that the changes moved, as the state has them in the end.
    pub(super) fn of(state: &State, changes: &[(Caller, &'a ChangeDraft)]) -> Self {
        let entries = changes.iter().flat_map(|(_, change)| &change.entries);
        let keys: BTreeSet<&StockKey> = entries.filter_map(|entry| Some(&entry.stock.as_ref()?.key)).collect();
        let mut columns = Self::default();
        for (key, row) in keys.into_iter().filter_map(|key| Some((key, state.stock.get(key)?))) {
            columns.push(key.product_id, &key.warehouse, row);
        }
        columns
    }

    pub(in crate::batch) fn push(&mut self, id: ProductId, warehouse: &'a WarehouseCode, row: &StockRow) {
        self.product_ids.push(id.as_uuid());
        self.warehouses.push(warehouse.as_str());
        self.on_hand.push(row.level.on_hand);
        self.reserved.push(row.level.reserved);
        self.versions.push(row.version);
    }

    pub(super) fn len(&self) -> i64 {
        rows(&self.product_ids)
    }
}

/// New reservations. They are as old as the batch.
pub(super) struct Made<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) statuses: Vec<&'a str>,
    pub(super) owners: Vec<Option<&'a str>>,
    pub(super) strategies: Vec<&'a str>,
    pub(super) expires: Vec<DateTime<Utc>>,
    pub(super) orders: Vec<Option<Uuid>>,
}

impl<'a> Made<'a> {
    pub(super) fn of(made: &[&'a Reservation]) -> Self {
        Self {
            ids: made.iter().map(|each| each.id.as_uuid()).collect(),
            statuses: made.iter().map(|each| each.status.as_str()).collect(),
            owners: made.iter().map(|each| each.owner.as_ref().map(Owner::as_str)).collect(),
            strategies: made.iter().map(|each| each.strategy.into()).collect(),
            expires: made.iter().map(|each| each.expires_at.as_datetime()).collect(),
            orders: made.iter().map(|each| each.order_id.map(OrderId::as_uuid)).collect(),
        }
    }
}

/// The lines of reservations, by warehouse.
#[derive(Default)]
pub(super) struct Lines<'a> {
    pub(super) product_ids: Vec<Uuid>,
    pub(super) reservation_ids: Vec<Uuid>,
    pub(super) warehouses: Vec<&'a str>,
    pub(super) places: Vec<i32>,
    pub(super) quantities: Vec<i64>,
    pub(super) reasons: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(reservations: &[&'a Reservation]) -> Self {
        let mut columns = Self::default();
        for reservation in reservations {
            for (place, line) in (0..).zip(&reservation.lines) {
                for allocation in &line.allocations {
                    columns.product_ids.push(line.product_id.as_uuid());
                    columns.reservation_ids.push(reservation.id.as_uuid());
                    columns.warehouses.push(allocation.warehouse.as_str());
                    columns.places.push(place);
                    columns.quantities.push(allocation.quantity);
                    columns.reasons.push(allocation.reason.into());
                }
            }
        }
        columns
    }
}

/// Reservations that are not what they were.
pub(super) struct Changes<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) statuses: Vec<&'a str>,
    pub(super) strategies: Vec<&'a str>,
    pub(super) expires: Vec<DateTime<Utc>>,
    pub(super) orders: Vec<Option<Uuid>>,
    pub(super) were: Vec<&'a str>,
}

impl<'a> Changes<'a> {
    pub(super) fn of(changed: &[&'a Reservation], before: &BTreeMap<ReservationId, ReservationStatus>) -> Self {
        let was = |id| before.get(&id).copied().unwrap_or(ReservationStatus::Held);
        Self {
            ids: changed.iter().map(|each| each.id.as_uuid()).collect(),
            statuses: changed.iter().map(|each| each.status.as_str()).collect(),
            strategies: changed.iter().map(|each| each.strategy.into()).collect(),
            expires: changed.iter().map(|each| each.expires_at.as_datetime()).collect(),
            orders: changed.iter().map(|each| each.order_id.map(OrderId::as_uuid)).collect(),
            were: changed.iter().map(|each| was(each.id).as_str()).collect(),
        }
    }

    pub(super) fn len(&self) -> i64 {
        rows(&self.ids)
    }
}
