//! The journal: appended to in every transaction that changes something, read back by keyset, and told of
//! as it grows.

pub(crate) mod feeds;
pub(crate) mod follow;
mod followers;
mod list;
mod names;
mod row;
mod subject;
pub(crate) mod tail;
mod told;
pub(crate) mod visible;

use domain::ids::RequestId;
use domain::journal::{ChangeDraft, EntryDraft, Subject};
use domain::time::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) use list::journal_of_subjects_in_tx;
pub use told::{Glimpse, Moved, Told};

use crate::error::StoreError;
use crate::request::Caller;

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
            on_hand,
            reserved,
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
            $14::bigint[],
            $15::bigint[],
            $16::jsonb[],
            $17::jsonb[]
        ) as entry",
        at.as_datetime(),
        &columns.shard_keys,
        &columns.change_ids,
        &columns.actors,
        &columns.request_ids as &[Option<Uuid>],
        &columns.actions as &[&str],
        &columns.subject_kinds as &[&str],
        &columns.subject_ids,
        &columns.product_ids as &[Option<Uuid>],
        &columns.warehouses as &[Option<&str>],
        &columns.on_hand_deltas,
        &columns.reserved_deltas,
        &columns.on_hand as &[Option<i64>],
        &columns.reserved as &[Option<i64>],
        &columns.versions as &[Option<i64>],
        &columns.before as &[Option<&Value>],
        &columns.after as &[Option<&Value>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The entries to append, a vector for each column.
#[derive(Default)]
pub(crate) struct Columns<'a> {
    pub(crate) shard_keys: Vec<Uuid>,
    pub(crate) change_ids: Vec<Uuid>,
    pub(crate) actors: Vec<String>,
    pub(crate) request_ids: Vec<Option<Uuid>>,
    pub(crate) actions: Vec<&'a str>,
    pub(crate) subject_kinds: Vec<&'a str>,
    pub(crate) subject_ids: Vec<Uuid>,
    pub(crate) product_ids: Vec<Option<Uuid>>,
    pub(crate) warehouses: Vec<Option<&'a str>>,
    pub(crate) on_hand_deltas: Vec<i64>,
    pub(crate) reserved_deltas: Vec<i64>,
    pub(crate) on_hand: Vec<Option<i64>>,
    pub(crate) reserved: Vec<Option<i64>>,
    pub(crate) versions: Vec<Option<i64>>,
    pub(crate) before: Vec<Option<&'a Value>>,
    pub(crate) after: Vec<Option<&'a Value>>,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(changes: &[(Caller, &'a ChangeDraft)]) -> Self {
        let mut columns = Self::default();
        for (caller, change) in changes {
            for entry in &change.entries {
                columns.push(caller, change, entry);
            }
        }
        columns
    }

    fn push(&mut self, caller: &Caller, change: &'a ChangeDraft, entry: &'a EntryDraft) {
        let stock = entry.stock.as_ref();
        let product_id = match (stock, change.subject) {
            (Some(stock), _) => Some(stock.key.product_id.as_uuid()),
            (None, Subject::Product(id)) => Some(id.as_uuid()),
            (
                None,
                Subject::Warehouse(_)
                | Subject::Reservation(_)
                | Subject::Order(_)
                | Subject::User(_)
                | Subject::Key(_),
            ) => None,
        };
        self.shard_keys.push(product_id.unwrap_or(change.subject.id()));
        self.change_ids.push(change.change_id.as_uuid());
        self.actors.push(caller.actor.to_string());
        self.request_ids.push(caller.request_id.map(RequestId::as_uuid));
        self.actions.push(change.action.as_str());
        self.subject_kinds.push(change.subject.kind());
        self.subject_ids.push(change.subject.id());
        self.product_ids.push(product_id);
        self.warehouses.push(stock.map(|stock| stock.key.warehouse.as_str()));
        self.on_hand_deltas.push(stock.map_or(0, |stock| stock.on_hand_delta));
        self.reserved_deltas.push(stock.map_or(0, |stock| stock.reserved_delta));
        self.on_hand.push(stock.map(|stock| stock.level.on_hand));
        self.reserved.push(stock.map(|stock| stock.level.reserved));
        self.versions.push(stock.map(|stock| stock.version));
        self.before.push(entry.before.as_ref());
        self.after.push(entry.after.as_ref());
    }
}
