//! The list of orders, by time or by value: its pages, and its rows.

mod select;

use chrono::{DateTime, Utc};
use domain::ids::{OrderId, ReservationId};
use domain::money::Money;
use domain::order::filter::{OrderQuery, OrderSort};
use domain::order::{OrderNumber, OrderSummary};
use domain::page::{Cursor, Limit, Page};
use domain::text::Email;
use domain::time::Timestamp;
use sqlx::{FromRow, PgConnection, QueryBuilder};
use uuid::Uuid;

use super::rows::{customer, reference};
use crate::error::{StoreError, corrupt, refused};
use crate::store::Store;

/// The place of an order in its list: microseconds since 1970 where the newest come first, minor units
/// where the highest do; and the id.
pub(super) type Key = (i64, OrderId);

/// A stretch of a list: its first rows in the cursor's direction.
pub(super) struct Stretch<'a> {
    pub(super) query: &'a OrderQuery,
    pub(super) cursor: Option<&'a Cursor<Key>>,
    pub(super) rows_max: i64,
}

impl Store {
    /// A page of orders. A pending one past its deadline reads as expired, though the filter goes by what
    /// is stored: it can lag by the sweep's lateness.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn order_list(
        &self,
        query: &OrderQuery,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<OrderSummary>, StoreError> {
        let cursor = cursor_decode(query, cursor)?;
        let query = query.clone();
        self.read(async move |mut conn| {
            let stretch = Stretch { query: &query, cursor: cursor.as_ref(), rows_max: limit.and_one() };
            let rows = stretch.read_in_tx(&mut conn).await?;
            Ok(Page::from_rows(rows, limit, cursor.as_ref(), query.binding(), |(key, _)| *key)
                .map(|(_, summary)| summary))
        })
        .await
    }

    /// How Postgres reads that page: the plan with what it took, as `EXPLAIN (ANALYZE, FORMAT JSON)` tells
    /// it. For tests and benchmarks.
    ///
    /// # Errors
    /// As [`Self::order_list`].
    pub async fn order_list_plan(
        &self,
        query: &OrderQuery,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<serde_json::Value, StoreError> {
        let cursor = cursor_decode(query, cursor)?;
        let query = query.clone();
        self.read(async move |mut conn| {
            let stretch = Stretch { query: &query, cursor: cursor.as_ref(), rows_max: limit.and_one() };
            let Some(of_customer) = stretch.customer_in_tx(&mut conn).await? else {
                return Ok(serde_json::Value::Null);
            };
            let mut explain = QueryBuilder::new("explain (analyze, buffers, format json) ");
            stretch.push(&mut explain, of_customer)?;
            Ok(explain.build_query_scalar().persistent(false).fetch_one(&mut *conn).await?)
        })
        .await
    }
}

pub(super) fn cursor_decode(query: &OrderQuery, cursor: Option<&str>) -> Result<Option<Cursor<Key>>, StoreError> {
    let cursor = cursor.map(|text| Cursor::<Key>::decode(text, query.binding())).transpose().map_err(refused)?;
    if let (OrderSort::Newest, Some(Cursor { key: (microseconds, _), .. })) = (query.sort, &cursor) {
        select::placed_at(*microseconds)?;
    }
    Ok(cursor)
}

/// A customer that is asked for, where one is.
type OfCustomer = Option<Uuid>;

impl Stretch<'_> {
    pub(super) async fn read_in_tx(&self, conn: &mut PgConnection) -> Result<Vec<(Key, OrderSummary)>, StoreError> {
        let Some(of_customer) = self.customer_in_tx(conn).await? else { return Ok(Vec::new()) };
        let mut select = QueryBuilder::new("");
        self.push(&mut select, of_customer)?;
        let rows: Vec<SummaryRow> = select.build_query_as().persistent(false).fetch_all(conn).await?;
        let keyed = rows.into_iter().map(|row| Ok((row.key(self.query.sort), OrderSummary::try_from(row)?)));
        keyed.collect()
    }

    /// The id of the customer who is asked for; `None` where there is none, and so no order.
    async fn customer_in_tx(&self, conn: &mut PgConnection) -> Result<Option<OfCustomer>, StoreError> {
        let Some(email) = self.query.filter.customer.as_ref().map(Email::as_str) else { return Ok(Some(None)) };
        let id = sqlx::query_scalar!("select id from customers where email = $1", email).fetch_optional(conn).await?;
        Ok(id.map(Some))
    }
}

#[derive(FromRow)]
struct SummaryRow {
    id: Uuid,
    number: i64,
    status: String,
    customer_id: Option<Uuid>,
    customer_email: Option<String>,
    customer_name: Option<String>,
    customer_reference: Option<String>,
    currency: String,
    total_minor: i64,
    items: i64,
    reservation_id: Option<Uuid>,
    reference: Option<String>,
    version: i64,
    placed_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// The deadline of a pending order's hold.
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl SummaryRow {
    fn key(&self, sort: OrderSort) -> Key {
        let number = match sort {
            OrderSort::Newest => self.placed_at.timestamp_micros(),
            OrderSort::Highest => self.total_minor,
        };
        (number, OrderId::from_uuid(self.id))
    }
}

impl TryFrom<SummaryRow> for OrderSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        let SummaryRow {
            id,
            number,
            status,
            customer_id,
            customer_email,
            customer_name,
            customer_reference,
            currency,
            total_minor,
            items,
            reservation_id,
            reference: order_reference,
            version,
            placed_at,
            updated_at,
            expires_at,
            now,
        } = row;
        let currency = currency.parse().map_err(|error| corrupt("orders.currency", error))?;
        let summary = Self {
            id: OrderId::from_uuid(id),
            number: OrderNumber::new(number),
            status: status.parse().map_err(|error| corrupt("orders.status", error))?,
            customer: customer(customer_id, customer_email, customer_name, customer_reference)?,
            currency,
            total: Money::new(total_minor, currency),
            items,
            reservation_id: reservation_id.map(ReservationId::from_uuid),
            reference: reference(order_reference)?,
            version,
            placed_at: Timestamp::new(placed_at),
            updated_at: Timestamp::new(updated_at),
        };
        Ok(summary.as_of(expires_at.map(Timestamp::new), Timestamp::new(now)))
    }
}
