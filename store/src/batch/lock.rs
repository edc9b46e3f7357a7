//! The locks of a batch, in the one order that all take them in: reservations by id, then stock by
//! (product, warehouse). So no two can wait for each other.

use std::collections::BTreeSet;

use domain::decide::CommandKind;
use domain::ids::{ProductId, ReservationId};
use domain::stock::StockKey;
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Item;
use crate::error::{StoreError, corrupt};

/// What to do about a reservation that another transaction has locked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Locking {
    Wait,
    /// Leave it out: whoever has it will see to it. For the sweep.
    Skip,
}

/// Locks those of the reservations that exist, and tells which.
pub(super) async fn reservations_in_tx(
    conn: &mut PgConnection,
    ids: &BTreeSet<ReservationId>,
    locking: Locking,
) -> Result<Vec<ReservationId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let locked = match locking {
        Locking::Wait => {
            sqlx::query_scalar!(
                "select id
                from reservations
                where id = any($1)
                order by id
                for update",
                &ids,
            )
            .fetch_all(conn)
            .await?
        }
        Locking::Skip => {
            sqlx::query_scalar!(
                "select id
                from reservations
                where id = any($1)
                order by id
                for update skip locked",
                &ids,
            )
            .fetch_all(conn)
            .await?
        }
    };
    Ok(locked.into_iter().map(ReservationId::from_uuid).collect())
}

/// Locks all stock rows of the products, and tells which. A row that is to be adjusted is made first where
/// it is missing.
pub(super) async fn stock_in_tx(
    conn: &mut PgConnection,
    products: &BTreeSet<ProductId>,
    items: &[Item],
) -> Result<BTreeSet<StockKey>, StoreError> {
    if products.is_empty() {
        return Ok(BTreeSet::new());
    }
    let adjusted: BTreeSet<(Uuid, &str)> = items.iter().filter_map(adjusted).collect();
    if !adjusted.is_empty() {
        let (product_ids, warehouses): (Vec<Uuid>, Vec<String>) =
            adjusted.into_iter().map(|(id, warehouse)| (id, warehouse.to_owned())).unzip();
        // In the order of the locks: whoever makes the same row is waited for as for a lock.
        sqlx::query!(
            "insert into stock (product_id, warehouse)
            select adjusted.product_id, warehouses.code
            from unnest($1::uuid[], $2::text[]) as adjusted (product_id, warehouse)
            join warehouses on warehouses.code = adjusted.warehouse
            order by adjusted.product_id, warehouses.code
            on conflict do nothing",
            &product_ids,
            &warehouses,
        )
        .execute(&mut *conn)
        .await?;
    }
    let ids: Vec<Uuid> = products.iter().map(|id| id.as_uuid()).collect();
    let locked = sqlx::query!(
        "select product_id, warehouse
        from stock
        where product_id = any($1)
        order by product_id, warehouse
        for update",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let keys = locked.into_iter().map(|row| {
        let warehouse = WarehouseCode::new(row.warehouse).map_err(|error| corrupt("stock.warehouse", error))?;
        Ok(StockKey { product_id: ProductId::from_uuid(row.product_id), warehouse })
    });
    keys.collect()
}

/// The stock row that a command changes even where it is not there yet.
fn adjusted(item: &Item) -> Option<(Uuid, &str)> {
    match &item.command.kind {
        CommandKind::Adjust { product_id, warehouse, .. } => Some((product_id.as_uuid(), warehouse.as_str())),
        CommandKind::Hold { .. }
        | CommandKind::Change { .. }
        | CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Place(_)
        | CommandKind::Proceed(_) => None,
    }
}
