//! One chunk of the demo's orders, in one short transaction: orders and lines first, then the stock of what
//! has not been shipped, under lock in the one order, and the journal last.

use std::collections::{BTreeMap, BTreeSet};

use domain::ids::{CustomerId, OrderId, ProductId};
use domain::money::Money;
use domain::order::OrderStatus;
use domain::stock::{StockKey, StockRow};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Shop;
use super::copy::{Escaped, Nullable, Rows};
use super::journal::Journal;
use super::plan::Planned;
use crate::error::StoreError;
use crate::ids;
use crate::stock::{stock_read_in_tx, stock_update_in_tx};
use crate::tx;

/// Orders that are written together.
pub(super) struct Chunk {
    orders: Vec<(OrderId, Planned, Money)>,
    order_rows: Rows,
    line_rows: Rows,
    /// Units that are to be reserved.
    reserved: BTreeMap<StockKey, i64>,
}

impl Chunk {
    /// The orders from this place on, one for each number. Those of customers who are not known have none.
    pub(super) fn new(shop: &Shop, start: u64, numbers: &[i64], customers: &[Option<CustomerId>]) -> Self {
        let mut chunk = Self {
            orders: Vec::with_capacity(numbers.len()),
            order_rows: Rows::new(
                "copy orders (
                    id, number, status, customer_id, currency, total_minor, items, version, placed_at, updated_at
                ) from stdin",
            ),
            line_rows: Rows::new(
                "copy order_lines (
                    product_id, order_id, line, warehouse, name, unit_price_minor, quantity
                ) from stdin",
            ),
            reserved: BTreeMap::new(),
        };
        for (place, number) in (start..).zip(numbers) {
            let order = shop.plan.order(place);
            let customer = order.customer.and_then(|place| *customers.get(usize::try_from(place).ok()?)?);
            chunk.push(shop, order, *number, customer);
        }
        chunk
    }

    fn push(&mut self, shop: &Shop, order: Planned, number: i64, customer: Option<CustomerId>) {
        let id = ids::order_id();
        let (mut total_minor, mut items) = (0, 0);
        for (place, line) in order.lines.iter().enumerate() {
            let (Some(product), Some(warehouse)) = (shop.plan.product(line), shop.warehouses.get(line.warehouse))
            else {
                continue;
            };
            total_minor += product.price_minor * line.quantity;
            items += line.quantity;
            self.line_rows.push(&[
                &product.id,
                &id,
                &place,
                &Escaped(warehouse.as_str()),
                &Escaped(product.name.as_str()),
                &product.price_minor,
                &line.quantity,
            ]);
        }
        self.order_rows.push(&[
            &id,
            &number,
            &order.status,
            &Nullable(customer),
            &shop.currency,
            &total_minor,
            &items,
            &order.version,
            &order.placed_at,
            &order.updated_at,
        ]);
        for (key, units) in reserved(shop, &order) {
            *self.reserved.entry(key).or_default() += units;
        }
        self.orders.push((id, order, Money::new(total_minor, shop.currency)));
    }
}

/// Draws numbers for so many orders.
pub(super) async fn numbers_in_tx(conn: &mut PgConnection, count: u64) -> Result<Vec<i64>, StoreError> {
    let mut numbers = sqlx::query_scalar!(
        r#"select nextval('order_numbers') as "number!" from generate_series(1, $1::bigint)"#,
        i64::try_from(count).unwrap_or(i64::MAX),
    )
    .fetch_all(conn)
    .await?;
    numbers.sort_unstable();
    Ok(numbers)
}

/// What an order keeps from being sold: nothing, unless it waits to be shipped.
fn reserved(shop: &Shop, order: &Planned) -> Vec<(StockKey, i64)> {
    match order.status {
        OrderStatus::Confirmed | OrderStatus::Processing => {}
        OrderStatus::Pending
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Cancelled
        | OrderStatus::Expired
        | OrderStatus::Returned => return Vec::new(),
    }
    let keys = order.lines.iter().filter_map(|line| {
        let product_id = shop.plan.product(line)?.id;
        let warehouse = shop.warehouses.get(line.warehouse)?.clone();
        Some((StockKey { product_id, warehouse }, line.quantity))
    });
    keys.collect()
}

pub(super) async fn attempt(pool: &PgPool, shop: &Shop, chunk: &Chunk) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    if let Some((first, _, _)) = chunk.orders.first() {
        // A commit whose answer was lost: these are there already.
        let there = sqlx::query_scalar!(r#"select 1 as "one!" from orders where id = $1"#, first.as_uuid());
        if there.fetch_optional(&mut *tx).await?.is_some() {
            tx.rollback().await?;
            return Ok(());
        }
    }
    chunk.order_rows.copy_in_tx(&mut tx).await?;
    chunk.line_rows.copy_in_tx(&mut tx).await?;
    let mut stock = stock_lock_in_tx(&mut tx, &chunk.reserved).await?;
    let now = tx::clock_in_tx(&mut tx).await?;
    let mut journal = Journal::new(now);
    for (key, units) in &chunk.reserved {
        journal.received(&mut stock, key, *units)?;
    }
    for (id, order, total) in &chunk.orders {
        journal.imported(&mut stock, *id, order, *total, &reserved(shop, order))?;
    }
    let missing = |key: &StockKey| StoreError::Corrupt(format!("no stock row of {}", key.product_id));
    let moved = chunk.reserved.keys().map(|key| Ok((key, stock.get(key).ok_or_else(|| missing(key))?)));
    let moved = moved.collect::<Result<Vec<_>, StoreError>>()?;
    if !moved.is_empty() {
        stock_update_in_tx(&mut tx, &moved).await?;
    }
    journal.rows.copy_in_tx(&mut tx).await?;
    tx::commit(tx).await
}

/// Makes the stock rows that are missing, locks all in order, and reads them.
async fn stock_lock_in_tx(
    conn: &mut PgConnection,
    wanted: &BTreeMap<StockKey, i64>,
) -> Result<BTreeMap<StockKey, StockRow>, StoreError> {
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let products: Vec<Uuid> = wanted.keys().map(|key| key.product_id.as_uuid()).collect();
    let warehouses: Vec<String> = wanted.keys().map(|key| key.warehouse.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into stock (product_id, warehouse)
        select *
        from unnest(
            $1::uuid[],
            $2::text[]
        )
        on conflict do nothing",
        &products,
        &warehouses,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "select product_id, warehouse
        from stock
        where product_id = any($1)
        order by product_id, warehouse
        for update",
        &products,
    )
    .fetch_all(&mut *conn)
    .await?;
    let products: BTreeSet<ProductId> = wanted.keys().map(|key| key.product_id).collect();
    stock_read_in_tx(conn, &products).await
}
