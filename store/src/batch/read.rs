//! What a batch decides on. A statement that waited for a lock keeps the snapshot it began with, so what is to be
//! read as it is under the locks is read by a statement after the one that took them; the clock, after the locks.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::decide::{CommandKind, Placing, State};
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::product::Product;
use domain::stock::{StockKey, StockLevel, StockRow};
use domain::time::Timestamp;
use domain::warehouse::{Warehouse, WarehouseCode};
use sqlx::PgConnection;
use uuid::Uuid;

use super::lock::{Locking, Locks};
use super::named::{order_of, products_of, reservation_of};
use super::{Item, Lookup};
use crate::error::{StoreError, corrupt};
use crate::idempotency::{Claim, Standing};
use crate::orders::customers::customers_find_in_tx;
use crate::orders::write::references_taken_in_tx;
use crate::products::rows::ProductRow;
use crate::request::{Fingerprint, Rendered};
use crate::warehouses::warehouse;

/// What was read under the locks.
pub(super) struct Read {
    pub(super) state: State,
    pub(super) kept: Kept,
    /// Whether `kept` may lack what was kept while the locks were waited for.
    pub(super) kept_may_be_stale: bool,
    pub(super) busy: Busy,
    /// Of all that is known of warehouses: as long as it is the same, they are.
    pub(super) warehouses_digest: String,
}

/// The answers that are kept under keys of this batch.
#[derive(Default, Debug)]
pub(super) struct Kept(HashMap<String, Vec<(String, Fingerprint, Rendered)>>);

/// What another transaction has locked, where nobody waits for it.
#[derive(Default, Debug)]
pub(super) struct Busy {
    reservations: BTreeSet<ReservationId>,
    orders: BTreeSet<OrderId>,
    products: BTreeSet<ProductId>,
}

type WarehouseColumns = (String, String, i32, bool);
type ProductColumns = (Uuid, String, String, i64, String, Option<i64>, bool, i64, DateTime<Utc>);
type StockColumns = (Uuid, String, i64, i64, i64);
type KeptColumns = (String, String, Vec<u8>, i16, Option<String>, Option<String>, Vec<u8>);

/// Reads the clock, the keys already used, warehouses, products and stock in one statement, and locks the stock where
/// that has not been done, for the way to the database and back is what a small batch spends most of its time on.
pub(super) async fn all_in_tx(
    conn: &mut PgConnection,
    items: &[&Item],
    locks: Locks,
    locking: Locking,
    lookup: Lookup,
) -> Result<Read, StoreError> {
    let products: Vec<Uuid> = locks.products.iter().map(|id| id.as_uuid()).collect();
    let (to_lock, locked_before) = match locks.stock {
        Some(_) => (&[][..], &products[..]),
        None => (&products[..], &[][..]),
    };
    let claims = || {
        let claims = items.iter().filter_map(|item| Some(&item.reply.as_ref()?.claim));
        claims.filter(|claim| lookup == Lookup::All || claim.standing == Standing::Seen)
    };
    let keys: Vec<String> = claims().map(|claim| claim.key.as_str().to_owned()).collect();
    let callers: Vec<String> = claims().map(|claim| claim.caller.clone()).collect();
    let row = sqlx::query!(
        r#"with locked as materialized (
            select
                product_id,
                warehouse,
                on_hand,
                reserved,
                version
            from stock
            where product_id = any($4)
            order by product_id, warehouse
            for update
        )
        select
            -- Once they are counted they are locked.
            (
                select case when count(*) >= 0 then date_trunc('milliseconds', clock_timestamp()) end
                from locked
            ) as "now!",
            array(
                select row(
                    code,
                    name,
                    priority,
                    active
                )
                from warehouses
                order by priority, code
            ) as "warehouses!: Vec<WarehouseColumns>",
            -- As in write.sql.
            (
                select coalesce(encode(sha256(convert_to(string_agg(warehouses::text, chr(10) order by code), 'UTF8')), 'hex'), '')
                from warehouses
            ) as "warehouses_digest!",
            array(
                select row(
                    id,
                    sku,
                    name,
                    price_minor,
                    currency,
                    low_stock_threshold,
                    archived,
                    version,
                    created_at
                )
                from products
                where id = any($1)
            ) as "products!: Vec<ProductColumns>",
            array(
                select row(
                    product_id,
                    warehouse,
                    on_hand,
                    reserved,
                    version
                )
                from locked
                union all
                select row(
                    product_id,
                    warehouse,
                    on_hand,
                    reserved,
                    version
                )
                from stock
                where product_id = any($5)
            ) as "stock!: Vec<StockColumns>",
            array(
                select row(
                    kept.key,
                    kept.caller,
                    kept.fingerprint,
                    kept.status,
                    kept.etag,
                    kept.location,
                    kept.body
                )
                from unnest($2::text[], $3::text[]) as claimed (key, caller)
                join idempotency_keys as kept
                    on kept.key = claimed.key
                    and kept.caller = claimed.caller
            ) as "kept!: Vec<KeptColumns>""#,
        &products,
        &keys,
        &callers,
        to_lock,
        locked_before,
    )
    .fetch_one(&mut *conn)
    .await?;

    let stock: BTreeMap<StockKey, StockRow> = row.stock.into_iter().map(stock_row).collect::<Result<_, _>>()?;
    let busy = match locking {
        Locking::Wait | Locking::Skip => Busy::default(),
        Locking::Spare => Busy::in_tx(conn, &locks, &stock).await?,
    };
    let placings = || items.iter().filter_map(|item| placing(item));
    let customers = placings().filter_map(|placing| placing.customer.as_ref()).map(|(_, request)| request);
    let customers = customers_find_in_tx(conn, &customers.collect::<Vec<_>>()).await?;
    let references = placings().filter_map(|placing| placing.reference.as_ref());
    let references_taken = references_taken_in_tx(conn, &references.collect::<Vec<_>>()).await?;
    let Locks { reservations, orders, stock: locked, .. } = locks;
    let kept_may_be_stale = locked.is_none();
    let state = State {
        now: Timestamp::new(row.now),
        warehouses: row.warehouses.into_iter().map(warehouse_row).collect::<Result<_, _>>()?,
        products: row.products.into_iter().map(product_row).collect::<Result<_, _>>()?,
        // Only what is locked: a row that was made while the locks were waited for is not, and others may
        // be changing it.
        stock: stock.into_iter().filter(|(key, _)| locked.as_ref().is_none_or(|locked| locked.contains(key))).collect(),
        reservations: reservations.into_iter().map(|each| (each.id, each)).collect(),
        orders: orders.into_iter().map(|each| (each.id, each)).collect(),
        customers,
        references_taken,
    };
    let warehouses_digest = row.warehouses_digest;
    Ok(Read { state, kept: Kept::new(row.kept)?, kept_may_be_stale, busy, warehouses_digest })
}

fn placing(item: &Item) -> Option<&Placing> {
    match &item.command.kind {
        CommandKind::Place(placing) => Some(placing),
        CommandKind::Hold { .. }
        | CommandKind::Change { .. }
        | CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Adjust { .. }
        | CommandKind::Transfer(_)
        | CommandKind::Proceed(_) => None,
    }
}

fn warehouse_row((code, name, priority, active): WarehouseColumns) -> Result<Warehouse, StoreError> {
    warehouse(code, name, priority, active)
}

fn product_row(columns: ProductColumns) -> Result<(ProductId, Product), StoreError> {
    let (id, sku, name, price_minor, currency, low_stock_threshold, archived, version, created_at) = columns;
    let row = ProductRow { id, sku, name, price_minor, currency, low_stock_threshold, archived, version, created_at };
    Product::try_from(row).map(|product| (product.id, product))
}

fn stock_row(
    (product_id, warehouse, on_hand, reserved, version): StockColumns,
) -> Result<(StockKey, StockRow), StoreError> {
    let warehouse = WarehouseCode::new(warehouse).map_err(|error| corrupt("stock.warehouse", error))?;
    let key = StockKey { product_id: ProductId::from_uuid(product_id), warehouse };
    Ok((key, StockRow { level: StockLevel { on_hand, reserved }, version }))
}

impl Kept {
    fn new(rows: Vec<KeptColumns>) -> Result<Self, StoreError> {
        let mut kept = Self::default();
        for (key, caller, fingerprint, status, etag, location, body) in rows {
            let fingerprint = fingerprint.try_into().map_err(|_| corrupt("a kept fingerprint", "has not 32 bytes"))?;
            let status = u16::try_from(status).map_err(|error| corrupt("a kept status", error))?;
            let rendered = Rendered { status, etag, location, body };
            kept.0.entry(key).or_default().push((caller, Fingerprint(fingerprint), rendered));
        }
        Ok(kept)
    }

    pub(super) fn get(&self, claim: &Claim) -> Option<(&Fingerprint, &Rendered)> {
        let answers = self.0.get(claim.key.as_str())?;
        let answer = answers.iter().find(|(caller, ..)| *caller == claim.caller)?;
        Some((&answer.1, &answer.2))
    }
}

impl Busy {
    /// What exists and is not locked.
    async fn in_tx(
        conn: &mut PgConnection,
        locks: &Locks,
        stock: &BTreeMap<StockKey, StockRow>,
    ) -> Result<Self, StoreError> {
        let reservations: Vec<Uuid> = locks.reservations_missed.iter().map(|id| id.as_uuid()).collect();
        let orders: Vec<Uuid> = locks.orders_missed.iter().map(|id| id.as_uuid()).collect();
        let found = sqlx::query!(
            r#"select
                array(select id from reservations where id = any($1)) as "reservations!: Vec<Uuid>",
                array(select id from orders where id = any($2)) as "orders!: Vec<Uuid>""#,
            &reservations,
            &orders,
        )
        .fetch_one(conn)
        .await?;
        let missed = stock.keys().filter(|key| locks.stock.as_ref().is_some_and(|locked| !locked.contains(key)));
        Ok(Self {
            reservations: found.reservations.into_iter().map(ReservationId::from_uuid).collect(),
            orders: found.orders.into_iter().map(OrderId::from_uuid).collect(),
            products: missed.map(|key| key.product_id).collect(),
        })
    }

    /// Whether the item needs any of it.
    pub(super) fn has(&self, item: &Item, state: &State) -> bool {
        if self.reservations.is_empty() && self.orders.is_empty() && self.products.is_empty() {
            return false;
        }
        let order = order_of(&item.command);
        let reservation = reservation_of(&item.command);
        let order_row = order.and_then(|id| state.orders.get(&id));
        let reservation = reservation.or_else(|| order_row?.reservation_id);
        let reservation_row = reservation.and_then(|id| state.reservations.get(&id));
        let order = order.or_else(|| reservation_row?.order_id);
        let held = reservation_row.into_iter().flat_map(|row| row.lines.iter().map(|line| line.product_id));
        let ordered = order_row.into_iter().flat_map(|row| row.lines.iter().map(|line| line.product_id));
        let mut products = products_of(&item.command).into_iter().chain(held).chain(ordered);
        order.is_some_and(|id| self.orders.contains(&id))
            || reservation.is_some_and(|id| self.reservations.contains(&id))
            || products.any(|id| self.products.contains(&id))
    }
}
