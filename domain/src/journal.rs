//! The journal: what an entry is, and its words. One append-only list is the audit log, the stock
//! ledger and the event stream.

mod action;
mod subject;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use action::Action;
pub use subject::{Subject, SubjectError, SubjectRef};

use crate::actor::Actor;
use crate::ids::{ChangeId, ProductId, RequestId};
use crate::quantity::grouped;
use crate::sku::Sku;
use crate::stock::{StockKey, StockLevel};
use crate::time::Timestamp;
use crate::warehouse::WarehouseCode;

/// One change as it is about to be written: an entry for each stock row it moves, or one where none
/// moves.
#[derive(Clone, PartialEq, Debug)]
pub struct ChangeDraft {
    pub change_id: ChangeId,
    pub action: Action,
    pub subject: Subject,
    pub entries: Vec<EntryDraft>,
}

/// One entry of a change.
#[derive(Clone, PartialEq, Debug)]
pub struct EntryDraft {
    /// The stock row that moves.
    pub stock: Option<StockMove>,
    /// The facts that changed, as they were. Not the levels: [`StockMove`] has them.
    pub before: Option<Value>,
    /// The facts that changed, as they are.
    pub after: Option<Value>,
}

/// What happens to one stock row, and the level and version it has then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StockMove {
    pub key: StockKey,
    pub on_hand_delta: i64,
    pub reserved_delta: i64,
    pub level: StockLevel,
    pub version: i64,
}

/// The facts of an entry as they read back, with the level of its stock row among them. Facts are an object; anything
/// else is none of ours, and left out.
pub fn facts_with_level(facts: Option<Value>, level: StockLevel) -> Value {
    let mut facts = match facts {
        Some(Value::Object(facts)) => facts,
        Some(_) | None => Map::new(),
    };
    facts.insert("on_hand".to_owned(), level.on_hand.into());
    facts.insert("reserved".to_owned(), level.reserved.into());
    Value::Object(facts)
}

/// Which entries a list shows, newest first; what is `None` does not narrow it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct EntryFilter {
    pub subject: Option<Subject>,
    /// Entries about this product or moving its stock.
    pub product: Option<ProductId>,
    pub actor: Option<Actor>,
    pub action: Option<Action>,
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub to: Option<Timestamp>,
}

/// An entry as it reads back.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub position: i64,
    pub at: Timestamp,
    pub change_id: ChangeId,
    pub actor: Actor,
    pub request_id: Option<RequestId>,
    pub action: Action,
    pub subject: Subject,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Sku>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<WarehouseCode>,
    pub on_hand_delta: i64,
    pub reserved_delta: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// An entry as people read it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NamedEntry {
    #[serde(flatten)]
    pub entry: Entry,
    /// What the actor is called: a user's or a key's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// What the subject is called, where that is not in the entry: an order's number, a user's or a key's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_name: Option<String>,
}

impl Entry {
    /// What happened to the stock, in words: `6 × 85123A held in MAIN`. `None` where none moved.
    pub fn stock_words(&self) -> Option<String> {
        let (sku, warehouse) = (self.sku.as_ref()?, self.warehouse.as_ref()?);
        let count = |units: i64| format!("{} × {sku}", grouped(units.abs()));
        Some(match (self.on_hand_delta, self.reserved_delta) {
            (0, 0) => return None,
            (0, held @ 1..) => format!("{} held in {warehouse}", count(held)),
            (0, freed) => format!("{} back on sale in {warehouse}", count(freed)),
            (came @ 1.., _) => format!("{} came into {warehouse}", count(came)),
            (left, _) => format!("{} left {warehouse}", count(left)),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_level_is_a_fact_beside_others_whatever_stands_there() {
        let level = StockLevel { on_hand: 5, reserved: 2 };
        let with = |facts| facts_with_level(facts, level);
        assert_eq!(with(Some(json!({"status": "held"}))), json!({"status": "held", "on_hand": 5, "reserved": 2}));
        for none_of_ours in [None, Some(json!(null)), Some(json!([1])), Some(json!("words"))] {
            assert_eq!(with(none_of_ours), json!({"on_hand": 5, "reserved": 2}));
        }
    }
}
