//! The journal: appended to in every transaction that changes something, read back by keyset.

mod names;

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{ChangeId, RequestId};
use domain::journal::{Action, ChangeDraft, Entry, EntryDraft, EntryFilter, Subject};
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::sku::Sku;
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use serde_json::Value;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error::{StoreError, corrupt, refused};
use crate::request::Caller;
use crate::store::Store;

/// Appends the entries of these changes, in this order.
pub(crate) async fn journal_append_in_tx(
    conn: &mut PgConnection,
    changes: &[(Caller, &ChangeDraft)],
    at: Timestamp,
) -> Result<(), StoreError> {
    let columns = Columns::of(changes);
    if columns.actors.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into journal (
            at,
            shard_key,
            change_id,
            actor,
            request_id,
            action,
            subject_kind,
            subject_id,
            product_id,
            warehouse,
            on_hand_delta,
            reserved_delta,
            version,
            before,
            after
        )
        select $1::timestamptz, entry.*
        from unnest(
            $2::uuid[],
            $3::uuid[],
            $4::text[],
            $5::uuid[],
            $6::text[],
            $7::text[],
            $8::uuid[],
            $9::uuid[],
            $10::text[],
            $11::bigint[],
            $12::bigint[],
            $13::bigint[],
            $14::jsonb[],
            $15::jsonb[]
        ) as entry",
        at.as_datetime(),
        &columns.shard_keys,
        &columns.change_ids,
        &columns.actors,
        &columns.request_ids as &[Option<Uuid>],
        &columns.actions,
        &columns.subject_kinds,
        &columns.subject_ids,
        &columns.product_ids as &[Option<Uuid>],
        &columns.warehouses as &[Option<String>],
        &columns.on_hand_deltas,
        &columns.reserved_deltas,
        &columns.versions as &[Option<i64>],
        &columns.before as &[Option<Value>],
        &columns.after as &[Option<Value>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The entries to append, a vector for each column.
#[derive(Default)]
pub(crate) struct Columns {
    pub(crate) shard_keys: Vec<Uuid>,
    pub(crate) change_ids: Vec<Uuid>,
    pub(crate) actors: Vec<String>,
    pub(crate) request_ids: Vec<Option<Uuid>>,
    pub(crate) actions: Vec<String>,
    pub(crate) subject_kinds: Vec<String>,
    pub(crate) subject_ids: Vec<Uuid>,
    pub(crate) product_ids: Vec<Option<Uuid>>,
    pub(crate) warehouses: Vec<Option<String>>,
    pub(crate) on_hand_deltas: Vec<i64>,
    pub(crate) reserved_deltas: Vec<i64>,
    pub(crate) versions: Vec<Option<i64>>,
    pub(crate) before: Vec<Option<Value>>,
    pub(crate) after: Vec<Option<Value>>,
}

impl Columns {
    pub(crate) fn of(changes: &[(Caller, &ChangeDraft)]) -> Self {
        let mut columns = Self::default();
        for (caller, change) in changes {
            for entry in &change.entries {
                columns.push(caller, change, entry);
            }
        }
        columns
    }

    fn push(&mut self, caller: &Caller, change: &ChangeDraft, entry: &EntryDraft) {
        let stock = entry.stock.as_ref();
        let product_id = match (stock, change.subject) {
            (Some(stock), _) => Some(stock.key.product_id.as_uuid()),
            (None, Subject::Product(id)) => Some(id.as_uuid()),
            (None, Subject::Reservation(_) | Subject::Order(_) | Subject::User(_) | Subject::Key(_)) => None,
        };
        self.shard_keys.push(product_id.unwrap_or(change.subject.id()));
        self.change_ids.push(change.change_id.as_uuid());
        self.actors.push(caller.actor.to_string());
        self.request_ids.push(caller.request_id.map(RequestId::as_uuid));
        self.actions.push(change.action.as_str().to_owned());
        self.subject_kinds.push(change.subject.kind().to_owned());
        self.subject_ids.push(change.subject.id());
        self.product_ids.push(product_id);
        self.warehouses.push(stock.map(|stock| stock.key.warehouse.as_str().to_owned()));
        self.on_hand_deltas.push(stock.map_or(0, |stock| stock.on_hand_delta));
        self.reserved_deltas.push(stock.map_or(0, |stock| stock.reserved_delta));
        self.versions.push(stock.map(|stock| stock.version));
        self.before.push(entry.before.clone());
        self.after.push(entry.after.clone());
    }
}

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

const SELECT: &str = "select
        journal.position,
        journal.at,
        journal.change_id,
        journal.actor,
        journal.request_id,
        journal.action,
        journal.subject_kind,
        journal.subject_id,
        products.sku,
        journal.warehouse,
        journal.on_hand_delta,
        journal.reserved_delta,
        journal.version,
        journal.before,
        journal.after
    from journal
    left join products on products.id = journal.product_id
    where true";

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

#[derive(FromRow)]
struct EntryRow {
    position: i64,
    at: DateTime<Utc>,
    change_id: Uuid,
    actor: String,
    request_id: Option<Uuid>,
    action: String,
    subject_kind: String,
    subject_id: Uuid,
    sku: Option<String>,
    warehouse: Option<String>,
    on_hand_delta: i64,
    reserved_delta: i64,
    version: Option<i64>,
    before: Option<Value>,
    after: Option<Value>,
}

impl TryFrom<EntryRow> for Entry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let EntryRow {
            position,
            at,
            change_id,
            actor,
            request_id,
            action,
            subject_kind,
            subject_id,
            sku,
            warehouse,
            on_hand_delta,
            reserved_delta,
            version,
            before,
            after,
        } = row;
        Ok(Self {
            position,
            at: Timestamp::new(at),
            change_id: ChangeId::from_uuid(change_id),
            actor: actor.parse::<Actor>().map_err(|error| corrupt("journal.actor", error))?,
            request_id: request_id.map(RequestId::from_uuid),
            action: action.parse().map_err(|error| corrupt("journal.action", error))?,
            subject: Subject::new(&subject_kind, subject_id).map_err(|error| corrupt("journal.subject_kind", error))?,
            sku: sku.map(Sku::new).transpose().map_err(|error| corrupt("products.sku", error))?,
            warehouse: warehouse
                .map(WarehouseCode::new)
                .transpose()
                .map_err(|error| corrupt("journal.warehouse", error))?,
            on_hand_delta,
            reserved_delta,
            version,
            before,
            after,
        })
    }
}
