//! A shop with a past, to look around in: products, customers and any number of orders over two years,
//! written by COPY. They are consistent with stock and journal: an order of the past is one entry,
//! `order.imported`, for its goods came and went; what has not been shipped yet is received and reserved.

mod copy;
mod goods;
mod journal;
mod orders;
mod plan;

use std::collections::HashMap;
use std::sync::Arc;

use domain::actor::{Actor, SystemActor};
use domain::currency::Currency;
use domain::ids::{CustomerId, ProductId};
use domain::problem::Problem;
use domain::product;
use domain::text::Name;
use domain::warehouse::WarehouseCode;
use sqlx::{PgConnection, PgPool};
use tokio::task::JoinSet;
use uuid::Uuid;

use self::plan::{Plan, Sold};
use crate::error::{StoreError, corrupt, refused};
use crate::ids;
use crate::journal::journal_append_in_tx;
use crate::products::product_insert_in_tx;
use crate::request::Caller;
use crate::store::Store;
use crate::tx;
use crate::warehouses::warehouse_list_in_tx;

/// Whom the journal names.
const CALLER: Caller = Caller { actor: Actor::System(SystemActor::Demo), request_id: None };
/// How many orders are written in one transaction, of less than half a second.
const ORDERS_PER_TRANSACTION: u64 = 2_500;
/// How many such transactions are under way at once.
const TRANSACTIONS_AT_ONCE: u64 = 4;
/// How many products are made in one transaction.
const PRODUCTS_PER_CHUNK: usize = 250;
/// The most products that are sold, where there are more.
const PRODUCTS_MAX: i64 = 50_000;

/// What a demo is to be like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DemoOptions {
    pub orders: u64,
    /// How many products are made if there is none to sell.
    pub products: u32,
    /// The same seed on the same products gives the same orders.
    pub seed: u64,
}

/// A demo under way.
#[derive(Debug)]
pub struct Demo {
    shop: Arc<Shop>,
    /// By their place among all; `None` where somebody else has the address of one.
    customers: Vec<Option<CustomerId>>,
    written: u64,
    orders: u64,
    products_made: u64,
}

/// What the orders are made of.
#[derive(Debug)]
struct Shop {
    plan: Plan,
    currency: Currency,
    /// The active ones, by priority.
    warehouses: Vec<WarehouseCode>,
}

impl Demo {
    /// Orders written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Products that had to be made.
    pub fn products_made(&self) -> u64 {
        self.products_made
    }
}

impl Store {
    /// Reads what there is to sell, and makes products where there is nothing.
    ///
    /// # Errors
    /// `invalid_input` where no warehouse is active; what the database said.
    pub async fn demo_begin(&self, options: DemoOptions) -> Result<Demo, StoreError> {
        let pool = self.pool.clone();
        tx::detached(async move {
            let (mut products, mut currency) = products_on_sale(&mut *pool.acquire().await?).await?;
            let mut products_made = 0;
            if products.is_empty() {
                products_made = products_make(&pool, options).await?;
                (products, currency) = products_on_sale(&mut *pool.acquire().await?).await?;
            }
            if products.is_empty() {
                return Err(Problem::field("products", "must be 1 or more where there are none").into());
            }
            let mut conn = pool.acquire().await?;
            let warehouses = warehouse_list_in_tx(&mut conn).await?.into_iter().filter(|warehouse| warehouse.active);
            let warehouses: Vec<WarehouseCode> = warehouses.map(|warehouse| warehouse.code).collect();
            if warehouses.is_empty() {
                return Err(Problem::field("warehouse", "must be active, one at least").into());
            }
            let now = tx::clock_in_tx(&mut conn).await?;
            let plan = Plan::new(options.seed, options.orders, now, products, warehouses.len());
            let shop = Arc::new(Shop { plan, currency, warehouses });
            Ok(Demo { shop, customers: Vec::new(), written: 0, orders: options.orders, products_made })
        })
        .await
    }

    /// Writes the next orders, with the customers who are new, and tells how many; 0 once all are written.
    /// What is written stays, whatever comes after.
    ///
    /// # Errors
    /// What the database said.
    pub async fn demo_continue(&self, demo: &mut Demo) -> Result<u64, StoreError> {
        let (start, known) = (demo.written, demo.customers.len() as u64);
        let end = demo.orders.min(start + ORDERS_PER_TRANSACTION * TRANSACTIONS_AT_ONCE);
        if start >= end {
            return Ok(0);
        }
        let pool = self.pool.clone();
        let new =
            tx::detached(async move { tx::retrying(|| customers_attempt(&pool, known..Plan::customers(end))).await });
        demo.customers.extend(new.await?);
        let numbers = self.read(async move |mut conn| orders::numbers_in_tx(&mut conn, end - start).await).await?;

        let mut under_way = JoinSet::new();
        let mut places = start;
        for numbers in numbers.chunks(ORDERS_PER_TRANSACTION as usize) {
            let chunk = orders::Chunk::new(&demo.shop, places, numbers, &demo.customers);
            places += numbers.len() as u64;
            let (pool, shop) = (self.pool.clone(), demo.shop.clone());
            under_way.spawn(async move { tx::retrying(|| orders::attempt(&pool, &shop, &chunk)).await });
        }
        // All of them to their end, whatever becomes of one: nothing is written behind the caller's back.
        let results = under_way.join_all().await;
        results.into_iter().collect::<Result<(), StoreError>>()?;
        demo.written = end;
        Ok(end - start)
    }

    /// Tells the database's planner what there is now, which it would notice by itself in a minute.
    ///
    /// # Errors
    /// What the database said.
    pub async fn demo_end(&self, demo: Demo) -> Result<(), StoreError> {
        drop(demo);
        self.read(async move |mut conn| {
            // A login that does not own the tables is told so in a warning, and no more.
            sqlx::query!("analyze orders, order_lines, customers, journal").execute(&mut *conn).await?;
            Ok(())
        })
        .await
    }
}

/// What can be sold at prices in one currency: the one that most products have.
async fn products_on_sale(conn: &mut PgConnection) -> Result<(Vec<Sold>, Currency), StoreError> {
    let rows = sqlx::query!(
        "select
            id,
            name,
            price_minor,
            currency
        from products
        where not archived
          and price_minor > 0
        order by sku
        limit $1",
        PRODUCTS_MAX,
    )
    .fetch_all(conn)
    .await?;
    let mut by_currency: HashMap<String, Vec<Sold>> = HashMap::new();
    for row in rows {
        let name = Name::new(row.name).map_err(|error| corrupt("products.name", error))?;
        let sold = Sold { id: ProductId::from_uuid(row.id), name, price_minor: row.price_minor };
        by_currency.entry(row.currency).or_default().push(sold);
    }
    let most = by_currency
        .into_iter()
        .max_by(|(code, left), (other, right)| left.len().cmp(&right.len()).then_with(|| other.cmp(code)));
    match most {
        Some((code, products)) => Ok((products, code.parse().map_err(|error| corrupt("products.currency", error))?)),
        None => Ok((Vec::new(), Currency::GBP)),
    }
}

async fn products_make(pool: &PgPool, options: DemoOptions) -> Result<u64, StoreError> {
    let numbers: Vec<u32> = (1..=options.products).collect();
    let mut made = 0;
    for chunk in numbers.chunks(PRODUCTS_PER_CHUNK) {
        made += tx::retrying(|| products_attempt(pool, options.seed, chunk)).await?;
    }
    Ok(made)
}

async fn products_attempt(pool: &PgPool, seed: u64, numbers: &[u32]) -> Result<u64, StoreError> {
    let mut tx = pool.begin().await?;
    for number in numbers {
        let new = goods::product(seed, *number).map_err(refused)?;
        let product = product_insert_in_tx(&mut tx, ids::product_id(), &new).await?;
        let draft = product::created(ids::change_id(), &product);
        journal_append_in_tx(&mut tx, &[(CALLER, &draft)], product.created_at).await?;
    }
    tx::commit(tx).await?;
    Ok(numbers.len() as u64)
}

/// The customers at these places among all, those made that are not there.
async fn customers_attempt(pool: &PgPool, places: std::ops::Range<u64>) -> Result<Vec<Option<CustomerId>>, StoreError> {
    let references: Vec<String> = places.clone().map(|place| format!("demo-{:06}", place + 1)).collect();
    let ids: Vec<Uuid> = places.clone().map(|_| ids::customer_id().as_uuid()).collect();
    let names: Vec<String> = places.map(goods::person).collect();
    let emails: Vec<String> = names
        .iter()
        .zip(&references)
        .map(|(name, reference)| format!("{}.{reference}@example.com", name.to_lowercase().replace(' ', ".")))
        .collect();
    let mut tx = pool.begin().await?;
    sqlx::query!(
        "insert into customers (
            id,
            email,
            name,
            reference,
            created_at
        )
        select *, clock_timestamp()
        from unnest(
            $1::uuid[],
            $2::text[],
            $3::text[],
            $4::text[]
        )
        on conflict do nothing",
        &ids,
        &emails,
        &names,
        &references,
    )
    .execute(&mut *tx)
    .await?;
    let rows = sqlx::query!(
        r#"select
            id,
            reference as "reference!"
        from customers
        where reference = any($1)"#,
        &references,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx::commit(tx).await?;
    let found: HashMap<String, Uuid> = rows.into_iter().map(|row| (row.reference, row.id)).collect();
    Ok(references.iter().map(|reference| found.get(reference).copied().map(CustomerId::from_uuid)).collect())
}
