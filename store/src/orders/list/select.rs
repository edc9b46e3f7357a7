//! The SQL of the list of orders, put together in this one place: a filter that is not given is absent from
//! it. A list over several statuses reads one limited branch for each and merges them, since one index
//! serves a status at a time.
//!
//! It is planned anew each time, with its values (it is not `persistent`). A prepared statement may turn to
//! one plan for all values at its sixth use. That plan takes any range for one of the same width: for the
//! highest of one day it walks all orders by value, where reading that day and sorting it is the matter of
//! a millisecond.

use chrono::{DateTime, Datelike as _, Utc};
use domain::order::OrderStatus;
use domain::order::filter::{OrderFilter, OrderSort};
use domain::page::{Cursor, CursorError, Direction};
use domain::time::Timestamp;
use sqlx::{Postgres, QueryBuilder};
use strum::VariantArray as _;

use super::{Key, OfCustomer, Stretch};
use crate::error::{StoreError, refused};

impl Stretch<'_> {
    /// Writes the statement behind what `query` says already.
    pub(super) fn push(&self, query: &mut QueryBuilder<Postgres>, of_customer: OfCustomer) -> Result<(), StoreError> {
        query.push(
            "select
                page.*,
                statement_timestamp() as now,
                reservations.expires_at,
                customers.email as customer_email,
                customers.name as customer_name,
                customers.reference as customer_reference
            from (",
        );
        let branches = branches(&self.query.filter, of_customer);
        if branches.len() > 1 {
            query.push("select * from (");
        }
        for (number, statuses) in branches.iter().enumerate() {
            query.push(if number == 0 { "(" } else { " union all (" });
            self.push_branch(query, statuses, of_customer)?;
            query.push(")");
        }
        if branches.len() > 1 {
            query.push(") as branches");
            self.push_order(query, "");
        }
        query.push(
            ") as page
            left join customers on customers.id = page.customer_id
            left join reservations on reservations.id = page.reservation_id and page.status = 'pending'",
        );
        self.push_order(query, "page.");
        Ok(())
    }

    fn push_branch(
        &self,
        query: &mut QueryBuilder<Postgres>,
        statuses: &[OrderStatus],
        of_customer: OfCustomer,
    ) -> Result<(), StoreError> {
        query.push(
            "select
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
            from orders
            where true",
        );
        match statuses {
            [] => {}
            [status] => {
                query.push(" and status = ").push_bind(status.as_str());
            }
            statuses => {
                let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
                query.push(" and status = any(").push_bind(words).push(")");
            }
        }
        if let Some(id) = of_customer {
            query.push(" and customer_id = ").push_bind(id);
        }
        self.push_bounds(query)?;
        self.push_order(query, "");
        Ok(())
    }

    /// The ranges of the filter and the place of the cursor. Where both bound the sort's column on the same
    /// side, only the closer one is written: given two, Postgres may enter the index at the farther and walk
    /// from there, the longer the deeper the page.
    fn push_bounds(&self, query: &mut QueryBuilder<Postgres>) -> Result<(), StoreError> {
        let OrderFilter { statuses: _, from, to, min_total_minor, max_total_minor, customer: _ } = &self.query.filter;
        let cursor = self.cursor.filter(|cursor| self.is_within_filter(cursor));
        let bounded = cursor.map(|cursor| (self.query.sort, cursor.direction));
        if let Some(from) = from.filter(|_| bounded != Some((OrderSort::Newest, Direction::Prev))) {
            query.push(" and placed_at >= ").push_bind(from.as_datetime());
        }
        if let Some(to) = to.filter(|_| bounded != Some((OrderSort::Newest, Direction::Next))) {
            query.push(" and placed_at < ").push_bind(to.as_datetime());
        }
        if let Some(min) = min_total_minor.filter(|_| bounded != Some((OrderSort::Highest, Direction::Prev))) {
            query.push(" and total_minor >= ").push_bind(min);
        }
        if let Some(max) = max_total_minor.filter(|_| bounded != Some((OrderSort::Highest, Direction::Next))) {
            query.push(" and total_minor <= ").push_bind(max);
        }
        cursor.map_or(Ok(()), |cursor| self.push_cursor(query, cursor))
    }

    /// A cursor that no page gave may lie outside: the filter alone then says where the list begins.
    fn is_within_filter(&self, cursor: &Cursor<Key>) -> bool {
        let OrderFilter { statuses: _, from, to, min_total_minor, max_total_minor, customer: _ } = &self.query.filter;
        let microseconds = |at: Timestamp| at.as_datetime().timestamp_micros();
        let (number, _) = cursor.key;
        match (self.query.sort, cursor.direction) {
            (OrderSort::Newest, Direction::Next) => to.is_none_or(|to| number < microseconds(to)),
            (OrderSort::Newest, Direction::Prev) => from.is_none_or(|from| number >= microseconds(from)),
            (OrderSort::Highest, Direction::Next) => max_total_minor.is_none_or(|max| number <= max),
            (OrderSort::Highest, Direction::Prev) => min_total_minor.is_none_or(|min| number >= min),
        }
    }

    fn push_cursor(&self, query: &mut QueryBuilder<Postgres>, cursor: &Cursor<Key>) -> Result<(), StoreError> {
        let Cursor { direction, key: (number, id), .. } = cursor;
        let beyond = match direction {
            Direction::Next => "<",
            Direction::Prev => ">",
        };
        query.push(format_args!(" and ({}, id) {beyond} (", self.column()));
        match self.query.sort {
            OrderSort::Newest => query.push_bind(placed_at(*number)?),
            OrderSort::Highest => query.push_bind(*number),
        };
        query.push(", ").push_bind(id.as_uuid()).push(")");
        Ok(())
    }

    /// Both sorts begin with the greatest; backward with the least. The limit is written out, for a plan to
    /// know how little is wanted.
    fn push_order(&self, query: &mut QueryBuilder<Postgres>, of: &str) {
        let backward = self.cursor.is_some_and(|cursor| cursor.direction == Direction::Prev);
        let order = if backward { "asc" } else { "desc" };
        query.push(format_args!(" order by {of}{} {order}, {of}id {order}", self.column()));
        query.push(format_args!(" limit {}", self.rows_max));
    }

    fn column(&self) -> &'static str {
        match self.query.sort {
            OrderSort::Newest => "placed_at",
            OrderSort::Highest => "total_minor",
        }
    }
}

/// The statuses of each branch; none for all. A customer has few orders: they are read from the customer's
/// own index, whatever their statuses.
fn branches(filter: &OrderFilter, of_customer: OfCustomer) -> Vec<Vec<OrderStatus>> {
    let statuses: Vec<OrderStatus> = filter.statuses.iter().copied().collect();
    if statuses.is_empty() || statuses.len() == OrderStatus::VARIANTS.len() {
        vec![Vec::new()]
    } else if of_customer.is_some() {
        vec![statuses]
    } else {
        statuses.into_iter().map(|status| vec![status]).collect()
    }
}

/// The time in a cursor's key. Outside the years that have four digits it is none of ours, and Postgres may
/// not know it.
pub(super) fn placed_at(microseconds: i64) -> Result<DateTime<Utc>, StoreError> {
    let at = DateTime::from_timestamp_micros(microseconds).filter(|at| (0..=9_999).contains(&at.year()));
    at.ok_or_else(|| refused(CursorError::Bad))
}
