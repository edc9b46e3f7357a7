//! Products as they stand in their table.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::ids::ProductId;
use domain::money::Money;
use domain::product::Product;
use domain::sku::Sku;
use domain::text::Name;
use domain::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{StoreError, corrupt};

/// Reads the products that exist.
pub(crate) async fn products_read_in_tx(
    conn: &mut PgConnection,
    ids: &BTreeSet<ProductId>,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        ProductRow,
        "select
            id,
            sku,
            name,
            price_minor,
            currency,
            low_stock_threshold,
            archived,
            version,
            created_at
        from products
        where id = any($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let products = rows.into_iter().map(|row| Product::try_from(row).map(|product| (product.id, product)));
    products.collect()
}

/// A product as it stands in its table.
pub(crate) struct ProductRow {
    pub(crate) id: Uuid,
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) price_minor: i64,
    pub(crate) currency: String,
    pub(crate) low_stock_threshold: Option<i64>,
    pub(crate) archived: bool,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let ProductRow { id, sku, name, price_minor, currency, low_stock_threshold, archived, version, created_at } =
            row;
        Ok(Self {
            id: ProductId::from_uuid(id),
            sku: Sku::new(sku).map_err(|error| corrupt("products.sku", error))?,
            name: Name::new(name).map_err(|error| corrupt("products.name", error))?,
            price: price(price_minor, &currency)?,
            archived,
            low_stock_threshold,
            version,
            created_at: Timestamp::new(created_at),
        })
    }
}

pub(super) fn price(minor: i64, currency: &str) -> Result<Money, StoreError> {
    let currency = currency.parse().map_err(|error| corrupt("products.currency", error))?;
    Ok(Money::new(minor, currency))
}
