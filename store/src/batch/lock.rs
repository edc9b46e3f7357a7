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
    for item in items {
        if let CommandKind::Adjust { product_id, warehouse, .. } = &item.command.kind {
            sqlx::query!(
                "insert into stock (product_id, warehouse)
                select $1, warehouses.code
                from warehouses
                where warehouses.code = $2
                on conflict do nothing",
                product_id.as_uuid(),
                warehouse.as_str(),
            )
            .execute(&mut *conn)
            .await?;
        }
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
