//! Stock rows, and the change of what is on hand.

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::CommandKind;
use domain::ids::ProductId;
use domain::product::{ProductRef, ProductView};
use domain::quantity::StockDelta;
use domain::stock::{StockKey, StockLevel, StockReason, StockRow};
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::batch::{Render, Reply};
use crate::error::{StoreError, corrupt};
use crate::idempotency::Claim;
use crate::products::product_id_of;
use crate::request::{Answered, Request};
use crate::store::Store;

impl Store {
    /// Changes what is on hand of a product, in the main warehouse if none is named.
    ///
    /// # Errors
    /// `not_found`, `below_reserved`, or `invalid_input` where the warehouse does not exist or the delta
    /// does not go with the reason.
    pub async fn stock_adjust(
        &self,
        request: Request<ProductView>,
        product: &ProductRef,
        warehouse: Option<WarehouseCode>,
        delta: StockDelta,
        reason: StockReason,
    ) -> Result<Answered, StoreError> {
        let product = product.clone();
        let product_id = self.read(async move |mut conn| product_id_of(&mut conn, &product).await).await?;
        let warehouse = warehouse.unwrap_or_else(WarehouseCode::main);
        let kind = CommandKind::Adjust { product_id, warehouse, delta, reason };
        let reply = Reply { claim: Claim::of(&request), render: Render::Product(request.render) };
        self.submit(request.caller, reply, kind).await
    }
}

/// The stock rows of the products.
pub(crate) async fn stock_read_in_tx(
    conn: &mut PgConnection,
    products: &BTreeSet<ProductId>,
) -> Result<BTreeMap<StockKey, StockRow>, StoreError> {
    let ids: Vec<Uuid> = products.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query!(
        "select
            product_id,
            warehouse,
            on_hand,
            reserved,
            version
        from stock
        where product_id = any($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let stock = rows.into_iter().map(|row| {
        let warehouse = WarehouseCode::new(row.warehouse).map_err(|error| corrupt("stock.warehouse", error))?;
        let key = StockKey { product_id: ProductId::from_uuid(row.product_id), warehouse };
        let level = StockLevel { on_hand: row.on_hand, reserved: row.reserved };
        Ok((key, StockRow { level, version: row.version }))
    });
    stock.collect()
}

/// Writes rows that are locked, each with its next version.
pub(crate) async fn stock_update_in_tx(
    conn: &mut PgConnection,
    rows: &[(&StockKey, &StockRow)],
) -> Result<(), StoreError> {
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
