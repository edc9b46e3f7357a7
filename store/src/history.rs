//! What stock was, read from the journal: all entries that moved it until then, summed up.

use std::collections::BTreeSet;

use domain::history::{HOLDERS_MAX, Holder, ProductThen, STEPS, Step, StockHistory, Stretch};
use domain::ids::{ProductId, ReservationId};
use domain::order::OrderNumber;
use domain::problem::Problem;
use domain::product::{ProductRef, ProductView};
use domain::stock::{StockLevel, StockRow};
use domain::text::Owner;
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;

use crate::error::{StoreError, corrupt};
use crate::products::product_id_of;
use crate::products::rows::products_read_in_tx;
use crate::store::Store;
use crate::tx;

impl Store {
    /// The product with its stock as it was at a moment, and who held it. What was being committed at that
    /// very moment may come in later.
    ///
    /// # Errors
    /// `not_found`; `invalid_input` for a moment that is still to come.
    pub async fn product_fetch_at(&self, product: &ProductRef, at: Timestamp) -> Result<ProductThen, StoreError> {
        let product = product.clone();
        self.read(async move |mut conn| {
            let id = product_id_of(&mut conn, &product).await?;
            if at > tx::clock_in_tx(&mut conn).await? {
                return Err(Problem::field("at", "must not be in the future").into());
            }
            let product = products_read_in_tx(&mut conn, &BTreeSet::from([id])).await?.remove(&id);
            let product = product.ok_or_else(|| Problem::not_found("product"))?;
            let rows = rows_at(&mut conn, id, at).await?;
            let held_by = holders_at(&mut conn, id, at).await?;
            Ok(ProductThen { product: ProductView::new(product, rows, at), held_by })
        })
        .await
    }

    /// How a product's stock has moved, since its first unit came at the longest.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn stock_history(&self, product: &ProductRef, stretch: Stretch) -> Result<StockHistory, StoreError> {
        let product = product.clone();
        self.read(async move |mut conn| {
            let id = product_id_of(&mut conn, &product).await?;
            let to = tx::clock_in_tx(&mut conn).await?;
            // Before the first unit came there is nothing to see.
            let first = first_moved_at(&mut conn, id).await?;
            let begun = stretch.seconds().map(|seconds| to.plus_seconds(-seconds));
            let from = begun.max(first).unwrap_or(to);
            let steps = steps(&mut conn, id, from, to).await?;
            Ok(StockHistory::new(from, to, &steps))
        })
        .await
    }
}

async fn rows_at(
    conn: &mut PgConnection,
    id: ProductId,
    at: Timestamp,
) -> Result<Vec<(WarehouseCode, StockRow)>, StoreError> {
    let rows = sqlx::query!(
        r#"select
            warehouse as "warehouse!",
            sum(on_hand_delta)::bigint as "on_hand!",
            sum(reserved_delta)::bigint as "reserved!",
            max(version) as "version!"
        from journal
        where shard_key = $1
          and warehouse is not null
          and at <= $2
        group by warehouse
        order by warehouse"#,
        id.as_uuid(),
        at.as_datetime(),
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let warehouse = WarehouseCode::new(row.warehouse).map_err(|error| corrupt("journal.warehouse", error))?;
        let level = StockLevel { on_hand: row.on_hand, reserved: row.reserved };
        Ok((warehouse, StockRow { level, version: row.version }))
    });
    rows.collect()
}

/// A hold's entries are about its reservation, and about its order once there is one.
async fn holders_at(conn: &mut PgConnection, id: ProductId, at: Timestamp) -> Result<Vec<Holder>, StoreError> {
    let rows = sqlx::query!(
        r#"with held as (
            select
                coalesce(orders.reservation_id, journal.subject_id) as id,
                sum(journal.reserved_delta)::bigint as quantity,
                min(journal.at) as since
            from journal
            left join orders
                on orders.id = journal.subject_id
                and journal.subject_kind = 'order'
            where journal.shard_key = $1
              and journal.reserved_delta <> 0
              and journal.at <= $2
            group by coalesce(orders.reservation_id, journal.subject_id)
            having sum(journal.reserved_delta) > 0
            order by min(journal.at)
            limit $3
        )
        select
            reservations.id as "reservation_id?",
            reservations.owner as "owner?",
            orders.number as "number?",
            held.quantity as "quantity!",
            held.since as "since!"
        from held
        left join reservations on reservations.id = held.id
        left join orders
            on (orders.reservation_id = held.id or orders.id = held.id)
            and orders.placed_at <= $2
        order by
            held.since,
            held.id"#,
        id.as_uuid(),
        at.as_datetime(),
        i64::from(HOLDERS_MAX),
    )
    .fetch_all(conn)
    .await?;
    let holders = rows.into_iter().map(|row| {
        Ok(Holder {
            reservation_id: row.reservation_id.map(ReservationId::from_uuid),
            owner: row.owner.map(Owner::new).transpose().map_err(|error| corrupt("reservations.owner", error))?,
            order: row.number.map(OrderNumber::new),
            quantity: row.quantity,
            since: Timestamp::new(row.since),
        })
    });
    holders.collect()
}

async fn first_moved_at(conn: &mut PgConnection, id: ProductId) -> Result<Option<Timestamp>, StoreError> {
    let first = sqlx::query_scalar!(
        "select at
        from journal
        where shard_key = $1
          and warehouse is not null
        order by position
        limit 1",
        id.as_uuid(),
    );
    Ok(first.fetch_optional(conn).await?.map(Timestamp::new))
}

async fn steps(
    conn: &mut PgConnection,
    id: ProductId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<Step>, StoreError> {
    let step_milliseconds = (to.milliseconds_since(from).max(1) as f64) / STEPS as f64;
    let rows = sqlx::query!(
        r#"select
            least($5, greatest(0, ceil(extract(epoch from at - $2)::double precision * 1000 / $4)))::bigint
                as "number!",
            sum(on_hand_delta)::bigint as "on_hand_delta!",
            sum(reserved_delta)::bigint as "reserved_delta!"
        from journal
        where shard_key = $1
          and warehouse is not null
          and at <= $3
        group by 1
        order by 1"#,
        id.as_uuid(),
        from.as_datetime(),
        to.as_datetime(),
        step_milliseconds,
        STEPS as f64,
    )
    .fetch_all(conn)
    .await?;
    let step = rows.into_iter().map(|row| Step {
        number: row.number,
        on_hand_delta: row.on_hand_delta,
        reserved_delta: row.reserved_delta,
    });
    Ok(step.collect())
}
