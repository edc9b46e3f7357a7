//! The journal, read back by keyset. The one place where its SQL is put together; a filter that is not
//! given is absent from it.

use domain::journal::{Action, Entry, EntryFilter};
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::time::Timestamp;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::follow::Followed;
use super::row::{EntryRow, SELECT};
use super::told::Row;
use crate::error::{StoreError, refused};
use crate::store::Store;

impl Store {
    /// A page of the journal, newest first.
    ///
    /// # Errors
    /// [`domain::problem::Problem::BadCursor`] and `CursorMismatch`, or what the database says.
    pub async fn journal_list(
        &self,
        filter: &EntryFilter,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<Entry>, StoreError> {
        let (filter, cursor) = (filter.clone(), cursor.map(str::to_owned));
        self.read(async move |mut conn| journal_list_in_tx(&mut conn, &filter, limit, cursor.as_deref()).await).await
    }
}

async fn journal_list_in_tx(
    conn: &mut PgConnection,
    filter: &EntryFilter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<Entry>, StoreError> {
    let subject = filter.subject.map(|subject| subject.to_string()).unwrap_or_default();
    let product = filter.product.map(|product| product.to_string()).unwrap_or_default();
    let actor = filter.actor.map(|actor| actor.to_string()).unwrap_or_default();
    let action = filter.action.map_or("", Action::as_str);
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let binding = binding(&["journal", &subject, &product, &actor, action, &time(filter.from), &time(filter.to)]);
    let cursor = cursor.map(|text| Cursor::<i64>::decode(text, binding)).transpose().map_err(refused)?;
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    if let Some(subject) = filter.subject {
        query.push(" and journal.subject_id = ").push_bind(subject.id());
        query.push(" and journal.subject_kind = ").push_bind(subject.kind());
    }
    if let Some(product) = filter.product {
        query.push(" and journal.shard_key = ").push_bind(product.as_uuid());
    }
    if let Some(actor) = filter.actor {
        query.push(" and journal.actor = ").push_bind(actor.to_string());
    }
    if let Some(action) = filter.action {
        query.push(" and journal.action = ").push_bind(action.as_str());
    }
    if let Some(from) = filter.from {
        query.push(" and journal.at >= ").push_bind(from.as_datetime());
    }
    if let Some(to) = filter.to {
        query.push(" and journal.at < ").push_bind(to.as_datetime());
    }
    let order = match &cursor {
        Some(Cursor { direction: Direction::Prev, key, .. }) => {
            query.push(" and journal.position > ").push_bind(*key);
            " order by journal.position asc limit "
        }
        Some(Cursor { direction: Direction::Next, key, .. }) => {
            query.push(" and journal.position < ").push_bind(*key);
            " order by journal.position desc limit "
        }
        None => " order by journal.position desc limit ",
    };
    query.push(order).push_bind(limit.and_one());
    // Planned with its values each time, as the list of orders is: one plan for all ranges of time would walk
    // the whole journal for a day of last year.
    let rows: Vec<EntryRow> = query.build_query_as().persistent(false).fetch_all(conn).await?;
    let entries = rows.into_iter().map(Entry::try_from).collect::<Result<_, _>>()?;
    Ok(Page::from_rows(entries, limit, cursor.as_ref(), binding, |entry: &Entry| entry.position))
}

/// How many entries an order may have: hold, confirm, ship and return of a thousand lines, several times.
const ENTRIES_MAX: i64 = 20_000;

/// All entries about these subjects, oldest first.
pub(crate) async fn journal_of_subjects_in_tx(
    conn: &mut PgConnection,
    subjects: &[Uuid],
) -> Result<Vec<Entry>, StoreError> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    query.push(" and journal.subject_id = any(").push_bind(subjects.to_vec()).push(")");
    query.push(" order by journal.position limit ").push_bind(ENTRIES_MAX);
    let rows: Vec<EntryRow> = query.build_query_as().fetch_all(conn).await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// The first entries above a position and not above another, of those that are followed.
pub(super) async fn journal_followed_in_tx(
    conn: &mut PgConnection,
    followed: &Followed,
    position: i64,
    to: i64,
    limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(SELECT);
    query.push(" and journal.position > ").push_bind(position);
    query.push(" and journal.position <= ").push_bind(to);
    if !followed.products.is_empty() {
        let products: Vec<Uuid> = followed.products.iter().map(|product| product.as_uuid()).collect();
        query.push(" and journal.shard_key = any(").push_bind(products).push(")");
    }
    if !followed.subjects.is_empty() {
        let subjects: Vec<Uuid> = followed.subjects.iter().copied().collect();
        query.push(" and journal.subject_id = any(").push_bind(subjects).push(")");
    }
    query.push(" order by journal.position limit ").push_bind(limit);
    let rows: Vec<EntryRow> = query.build_query_as().fetch_all(conn).await?;
    Ok(rows.into_iter().map(Row::from).collect())
}
