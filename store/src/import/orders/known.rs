//! What has to be known, and made, before an order of the past is decided.

use std::collections::{BTreeSet, HashMap};

use domain::ids::ProductId;
use domain::problem::Problem;
use domain::product::{self, NewProduct};
use domain::sku::Sku;
use domain::text::Name;
use domain::warehouse::WarehouseCode;
use sqlx::{PgConnection, PgPool};

use super::{PastOrder, ROUNDS_MAX};
use crate::error::{StoreError, corrupt, refused};
use crate::ids;
use crate::import::CALLER;
use crate::journal::journal_append_in_tx;
use crate::orders::write::references_taken_in_tx;
use crate::products::product_insert_in_tx;
use crate::stock::stock_read_in_tx;
use crate::tx;
use crate::warehouses::warehouse_list_in_tx;

/// The products of an order, each with its name.
pub(super) type Products = HashMap<Sku, (ProductId, Name)>;

pub(super) struct Known {
    pub(super) products: Products,
    pub(super) products_created: u64,
}

/// The products, those made that are not there; `None` where the order is there already.
pub(super) async fn known(pool: &PgPool, order: &PastOrder) -> Result<Option<Known>, StoreError> {
    for _ in 1..ROUNDS_MAX {
        match tx::retrying(|| known_attempt(pool, order)).await {
            // It was made meanwhile, and is found the next time.
            Err(StoreError::Refused(Problem::SkuTaken { .. })) => {}
            result => return result,
        }
    }
    known_attempt(pool, order).await
}

async fn known_attempt(pool: &PgPool, order: &PastOrder) -> Result<Option<Known>, StoreError> {
    let mut tx = pool.begin().await?;
    if !references_taken_in_tx(&mut tx, &[&order.reference]).await?.is_empty() {
        tx.rollback().await?;
        return Ok(None);
    }
    let skus = order.lines.iter().map(|line| &line.sku).collect();
    let mut products = products_find_in_tx(&mut tx, &skus).await?;
    let mut products_created = 0;
    for line in &order.lines {
        if products.contains_key(&line.sku) {
            continue;
        }
        let name = line.name.as_ref().map_or(line.sku.as_str(), Name::as_str);
        let new = NewProduct::new(line.sku.as_str(), name, line.unit_price).map_err(refused)?;
        let product = product_insert_in_tx(&mut tx, ids::product_id(), &new).await?;
        let draft = product::created(ids::change_id(), &product);
        journal_append_in_tx(&mut tx, &[(CALLER, &draft)], product.created_at).await?;
        products.insert(product.sku, (product.id, product.name));
        products_created += 1;
    }
    if products_created == 0 {
        tx.rollback().await?;
    } else {
        tx::commit(tx).await?;
    }
    Ok(Some(Known { products, products_created }))
}

pub(super) async fn products_find_in_tx(
    conn: &mut PgConnection,
    skus: &BTreeSet<&Sku>,
) -> Result<Products, StoreError> {
    let skus: Vec<String> = skus.iter().map(|sku| sku.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        "select
            id,
            sku,
            name
        from products
        where sku = any($1)",
        &skus,
    )
    .fetch_all(conn)
    .await?;
    let products = rows.into_iter().map(|row| {
        let sku = Sku::new(row.sku).map_err(|error| corrupt("products.sku", error))?;
        let name = Name::new(row.name).map_err(|error| corrupt("products.name", error))?;
        Ok((sku, (ProductId::from_uuid(row.id), name)))
    });
    products.collect()
}

/// What is free of some products, and where more of them is received.
pub(super) struct Free {
    units: HashMap<ProductId, i64>,
    /// The first of the active warehouses.
    pub(super) receiving: WarehouseCode,
}

impl Free {
    pub(super) async fn read(conn: &mut PgConnection, products: BTreeSet<ProductId>) -> Result<Self, StoreError> {
        let warehouses = warehouse_list_in_tx(conn).await?;
        let active: Vec<WarehouseCode> =
            warehouses.into_iter().filter(|warehouse| warehouse.active).map(|warehouse| warehouse.code).collect();
        let mut units = HashMap::new();
        for (key, row) in stock_read_in_tx(conn, &products).await? {
            if active.contains(&key.warehouse) {
                *units.entry(key.product_id).or_default() += row.level.available().max(0);
            }
        }
        let receiving = active.into_iter().next().unwrap_or_else(WarehouseCode::main);
        Ok(Self { units, receiving })
    }

    pub(super) fn of(&self, product_id: ProductId) -> i64 {
        self.units.get(&product_id).copied().unwrap_or_default()
    }
}

pub(super) fn product_of<'a>(products: &'a Products, sku: &Sku) -> Result<(ProductId, &'a Name), StoreError> {
    let found = products.get(sku).map(|(id, name)| (*id, name));
    found.ok_or_else(|| StoreError::Corrupt(format!("product {sku} was found and is not there")))
}
