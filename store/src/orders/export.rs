//! Any list of orders in full, a batch at a time: nobody has to hold it in memory, and no transaction stays
//! open while a slow reader reads.

use domain::order::OrderSummary;
use domain::order::filter::OrderQuery;
use domain::page::{Cursor, Direction};

use super::list::{Stretch, cursor_decode};
use crate::error::StoreError;
use crate::store::Store;

const BATCH_ROWS: i64 = 1_000;

impl Store {
    /// The next orders of the list, 1,000 at most, and the cursor for those after them; none at the end.
    /// What an order is sorted by never changes: one that matches throughout comes exactly once, whatever
    /// is placed or changed meanwhile.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn order_export_next(
        &self,
        query: &OrderQuery,
        cursor: Option<&str>,
    ) -> Result<(Vec<OrderSummary>, Option<String>), StoreError> {
        let cursor = cursor_decode(query, cursor)?;
        let query = query.clone();
        self.read(async move |mut conn| {
            let stretch = Stretch { query: &query, cursor: cursor.as_ref(), rows_max: BATCH_ROWS };
            let rows = stretch.read_in_tx(&mut conn).await?;
            let full = i64::try_from(rows.len()).is_ok_and(|rows| rows == BATCH_ROWS);
            let last = rows.last().filter(|_| full).map(|(key, _)| *key);
            let next = last.map(|key| Cursor { direction: Direction::Next, key, binding: query.binding() }.encode());
            Ok((rows.into_iter().map(|(_, summary)| summary).collect(), next))
        })
        .await
    }
}
