//! What a batch writes of orders, in one statement a table; and what it has to know of those that are there.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::ids::{OrderId, ReservationId};
use domain::order::Order;
use domain::text::Reference;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::batch::Locking;
use crate::error::StoreError;
use crate::idempotency::Claimed;

/// The reservations behind the orders. They never change, so no lock is needed to read them.
pub(crate) async fn order_reservations_in_tx(
    conn: &mut PgConnection,
    ids: &[OrderId],
) -> Result<Vec<ReservationId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let found = sqlx::query_scalar!(
        r#"select reservation_id as "id!" from orders where id = any($1) and reservation_id is not null"#,
        &ids,
    );
    Ok(found.fetch_all(conn).await?.into_iter().map(ReservationId::from_uuid).collect())
}

/// Locks those of the orders that exist, by id, and tells which.
pub(crate) async fn orders_lock_in_tx(
    conn: &mut PgConnection,
    ids: &BTreeSet<OrderId>,
    locking: Locking,
) -> Result<Vec<OrderId>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let locked = match locking {
        // An order is locked by whoever has its reservation, so the sweep waits for none that is long.
        Locking::Wait | Locking::Skip => {
            sqlx::query_scalar!("select id from orders where id = any($1) order by id for update", &ids)
                .fetch_all(conn)
                .await?
        }
        Locking::Spare => {
            sqlx::query_scalar!("select id from orders where id = any($1) order by id for update skip locked", &ids)
                .fetch_all(conn)
                .await?
        }
    };
    Ok(locked.into_iter().map(OrderId::from_uuid).collect())
}

/// Those of the references that orders have already.
pub(crate) async fn references_taken_in_tx(
    conn: &mut PgConnection,
    wanted: &[&Reference],
) -> Result<BTreeSet<Reference>, StoreError> {
    if wanted.is_empty() {
        return Ok(BTreeSet::new());
    }
    let wanted: Vec<String> = wanted.iter().map(|reference| reference.as_str().to_owned()).collect();
    let taken =
        sqlx::query_scalar!(r#"select reference as "reference!" from orders where reference = any($1)"#, &wanted,);
    let taken = taken.fetch_all(conn).await?;
    taken.into_iter().map(|text| Reference::new(text).map_err(|error| StoreError::Corrupt(error.to_string()))).collect()
}

/// Writes new orders with their lines. A reference that was taken meanwhile is found the next time round.
pub(crate) async fn orders_insert_in_tx(
    conn: &mut PgConnection,
    orders: &[&Order],
) -> Result<Result<(), Claimed>, StoreError> {
    if orders.is_empty() {
        return Ok(Ok(()));
    }
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id.as_uuid()).collect();
    let numbers: Vec<i64> = orders.iter().map(|order| order.number.get()).collect();
    let statuses: Vec<String> = orders.iter().map(|order| order.status.as_str().to_owned()).collect();
    let customers: Vec<Option<Uuid>> =
        orders.iter().map(|order| order.customer.as_ref().map(|customer| customer.id.as_uuid())).collect();
    let currencies: Vec<String> = orders.iter().map(|order| order.currency.code().to_owned()).collect();
    let totals: Vec<i64> = orders.iter().map(|order| order.total.minor).collect();
    let items: Vec<i64> = orders.iter().map(|order| order.units()).collect();
    let reservations: Vec<Option<Uuid>> =
        orders.iter().map(|order| order.reservation_id.map(ReservationId::as_uuid)).collect();
    let references: Vec<Option<String>> =
        orders.iter().map(|order| order.reference.clone().map(String::from)).collect();
    let versions: Vec<i64> = orders.iter().map(|order| order.version).collect();
    let placed: Vec<DateTime<Utc>> = orders.iter().map(|order| order.placed_at.as_datetime()).collect();
    let updated: Vec<DateTime<Utc>> = orders.iter().map(|order| order.updated_at.as_datetime()).collect();
    let inserted = sqlx::query!(
        "insert into orders (
            id,
            number,
            status,
            customer_id,
            currency,
            total_minor,
            items,
            reservation_id,
            reference,
            version,
            placed_at,
            updated_at
        )
        select *
        from unnest(
            $1::uuid[],
            $2::bigint[],
            $3::text[],
            $4::uuid[],
            $5::text[],
            $6::bigint[],
            $7::bigint[],
            $8::uuid[],
            $9::text[],
            $10::bigint[],
            $11::timestamptz[],
            $12::timestamptz[]
        )
        on conflict do nothing",
        &ids,
        &numbers,
        &statuses,
        &customers as &[Option<Uuid>],
        &currencies,
        &totals,
        &items,
        &reservations as &[Option<Uuid>],
        &references as &[Option<String>],
        &versions,
        &placed,
        &updated,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if inserted != orders.len() as u64 {
        return Ok(Err(Claimed));
    }
    lines_insert_in_tx(conn, orders).await?;
    notes_insert_in_tx(conn, orders).await?;
    Ok(Ok(()))
}

/// Writes status, version and notes; of those in `replaced` the lines as well.
pub(crate) async fn orders_update_in_tx(
    conn: &mut PgConnection,
    updated: &[&Order],
    replaced: &[&Order],
) -> Result<(), StoreError> {
    if updated.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = updated.iter().map(|order| order.id.as_uuid()).collect();
    let statuses: Vec<String> = updated.iter().map(|order| order.status.as_str().to_owned()).collect();
    let versions: Vec<i64> = updated.iter().map(|order| order.version).collect();
    let times: Vec<DateTime<Utc>> = updated.iter().map(|order| order.updated_at.as_datetime()).collect();
    let rows = sqlx::query!(
        "update orders
        set
            status = changed.status,
            version = changed.version,
            updated_at = changed.updated_at
        from unnest(
            $1::uuid[],
            $2::text[],
            $3::bigint[],
            $4::timestamptz[]
        ) as changed (id, status, version, updated_at)
        where orders.id = changed.id
          and orders.version < changed.version",
        &ids,
        &statuses,
        &versions,
        &times,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if rows != updated.len() as u64 {
        return Err(StoreError::Corrupt(format!("{rows} of {} orders took their new version", updated.len())));
    }
    if !replaced.is_empty() {
        let ids: Vec<Uuid> = replaced.iter().map(|order| order.id.as_uuid()).collect();
        sqlx::query!("delete from order_lines where order_id = any($1)", &ids).execute(&mut *conn).await?;
        lines_insert_in_tx(conn, replaced).await?;
    }
    notes_insert_in_tx(conn, updated).await
}

async fn lines_insert_in_tx(conn: &mut PgConnection, orders: &[&Order]) -> Result<(), StoreError> {
    let mut products: Vec<Uuid> = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    let mut places: Vec<i32> = Vec::new();
    let mut warehouses: Vec<String> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    let mut prices: Vec<i64> = Vec::new();
    let mut quantities: Vec<i64> = Vec::new();
    for order in orders {
        for (place, line) in (0..).zip(&order.lines) {
            for allocation in &line.allocations {
                products.push(line.product_id.as_uuid());
                ids.push(order.id.as_uuid());
                places.push(place);
                warehouses.push(allocation.warehouse.as_str().to_owned());
                names.push(line.name.as_str().to_owned());
                prices.push(line.unit_price.minor);
                quantities.push(allocation.quantity);
            }
        }
    }
    sqlx::query!(
        "insert into order_lines (
            product_id,
            order_id,
            line,
            warehouse,
            name,
            unit_price_minor,
            quantity
        )
        select *
        from unnest(
            $1::uuid[],
            $2::uuid[],
            $3::integer[],
            $4::text[],
            $5::text[],
            $6::bigint[],
            $7::bigint[]
        )",
        &products,
        &ids,
        &places,
        &warehouses,
        &names,
        &prices,
        &quantities,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the notes that are not there yet. Notes are only ever added.
async fn notes_insert_in_tx(conn: &mut PgConnection, orders: &[&Order]) -> Result<(), StoreError> {
    let mut ids: Vec<Uuid> = Vec::new();
    let mut places: Vec<i32> = Vec::new();
    let mut times: Vec<DateTime<Utc>> = Vec::new();
    let mut actors: Vec<String> = Vec::new();
    let mut texts: Vec<String> = Vec::new();
    for order in orders {
        for (place, note) in (0..).zip(&order.notes) {
            ids.push(order.id.as_uuid());
            places.push(place);
            times.push(note.at.as_datetime());
            actors.push(note.actor.to_string());
            texts.push(note.text.as_str().to_owned());
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into order_notes (
            order_id,
            note,
            at,
            actor,
            text
        )
        select *
        from unnest(
            $1::uuid[],
            $2::integer[],
            $3::timestamptz[],
            $4::text[],
            $5::text[]
        )
        on conflict do nothing",
        &ids,
        &places,
        &times,
        &actors,
        &texts,
    )
    .execute(conn)
    .await?;
    Ok(())
}
