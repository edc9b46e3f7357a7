//! What a batch changes: orders with their customers in a statement a table, all else in one
//! (`write.sql`).

pub(super) mod columns;

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::{Decision, State, Write};
use domain::ids::{CustomerId, OrderId, ReservationId};
use domain::journal::ChangeDraft;
use domain::order::Order;
use domain::reservation::{Reservation, ReservationStatus};
use domain::time::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use self::columns::{Changes, Lines, Made, Stock};
use super::Item;
use super::memory::Recalled;
use super::statement::Statement;
use crate::error::StoreError;
use crate::idempotency::{Claim, Claimed, Keys};
use crate::journal;
use crate::orders::customers::customers_insert_in_tx;
use crate::orders::write::{orders_insert_in_tx, orders_update_in_tx};
use crate::request::{Caller, Rendered};

/// An item that was accepted and changes something.
pub(super) struct Winner<'a> {
    caller: Caller,
    pub(super) decision: &'a Decision,
    answer: Option<(&'a Claim, &'a Rendered)>,
}

impl<'a> Winner<'a> {
    /// `None` where nothing changes.
    pub(super) fn new(item: &'a Item, decision: &'a Decision, rendered: Option<&'a Rendered>) -> Option<Self> {
        let answer = item.reply.as_ref().map(|reply| &reply.claim).zip(rendered);
        (!decision.drafts.is_empty()).then_some(Self { caller: item.caller, decision, answer })
    }
}

/// What came of writing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Written {
    /// All of it. The database's clock was read shortly before.
    Done(Timestamp),
    /// Nothing is to be kept: a key, a customer or a reference was taken meanwhile.
    Claimed,
    /// Nothing was written: what this was decided on is no longer so.
    Outdated,
}

/// Writes what the winners change, as the state has it in the end; `before` is what the reservations
/// were.
pub(super) async fn all_in_tx(
    conn: &mut PgConnection,
    state: &State,
    before: &BTreeMap<ReservationId, ReservationStatus>,
    winners: &[Winner<'_>],
) -> Result<Written, StoreError> {
    if winners.is_empty() {
        return Ok(Written::Done(state.now));
    }
    let writes = Writes::of(winners.iter().flat_map(|winner| winner.decision.writes.iter().copied()));
    if let Err(Claimed) = writes.orders_in_tx(conn, state).await? {
        return Ok(Written::Claimed);
    }
    writes.lines_delete_in_tx(conn).await?;
    Writing::new(state, before, &writes, winners, None).write(conn).await
}

/// What `write.sql` is to write.
#[derive(Debug)]
pub(super) struct Writing {
    statement: Statement<Rows>,
    /// How many stock rows are to be moved, and how many reservations changed.
    wanted: (i64, i64),
}

/// What `write.sql` tells of itself.
struct Rows {
    is_so: bool,
    moved: i64,
    changed: i64,
    now: Timestamp,
}

impl Writing {
    /// New holds that were decided on what is remembered.
    pub(super) fn holds(state: &State, winners: &[Winner<'_>], recalled: &Recalled<'_>) -> Self {
        let writes = Writes::of(winners.iter().flat_map(|winner| winner.decision.writes.iter().copied()));
        Self::new(state, &BTreeMap::new(), &writes, winners, Some(recalled))
    }

    fn new(
        state: &State,
        before: &BTreeMap<ReservationId, ReservationStatus>,
        writes: &Writes,
        winners: &[Winner<'_>],
        recalled: Option<&Recalled<'_>>,
    ) -> Self {
        let drafts: Vec<(Caller, &ChangeDraft)> = winners
            .iter()
            .flat_map(|winner| winner.decision.drafts.iter().map(|draft| (winner.caller, draft)))
            .collect();
        let answers: Vec<(&Claim, &Rendered)> = winners.iter().filter_map(|winner| winner.answer).collect();
        let nothing = Recalled::default();
        let remembered = recalled.unwrap_or(&nothing);
        let stock = Stock::of(state, &drafts);
        let made = Made::of(&writes.inserted(state));
        let lines = Lines::of(&writes.lined(state));
        let changes = Changes::of(&writes.updated(state), before);
        let entries = journal::Columns::of(&drafts);
        let keys = Keys::of(&answers);
        let wanted = (stock.len(), changes.len());
        let query = sqlx::query_file!(
            "src/batch/write.sql",
            &stock.product_ids,
            &stock.warehouses as &[&str],
            &stock.on_hand,
            &stock.reserved,
            &stock.versions,
            &made.ids,
            &made.statuses as &[&str],
            &made.owners as &[Option<&str>],
            &made.strategies as &[&str],
            &made.expires,
            &made.orders as &[Option<Uuid>],
            &lines.product_ids,
            &lines.reservation_ids,
            &lines.warehouses as &[&str],
            &lines.places,
            &lines.quantities,
            &lines.reasons as &[&str],
            &changes.ids,
            &changes.statuses as &[&str],
            &changes.strategies as &[&str],
            &changes.expires,
            &changes.orders as &[Option<Uuid>],
            &changes.were as &[&str],
            state.now.as_datetime(),
            &entries.shard_keys,
            &entries.change_ids,
            &entries.actors,
            &entries.request_ids as &[Option<Uuid>],
            &entries.actions as &[&str],
            &entries.subject_kinds as &[&str],
            &entries.subject_ids,
            &entries.product_ids as &[Option<Uuid>],
            &entries.warehouses as &[Option<&str>],
            &entries.on_hand_deltas,
            &entries.reserved_deltas,
            &entries.on_hand as &[Option<i64>],
            &entries.reserved as &[Option<i64>],
            &entries.versions as &[Option<i64>],
            &entries.before as &[Option<&Value>],
            &entries.after as &[Option<&Value>],
            &keys.keys as &[&str],
            &keys.callers as &[&str],
            &keys.fingerprints as &[&[u8]],
            &keys.statuses,
            &keys.etags as &[Option<&str>],
            &keys.locations as &[Option<&str>],
            &keys.bodies as &[&[u8]],
            recalled.map(|recalled| recalled.warehouses_digest),
            &remembered.products.ids,
            &remembered.products.skus as &[&str],
            &remembered.products.currencies as &[&str],
            &remembered.products.versions,
            &remembered.stock.product_ids,
            &remembered.stock.warehouses as &[&str],
            &remembered.stock.on_hand,
            &remembered.stock.reserved,
            &remembered.stock.versions,
        );
        let statement = Statement::new(move |conn| {
            Box::pin(async move {
                let rows = query.fetch_one(conn).await?;
                let now = Timestamp::new(rows.now);
                Ok(Rows { is_so: rows.is_so, moved: rows.moved, changed: rows.changed, now })
            })
        });
        Self { statement, wanted }
    }

    pub(super) async fn write(self, conn: &mut PgConnection) -> Result<Written, StoreError> {
        let Self { statement, wanted } = self;
        let rows = match statement.ask(conn).await.map_err(StoreError::from) {
            Err(error) if error.constraint() == Some("idempotency_keys_pk") => return Ok(Written::Claimed),
            rows => rows?,
        };
        if !rows.is_so {
            return Ok(Written::Outdated);
        }
        if (rows.moved, rows.changed) != wanted {
            return Err(StoreError::Corrupt(format!(
                "{} of {} stock rows took their new level, {} of {} reservations were what they had been",
                rows.moved, wanted.0, rows.changed, wanted.1
            )));
        }
        Ok(Written::Done(rows.now))
    }
}

/// Which rows are to be written, each once.
#[derive(Default)]
struct Writes {
    inserted: BTreeSet<ReservationId>,
    updated: BTreeSet<ReservationId>,
    replaced: BTreeSet<ReservationId>,
    customers: BTreeSet<CustomerId>,
    orders_inserted: BTreeSet<OrderId>,
    orders_updated: BTreeSet<OrderId>,
    orders_replaced: BTreeSet<OrderId>,
}

impl Writes {
    fn of(all: impl Iterator<Item = Write>) -> Self {
        let mut writes = Self::default();
        for write in all {
            match write {
                Write::InsertReservation(id) => writes.inserted.insert(id),
                Write::UpdateReservation(id) => writes.updated.insert(id),
                Write::ReplaceReservation(id) => writes.updated.insert(id) | writes.replaced.insert(id),
                Write::InsertCustomer(id) => writes.customers.insert(id),
                Write::InsertOrder(id) => writes.orders_inserted.insert(id),
                Write::UpdateOrder(id) => writes.orders_updated.insert(id),
                Write::ReplaceOrder(id) => writes.orders_updated.insert(id) | writes.orders_replaced.insert(id),
            };
        }
        // What is new is written whole.
        writes.updated.retain(|id| !writes.inserted.contains(id));
        writes.replaced.retain(|id| !writes.inserted.contains(id));
        writes.orders_updated.retain(|id| !writes.orders_inserted.contains(id));
        writes.orders_replaced.retain(|id| !writes.orders_inserted.contains(id));
        writes
    }

    fn inserted<'a>(&self, state: &'a State) -> Vec<&'a Reservation> {
        self.inserted.iter().filter_map(|id| state.reservations.get(id)).collect()
    }

    fn updated<'a>(&self, state: &'a State) -> Vec<&'a Reservation> {
        self.updated.iter().filter_map(|id| state.reservations.get(id)).collect()
    }

    /// Those whose lines are written.
    fn lined<'a>(&self, state: &'a State) -> Vec<&'a Reservation> {
        let ids = self.inserted.iter().chain(&self.replaced);
        ids.filter_map(|id| state.reservations.get(id)).collect()
    }

    /// Takes the old lines away where others take their place.
    async fn lines_delete_in_tx(&self, conn: &mut PgConnection) -> Result<(), StoreError> {
        if self.replaced.is_empty() {
            return Ok(());
        }
        let ids: Vec<Uuid> = self.replaced.iter().map(|id| id.as_uuid()).collect();
        sqlx::query!("delete from reservation_lines where reservation_id = any($1)", &ids).execute(conn).await?;
        Ok(())
    }

    /// Writes the customers and orders as the state has them in the end.
    async fn orders_in_tx(&self, conn: &mut PgConnection, state: &State) -> Result<Result<(), Claimed>, StoreError> {
        let read =
            |ids: &BTreeSet<OrderId>| -> Vec<&Order> { ids.iter().filter_map(|id| state.orders.get(id)).collect() };
        if let Err(Claimed) = customers_insert_in_tx(conn, state, &self.customers).await? {
            return Ok(Err(Claimed));
        }
        if let Err(Claimed) = orders_insert_in_tx(conn, &read(&self.orders_inserted)).await? {
            return Ok(Err(Claimed));
        }
        orders_update_in_tx(conn, &read(&self.orders_updated), &read(&self.orders_replaced)).await?;
        Ok(Ok(()))
    }
}
