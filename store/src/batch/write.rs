//! What a batch changes, in one statement a table.

use std::collections::BTreeSet;

use domain::decide::{ReservationWrite, State};
use domain::ids::ReservationId;
use domain::journal::ChangeDraft;
use domain::reservation::Reservation;
use domain::stock::StockKey;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::StoreError;
use crate::request::Caller;
use crate::reservations::{reservations_insert_in_tx, reservations_update_in_tx};

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
    let products: Vec<Uuid> = rows.iter().map(|(key, _)| key.product_id.as_uuid()).collect();
    let warehouses: Vec<String> = rows.iter().map(|(key, _)| key.warehouse.as_str().to_owned()).collect();
    let on_hand: Vec<i64> = rows.iter().map(|(_, row)| row.level.on_hand).collect();
    let reserved: Vec<i64> = rows.iter().map(|(_, row)| row.level.reserved).collect();
    let versions: Vec<i64> = rows.iter().map(|(_, row)| row.version).collect();
    let updated = sqlx::query!(
        "update stock
        set
            on_hand = moved.on_hand,
            reserved = moved.reserved,
            version = moved.version
        from unnest(
            $1::uuid[],
            $2::text[],
            $3::bigint[],
            $4::bigint[],
            $5::bigint[]
        ) as moved (product_id, warehouse, on_hand, reserved, version)
        where stock.product_id = moved.product_id
          and stock.warehouse = moved.warehouse
          and stock.version < moved.version",
        &products,
        &warehouses,
        &on_hand,
        &reserved,
        &versions,
    )
    .execute(conn)
    .await?
    .rows_affected();
    if updated == rows.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Corrupt(format!("{updated} of {} stock rows took their new level", rows.len())))
    }
}

/// Writes each reservation that was changed once, as the state has it in the end.
pub(super) async fn reservations_in_tx(
    conn: &mut PgConnection,
    state: &State,
    writes: impl Iterator<Item = ReservationWrite>,
) -> Result<(), StoreError> {
    let (mut inserted, mut updated, mut replaced) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for write in writes {
        match write {
            ReservationWrite::Insert(id) => inserted.insert(id),
            ReservationWrite::Update(id) => updated.insert(id),
            ReservationWrite::Replace(id) => updated.insert(id) | replaced.insert(id),
        };
    }
    let read = |ids: BTreeSet<ReservationId>| -> Vec<&Reservation> {
        ids.into_iter().filter_map(|id| state.reservations.get(&id)).collect()
    };
    updated.retain(|id| !inserted.contains(id));
    replaced.retain(|id| !inserted.contains(id));
    reservations_insert_in_tx(conn, &read(inserted)).await?;
    reservations_update_in_tx(conn, &read(updated), &read(replaced)).await
}
