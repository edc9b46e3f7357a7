//! The list of reservations, by deadline. A list over several statuses reads one limited branch for each
//! and merges them, since one index serves a status at a time. The one place where its SQL is put
//! together; a filter that is not given is absent from it.

use domain::ids::ReservationId;
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::reservation::{ReservationFilter, ReservationSort, ReservationStatus, ReservationView};
use domain::time::Timestamp;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::reservations_read_in_tx;
use crate::error::{StoreError, refused};
use crate::products::product_ids_of;
use crate::store::Store;
use crate::tx;
use domain::product::ProductRef;

/// The place of a reservation in its list.
type Key = (Timestamp, ReservationId);

/// One stored status, and which side of now its deadline lies on.
enum Branch {
    Stored(ReservationStatus),
    HeldAndRunning,
    HeldAndOverdue,
}

impl Store {
    /// A page of reservations, with their lines.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn reservation_list(
        &self,
        filter: &ReservationFilter,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<ReservationView>, StoreError> {
        let (filter, cursor) = (filter.clone(), cursor.map(str::to_owned));
        self.read(async move |mut conn| reservation_list_in_tx(&mut conn, &filter, limit, cursor.as_deref()).await)
            .await
    }
}

async fn reservation_list_in_tx(
    conn: &mut PgConnection,
    filter: &ReservationFilter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ReservationView>, StoreError> {
    let binding = binding(&[
        "reservations",
        filter.status.map_or("", ReservationStatus::as_str),
        filter.sku.as_ref().map_or("", |sku| sku.as_str()),
        filter.owner.as_ref().map_or("", |owner| owner.as_str()),
        filter.sort.into(),
    ]);
    let cursor = cursor.map(|text| Cursor::<Key>::decode(text, binding)).transpose().map_err(refused)?;
    let product = match &filter.sku {
        Some(sku) => {
            let product = ProductRef::Sku(sku.clone());
            match product_ids_of(conn, std::slice::from_ref(&product)).await?.remove(&product) {
                Some(id) => Some(id.as_uuid()),
                None => return Ok(Page { items: Vec::new(), next: None, prev: None }),
            }
        }
        None => None,
    };
    let ids: Vec<Uuid> =
        select(filter, product, limit, cursor.as_ref()).build_query_scalar().fetch_all(&mut *conn).await?;
    let ids: Vec<ReservationId> = ids.into_iter().map(ReservationId::from_uuid).collect();
    let reservations = reservations_read_in_tx(conn, &ids).await?;
    let now = tx::clock_in_tx(conn).await?;
    let key_of = |view: &ReservationView| (view.reservation.expires_at, view.reservation.id);
    let views = reservations.into_iter().map(|reservation| reservation.view(now)).collect();
    Ok(Page::from_rows(views, limit, cursor.as_ref(), binding, key_of))
}

fn select(
    filter: &ReservationFilter,
    product: Option<Uuid>,
    limit: Limit,
    cursor: Option<&Cursor<Key>>,
) -> QueryBuilder<Postgres> {
    let forward = cursor.is_none_or(|cursor| cursor.direction == Direction::Next);
    let ascending = forward == (filter.sort == ReservationSort::Soonest);
    let (order, beyond) = if ascending { ("asc", ">") } else { ("desc", "<") };
    let mut query = QueryBuilder::new("select id from (");
    for (number, branch) in branches(filter.status).iter().enumerate() {
        query.push(if number == 0 { "(" } else { " union all (" });
        query.push("select id, expires_at from reservations where status = ");
        match branch {
            Branch::Stored(status) => query.push_bind(status.as_str()),
            Branch::HeldAndRunning => query.push("'held' and expires_at > statement_timestamp()"),
            Branch::HeldAndOverdue => query.push("'held' and expires_at <= statement_timestamp()"),
        };
        if let Some(product) = product {
            query.push(
                " and exists (select from reservation_lines where reservation_id = reservations.id and product_id = ",
            );
            query.push_bind(product).push(")");
        }
        if let Some(owner) = &filter.owner {
            query.push(" and owner = ").push_bind(owner.as_str().to_owned());
        }
        if let Some(Cursor { key: (expires_at, id), .. }) = cursor {
            query.push(" and (expires_at, id) ").push(beyond).push(" (");
            query.push_bind(expires_at.as_datetime()).push(", ").push_bind(id.as_uuid()).push(")");
        }
        query.push(" order by expires_at ").push(order).push(", id ").push(order);
        query.push(" limit ").push_bind(limit.and_one()).push(")");
    }
    query.push(") as branches order by expires_at ").push(order).push(", id ").push(order);
    query.push(" limit ").push_bind(limit.and_one());
    query
}

fn branches(status: Option<ReservationStatus>) -> Vec<Branch> {
    use ReservationStatus::{Confirmed, Expired, Held, Released};
    match status {
        Some(Held) => vec![Branch::HeldAndRunning],
        Some(Expired) => vec![Branch::Stored(Expired), Branch::HeldAndOverdue],
        Some(status @ (Confirmed | Released)) => vec![Branch::Stored(status)],
        None => [Held, Confirmed, Released, Expired].map(Branch::Stored).into(),
    }
}
