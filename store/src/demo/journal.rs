//! What the journal tells of the demo's orders.

use std::collections::BTreeMap;

use domain::ids::OrderId;
use domain::journal::{Action, Subject};
use domain::money::Money;
use domain::stock::{LevelDelta, StockKey, StockRow};
use domain::time::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::CALLER;
use super::copy::{Escaped, Nullable, Rows};
use super::plan::Planned;
use crate::error::StoreError;
use crate::ids;

/// The journal of a chunk, as it grows.
pub(super) struct Journal {
    at: Timestamp,
    pub(super) rows: Rows,
}

impl Journal {
    pub(super) fn new(at: Timestamp) -> Self {
        let rows = Rows::new(
            "copy journal (
                at, shard_key, change_id, actor, action, subject_kind, subject_id, product_id, warehouse,
                on_hand_delta, reserved_delta, on_hand, reserved, version, after
            ) from stdin",
        );
        Self { at, rows }
    }

    /// Goods that come in for the orders of the chunk.
    pub(super) fn received(
        &mut self,
        stock: &mut BTreeMap<StockKey, StockRow>,
        key: &StockKey,
        units: i64,
    ) -> Result<(), StoreError> {
        let change = Change::new(Action::StockReceived, Subject::Product(key.product_id));
        self.moves(stock, &change, key, LevelDelta { on_hand: units, reserved: 0 }, None)
    }

    /// An order that is there from now on: an entry for each stock row it moves, or one where it moves none.
    pub(super) fn imported(
        &mut self,
        stock: &mut BTreeMap<StockKey, StockRow>,
        id: OrderId,
        order: &Planned,
        total: Money,
        reserved: &[(StockKey, i64)],
    ) -> Result<(), StoreError> {
        let change = Change::new(Action::OrderImported, Subject::Order(id));
        let facts = json!({"status": order.status, "total": total});
        if reserved.is_empty() {
            self.push(&change, None, LevelDelta::default(), Some(&facts));
        }
        reserved.iter().try_for_each(|(key, units)| {
            self.moves(stock, &change, key, LevelDelta { on_hand: 0, reserved: *units }, Some(&facts))
        })
    }

    fn moves(
        &mut self,
        stock: &mut BTreeMap<StockKey, StockRow>,
        change: &Change,
        key: &StockKey,
        delta: LevelDelta,
        facts: Option<&Value>,
    ) -> Result<(), StoreError> {
        let missing = || StoreError::Corrupt(format!("product {} in {} was not read", key.product_id, key.warehouse));
        let row = stock.get_mut(key).ok_or_else(missing)?;
        row.level = row.level.checked_apply(delta).map_err(|error| StoreError::Corrupt(error.to_string()))?;
        row.version += 1;
        let row = *row;
        self.push(change, Some((key, row)), delta, facts);
        Ok(())
    }

    fn push(
        &mut self,
        change: &Change,
        stock: Option<(&StockKey, StockRow)>,
        delta: LevelDelta,
        facts: Option<&Value>,
    ) {
        let subject = change.subject;
        let product_id = stock.map(|(key, _)| key.product_id.as_uuid());
        self.rows.push(&[
            &self.at,
            &product_id.unwrap_or(subject.id()),
            &change.id,
            &CALLER.actor,
            &change.action.as_str(),
            &subject.kind(),
            &subject.id(),
            &Nullable(product_id),
            &Nullable(stock.map(|(key, _)| Escaped(key.warehouse.as_str()))),
            &delta.on_hand,
            &delta.reserved,
            &Nullable(stock.map(|(_, row)| row.level.on_hand)),
            &Nullable(stock.map(|(_, row)| row.level.reserved)),
            &Nullable(stock.map(|(_, row)| row.version)),
            &Nullable(facts),
        ]);
    }
}

/// One change, whose entries share its id.
struct Change {
    id: Uuid,
    action: Action,
    subject: Subject,
}

impl Change {
    fn new(action: Action, subject: Subject) -> Self {
        Self { id: ids::change_id().as_uuid(), action, subject }
    }
}
