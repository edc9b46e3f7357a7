//! Figures about the whole. They read much, so they are read in the background.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use domain::order::OrderStatus;
use domain::reservation::ReservationStatus;
use domain::stats::Stats;
use domain::stock::StockLevel;
use domain::warehouse::WarehouseCode;
use strum::VariantArray as _;

use crate::error::{StoreError, corrupt};
use crate::store::Store;
use crate::tx;

impl Store {
    /// Reads the figures anew, for [`Store::stats`] to give.
    ///
    /// # Errors
    /// What the database said; the figures then stay as they were.
    pub async fn stats_refresh_once(&self) -> Result<Stats, StoreError> {
        let stats = self.read(async |mut conn| stats_in_tx(&mut conn).await).await?;
        *self.stats.write().unwrap_or_else(PoisonError::into_inner) = Some(stats.clone());
        Ok(stats)
    }
}

async fn stats_in_tx(conn: &mut sqlx::PgConnection) -> Result<Stats, StoreError> {
    let as_of = tx::clock_in_tx(conn).await?;
    let products = sqlx::query!(
        r#"select
            count(*) as "products!",
            coalesce(sum(levels.on_hand), 0)::bigint as "on_hand!",
            coalesce(sum(levels.reserved), 0)::bigint as "reserved!",
            coalesce(sum(levels.available), 0)::bigint as "available!",
            count(*) filter (
                where coalesce(levels.available, 0) <= products.low_stock_threshold
            ) as "low_stock!"
        from products
        left join (
            select
                product_id,
                sum(on_hand)::bigint as on_hand,
                sum(reserved)::bigint as reserved,
                (sum(on_hand - reserved) filter (where warehouses.active))::bigint as available
            from stock
            join warehouses on warehouses.code = stock.warehouse
            group by product_id
        ) as levels on levels.product_id = products.id
        where not products.archived"#,
    )
    .fetch_one(&mut *conn)
    .await?;
    let levels = sqlx::query!(
        r#"select
            warehouse,
            sum(on_hand)::bigint as "on_hand!",
            sum(reserved)::bigint as "reserved!"
        from stock
        group by warehouse"#,
    )
    .fetch_all(&mut *conn)
    .await?;
    let levels = levels.into_iter().map(|row| {
        let code = WarehouseCode::new(row.warehouse).map_err(|error| corrupt("stock.warehouse", error))?;
        Ok((code, StockLevel { on_hand: row.on_hand, reserved: row.reserved }))
    });
    let warehouses: BTreeMap<WarehouseCode, StockLevel> = levels.collect::<Result<_, StoreError>>()?;
    let counted = sqlx::query!(r#"select status, count(*) as "reservations!" from reservations group by status"#,)
        .fetch_all(&mut *conn)
        .await?;
    let mut reservations: BTreeMap<ReservationStatus, i64> =
        ReservationStatus::VARIANTS.iter().map(|status| (*status, 0)).collect();
    for row in counted {
        let status = row.status.parse().map_err(|error| corrupt("reservations.status", error))?;
        reservations.insert(status, row.reservations);
    }
    let counted = sqlx::query!(r#"select status, count(*) as "orders!" from orders group by status"#);
    let counted = counted.fetch_all(conn).await?;
    let mut orders: BTreeMap<OrderStatus, i64> = OrderStatus::VARIANTS.iter().map(|status| (*status, 0)).collect();
    for row in counted {
        let status = row.status.parse().map_err(|error| corrupt("orders.status", error))?;
        orders.insert(status, row.orders);
    }
    Ok(Stats {
        as_of,
        products: products.products,
        on_hand: products.on_hand,
        reserved: products.reserved,
        available: products.available,
        warehouses,
        low_stock: products.low_stock,
        reservations,
        orders,
    })
}
