//! What a batch changes, in one statement a table.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::{State, Write};
use domain::ids::{CustomerId, OrderId, ReservationId};
use domain::journal::ChangeDraft;
use domain::order::Order;
use domain::reservation::{Reservation, ReservationStatus};
use domain::stock::StockKey;
use sqlx::PgConnection;

use crate::error::StoreError;
use crate::idempotency::Claimed;
use crate::orders::write::{customers_insert_in_tx, orders_insert_in_tx, orders_update_in_tx};
use crate::request::Caller;
use crate::reservations::{reservations_insert_in_tx, reservations_update_in_tx};
use crate::stock::stock_update_in_tx;

/// Writes the stock rows that the changes moved, as the state has them in the end.
pub(super) async fn stock_in_tx(
    conn: &mut PgConnection,
    state: &State,
    changes: &[(Caller, &ChangeDraft)],
) -> Result<(), StoreError> {
    let entries = changes.iter().flat_map(|(_, change)| &change.entries);
    let keys: BTreeSet<&StockKey> = entries.filter_map(|entry| Some(&entry.stock.as_ref()?.key)).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = keys.iter().filter_map(|key| Some((*key, state.stock.get(key)?))).collect();
    stock_update_in_tx(conn, &rows).await
}

/// Which rows are to be written, each once.
#[derive(Default)]
pub(super) struct Writes {
    inserted: BTreeSet<ReservationId>,
    updated: BTreeSet<ReservationId>,
    replaced: BTreeSet<ReservationId>,
    customers: BTreeSet<CustomerId>,
    orders_inserted: BTreeSet<OrderId>,
    orders_updated: BTreeSet<OrderId>,
    orders_replaced: BTreeSet<OrderId>,
}

impl Writes {
    pub(super) fn of(all: impl Iterator<Item = Write>) -> Self {
        let mut writes = Self::default();
        for write in all {
            match write {
                Write::InsertReservation(id) => writes.inserted.insert(id),
                Write::UpdateReservation(id) => writes.updated.insert(id),
                Write::ReplaceReservation(id) => writes.updated.insert(id) | writes.replaced.insert(id),
                Write::InsertCustomer(id) => writes.customers.insert(id),
                Write::InsertOrder(id) => writes.orders_inserted.insert(id),
                Write::UpdateOrder(id) => writes.orders_updated.insert(id),
                Write::ReplaceOrder(id) => writes.orders_updated.insert(id) | writes.orders_replaced.insert(id),
            };
        }
        // What is new is written whole.
        writes.updated.retain(|id| !writes.inserted.contains(id));
        writes.replaced.retain(|id| !writes.inserted.contains(id));
        writes.orders_updated.retain(|id| !writes.orders_inserted.contains(id));
        writes.orders_replaced.retain(|id| !writes.orders_inserted.contains(id));
        writes
    }

    /// Writes the reservations as the state has them in the end; `before` is what they were.
    pub(super) async fn reservations_in_tx(
        &self,
        conn: &mut PgConnection,
        state: &State,
        before: &BTreeMap<ReservationId, ReservationStatus>,
    ) -> Result<(), StoreError> {
        let read = |ids: &BTreeSet<ReservationId>| -> Vec<&Reservation> {
            ids.iter().filter_map(|id| state.reservations.get(id)).collect()
        };
        reservations_insert_in_tx(conn, &read(&self.inserted)).await?;
        reservations_update_in_tx(conn, &read(&self.updated), &read(&self.replaced), before).await
    }

    /// Writes the customers and orders as the state has them in the end.
    pub(super) async fn orders_in_tx(
        &self,
        conn: &mut PgConnection,
        state: &State,
    ) -> Result<Result<(), Claimed>, StoreError> {
        let read =
            |ids: &BTreeSet<OrderId>| -> Vec<&Order> { ids.iter().filter_map(|id| state.orders.get(id)).collect() };
        if let Err(Claimed) = customers_insert_in_tx(conn, state, &self.customers).await? {
            return Ok(Err(Claimed));
        }
        if let Err(Claimed) = orders_insert_in_tx(conn, &read(&self.orders_inserted)).await? {
            return Ok(Err(Claimed));
        }
        orders_update_in_tx(conn, &read(&self.orders_updated), &read(&self.orders_replaced)).await?;
        Ok(Ok(()))
    }
}
