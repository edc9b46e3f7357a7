//! The locks of a batch, in the one order that all take them in: reservations by id, orders by id, then
//! stock by (product, warehouse). So no two can wait for each other.

use std::collections::BTreeSet;

use domain::decide::{CommandKind, Transfer};
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::order::Order;
use domain::reservation::Reservation;
use domain::stock::StockKey;
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Item;
use super::named::{order_of, reservation_of, touched};
use crate::error::{StoreError, corrupt};
use crate::orders::rows::orders_read_in_tx;
use crate::orders::write::{order_reservations_in_tx, orders_lock_in_tx};
use crate::reservations::reservations_read_in_tx;

/// What to do about a row that another transaction has locked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Locking {
    Wait,
    /// Leave a reservation out: whoever has it will see to it. For the sweep.
    Skip,
    /// Leave out any row. The commands that need it are told that it is busy, and the others go on.
    Spare,
}

/// What is locked, as far as it had to be read to know what to lock next.
pub(super) struct Locks {
    pub(super) reservations: Vec<Reservation>,
    pub(super) orders: Vec<Order>,
    /// The products of the batch.
    pub(super) products: BTreeSet<ProductId>,
    /// Their stock rows that are there; `None` where they are locked as they are read.
    pub(super) stock: Option<BTreeSet<StockKey>>,
    /// What was named and is not locked: it is not there, or another transaction has it.
    pub(super) reservations_missed: BTreeSet<ReservationId>,
    pub(super) orders_missed: BTreeSet<OrderId>,
}

pub(super) async fn all_in_tx(conn: &mut PgConnection, items: &[&Item], locking: Locking) -> Result<Locks, StoreError> {
    let orders: Vec<OrderId> = items.iter().filter_map(|item| order_of(&item.command)).collect();
    let mut named: BTreeSet<ReservationId> = items.iter().filter_map(|item| reservation_of(&item.command)).collect();
    named.extend(order_reservations_in_tx(conn, &orders).await?);
    let locked = reservations_in_tx(conn, &named, locking).await?;
    let reservations = reservations_read_in_tx(conn, &locked).await?;
    let read: BTreeSet<ReservationId> = reservations.iter().map(|each| each.id).collect();
    if let Some(id) = locked.iter().find(|id| !read.contains(id)) {
        return Err(StoreError::Corrupt(format!("reservation {id} has no lines")));
    }
    let reservations_missed = named.difference(&read).copied().collect();

    let ordered = reservations.iter().filter_map(|reservation| reservation.order_id);
    let wanted: BTreeSet<OrderId> = orders.into_iter().chain(ordered).collect();
    let locked = orders_lock_in_tx(conn, &wanted, locking).await?;
    let orders: Vec<Order> = orders_read_in_tx(conn, &locked).await?.into_iter().map(|(order, _)| order).collect();
    let orders_missed = wanted.difference(&locked.into_iter().collect()).copied().collect();

    let products = touched(items, &reservations, &orders);
    let stock = if as_they_are_read(items, locking) {
        None
    } else {
        rows_make_in_tx(conn, items).await?;
        Some(stock_in_tx(conn, &products, locking).await?)
    };
    Ok(Locks { reservations, orders, products, stock, reservations_missed, orders_missed })
}

/// Whether the stock may be locked by the very statement that reads all the rest. That statement sees the rest
/// as it was before it waited. To a hold this makes no difference: the facts of a product and a warehouse are
/// not locked, and might have been read a moment ago, and a key that was looked up too early is looked up once more
/// before its request is refused. What the sweep ends nobody is answered. The answers to other commands tell of those
/// facts, with a version, and that may not be older than what was answered before.
fn as_they_are_read(items: &[&Item], locking: Locking) -> bool {
    let may = |item: &&Item| match locking {
        Locking::Wait => matches!(item.command.kind, CommandKind::Hold { .. }),
        Locking::Skip => matches!(item.command.kind, CommandKind::Expire { .. }) && item.reply.is_none(),
        Locking::Spare => false,
    };
    items.iter().all(may)
}

/// Locks those of the reservations that exist, and tells which.
async fn reservations_in_tx(
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
        // What another sweep has ended meanwhile is of no use to this one.
        Locking::Skip => {
            sqlx::query_scalar!(
                "select id
                from reservations
                where id = any($1)
                  and status = 'held'
                order by id
                for update skip locked",
                &ids,
            )
            .fetch_all(conn)
            .await?
        }
        Locking::Spare => {
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

/// Makes the stock rows that are to be adjusted or transferred to and are not there yet. In the order of the locks: whoever
/// makes the same row is waited for as for a lock.
async fn rows_make_in_tx(conn: &mut PgConnection, items: &[&Item]) -> Result<(), StoreError> {
    let adjusted: BTreeSet<(Uuid, &str)> = items.iter().flat_map(|item| adjusted(item)).collect();
    if adjusted.is_empty() {
        return Ok(());
    }
    let (product_ids, warehouses): (Vec<Uuid>, Vec<String>) =
        adjusted.into_iter().map(|(id, warehouse)| (id, warehouse.to_owned())).unzip();
    sqlx::query!(
        "insert into stock (product_id, warehouse)
        select adjusted.product_id, warehouses.code
        from unnest($1::uuid[], $2::text[]) as adjusted (product_id, warehouse)
        join warehouses on warehouses.code = adjusted.warehouse
        join products on products.id = adjusted.product_id
        order by adjusted.product_id, warehouses.code
        on conflict do nothing",
        &product_ids,
        &warehouses,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks all stock rows of the products, and tells which.
async fn stock_in_tx(
    conn: &mut PgConnection,
    products: &BTreeSet<ProductId>,
    locking: Locking,
) -> Result<BTreeSet<StockKey>, StoreError> {
    if products.is_empty() {
        return Ok(BTreeSet::new());
    }
    let ids: Vec<Uuid> = products.iter().map(|id| id.as_uuid()).collect();
    let locked: Vec<(Uuid, String)> = match locking {
        Locking::Wait | Locking::Skip => {
            sqlx::query!(
                "select product_id, warehouse
            from stock
            where product_id = any($1)
            order by product_id, warehouse
            for update",
                &ids,
            )
            .map(|row| (row.product_id, row.warehouse))
            .fetch_all(conn)
            .await?
        }
        Locking::Spare => {
            sqlx::query!(
                "select product_id, warehouse
            from stock
            where product_id = any($1)
            order by product_id, warehouse
            for update skip locked",
                &ids,
            )
            .map(|row| (row.product_id, row.warehouse))
            .fetch_all(conn)
            .await?
        }
    };
    let keys = locked.into_iter().map(|(product_id, warehouse)| {
        let warehouse = WarehouseCode::new(warehouse).map_err(|error| corrupt("stock.warehouse", error))?;
        Ok(StockKey { product_id: ProductId::from_uuid(product_id), warehouse })
    });
    keys.collect()
}

/// The stock rows that a command changes even where they are not there yet.
fn adjusted(item: &Item) -> Vec<(Uuid, &str)> {
    match &item.command.kind {
        CommandKind::Adjust { product_id, warehouse, .. } => vec![(product_id.as_uuid(), warehouse.as_str())],
        CommandKind::Transfer(Transfer { to, lines, .. }) => {
            lines.iter().map(|line| (line.product_id.as_uuid(), to.as_str())).collect()
        }
        CommandKind::Hold { .. }
        | CommandKind::Change { .. }
        | CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Place(_)
        | CommandKind::Proceed(_) => Vec::new(),
    }
}
