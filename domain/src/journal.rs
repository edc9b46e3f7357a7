//! The journal: what an entry is, and its words. One append-only list is the audit log, the stock
//! ledger and the event stream.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::actor::Actor;
use crate::ids::{ChangeId, KeyId, OrderId, ProductId, RequestId, ReservationId, UserId, WarehouseId};
use crate::order::OrderStatus;
use crate::quantity::grouped;
use crate::sku::Sku;
use crate::stock::{StockKey, StockReason};
use crate::time::Timestamp;
use crate::warehouse::WarehouseCode;

/// What was done, as `noun.verb` in the past.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Debug,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
pub enum Action {
    #[serde(rename = "product.created")]
    #[strum(serialize = "product.created")]
    ProductCreated,
    #[serde(rename = "product.changed")]
    #[strum(serialize = "product.changed")]
    ProductChanged,
    #[serde(rename = "product.archived")]
    #[strum(serialize = "product.archived")]
    ProductArchived,
    #[serde(rename = "product.restored")]
    #[strum(serialize = "product.restored")]
    ProductRestored,
    #[serde(rename = "stock.received")]
    #[strum(serialize = "stock.received")]
    StockReceived,
    #[serde(rename = "stock.adjusted")]
    #[strum(serialize = "stock.adjusted")]
    StockAdjusted,
    #[serde(rename = "stock.written_off")]
    #[strum(serialize = "stock.written_off")]
    StockWrittenOff,
    #[serde(rename = "stock.transferred")]
    #[strum(serialize = "stock.transferred")]
    StockTransferred,
    #[serde(rename = "warehouse.created")]
    #[strum(serialize = "warehouse.created")]
    WarehouseCreated,
    #[serde(rename = "warehouse.changed")]
    #[strum(serialize = "warehouse.changed")]
    WarehouseChanged,
    #[serde(rename = "warehouse.deactivated")]
    #[strum(serialize = "warehouse.deactivated")]
    WarehouseDeactivated,
    #[serde(rename = "warehouse.activated")]
    #[strum(serialize = "warehouse.activated")]
    WarehouseActivated,
    #[serde(rename = "reservation.held")]
    #[strum(serialize = "reservation.held")]
    ReservationHeld,
    #[serde(rename = "reservation.changed")]
    #[strum(serialize = "reservation.changed")]
    ReservationChanged,
    #[serde(rename = "reservation.extended")]
    #[strum(serialize = "reservation.extended")]
    ReservationExtended,
    #[serde(rename = "reservation.released")]
    #[strum(serialize = "reservation.released")]
    ReservationReleased,
    #[serde(rename = "reservation.expired")]
    #[strum(serialize = "reservation.expired")]
    ReservationExpired,
    #[serde(rename = "order.placed")]
    #[strum(serialize = "order.placed")]
    OrderPlaced,
    #[serde(rename = "order.confirmed")]
    #[strum(serialize = "order.confirmed")]
    OrderConfirmed,
    #[serde(rename = "order.processing")]
    #[strum(serialize = "order.processing")]
    OrderProcessing,
    #[serde(rename = "order.shipped")]
    #[strum(serialize = "order.shipped")]
    OrderShipped,
    #[serde(rename = "order.delivered")]
    #[strum(serialize = "order.delivered")]
    OrderDelivered,
    #[serde(rename = "order.cancelled")]
    #[strum(serialize = "order.cancelled")]
    OrderCancelled,
    #[serde(rename = "order.expired")]
    #[strum(serialize = "order.expired")]
    OrderExpired,
    #[serde(rename = "order.returned")]
    #[strum(serialize = "order.returned")]
    OrderReturned,
    #[serde(rename = "order.noted")]
    #[strum(serialize = "order.noted")]
    OrderNoted,
    #[serde(rename = "order.imported")]
    #[strum(serialize = "order.imported")]
    OrderImported,
    #[serde(rename = "user.created")]
    #[strum(serialize = "user.created")]
    UserCreated,
    #[serde(rename = "user.changed")]
    #[strum(serialize = "user.changed")]
    UserChanged,
    #[serde(rename = "user.deactivated")]
    #[strum(serialize = "user.deactivated")]
    UserDeactivated,
    #[serde(rename = "user.activated")]
    #[strum(serialize = "user.activated")]
    UserActivated,
    #[serde(rename = "session.opened")]
    #[strum(serialize = "session.opened")]
    SessionOpened,
    #[serde(rename = "session.closed")]
    #[strum(serialize = "session.closed")]
    SessionClosed,
    #[serde(rename = "key.created")]
    #[strum(serialize = "key.created")]
    KeyCreated,
    #[serde(rename = "key.revoked")]
    #[strum(serialize = "key.revoked")]
    KeyRevoked,
}

impl Action {
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What was done, in words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ProductCreated => "product created",
            Self::ProductChanged => "product changed",
            Self::ProductArchived => "product archived",
            Self::ProductRestored => "product brought back",
            Self::StockReceived => "stock received",
            Self::StockAdjusted => "stock adjusted",
            Self::StockWrittenOff => "stock written off",
            Self::StockTransferred => "stock transferred",
            Self::WarehouseCreated => "warehouse created",
            Self::WarehouseChanged => "warehouse changed",
            Self::WarehouseDeactivated => "warehouse deactivated",
            Self::WarehouseActivated => "warehouse activated",
            Self::ReservationHeld => "units held",
            Self::ReservationChanged => "reservation changed",
            Self::ReservationExtended => "hold extended",
            Self::ReservationReleased => "hold released",
            Self::ReservationExpired => "hold expired",
            Self::OrderPlaced => "order placed",
            Self::OrderConfirmed => "order confirmed",
            Self::OrderProcessing => "order being picked",
            Self::OrderShipped => "order shipped",
            Self::OrderDelivered => "order delivered",
            Self::OrderCancelled => "order cancelled",
            Self::OrderExpired => "order expired",
            Self::OrderReturned => "order returned",
            Self::OrderNoted => "note written",
            Self::OrderImported => "order imported",
            Self::UserCreated => "user created",
            Self::UserChanged => "user changed",
            Self::UserDeactivated => "user deactivated",
            Self::UserActivated => "user activated",
            Self::SessionOpened => "signed in",
            Self::SessionClosed => "signed out",
            Self::KeyCreated => "API key created",
            Self::KeyRevoked => "API key revoked",
        }
    }
}

impl From<StockReason> for Action {
    fn from(reason: StockReason) -> Self {
        match reason {
            StockReason::Received => Self::StockReceived,
            StockReason::Adjusted => Self::StockAdjusted,
            StockReason::WrittenOff => Self::StockWrittenOff,
        }
    }
}

impl From<OrderStatus> for Action {
    /// What the journal calls the step to this status.
    fn from(status: OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::OrderPlaced,
            OrderStatus::Confirmed => Self::OrderConfirmed,
            OrderStatus::Processing => Self::OrderProcessing,
            OrderStatus::Shipped => Self::OrderShipped,
            OrderStatus::Delivered => Self::OrderDelivered,
            OrderStatus::Cancelled => Self::OrderCancelled,
            OrderStatus::Expired => Self::OrderExpired,
            OrderStatus::Returned => Self::OrderReturned,
        }
    }
}

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    Product(ProductId),
    Warehouse(WarehouseId),
    Reservation(ReservationId),
    Order(OrderId),
    User(UserId),
    Key(KeyId),
}

/// The text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be product:ID, warehouse:ID, reservation:ID, order:ID, user:ID or key:ID")]
pub struct SubjectError;

impl Subject {
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Product(_) => "product",
            Self::Warehouse(_) => "warehouse",
            Self::Reservation(_) => "reservation",
            Self::Order(_) => "order",
            Self::User(_) => "user",
            Self::Key(_) => "key",
        }
    }

    pub const fn id(self) -> Uuid {
        match self {
            Self::Product(id) => id.as_uuid(),
            Self::Warehouse(id) => id.as_uuid(),
            Self::Reservation(id) => id.as_uuid(),
            Self::Order(id) => id.as_uuid(),
            Self::User(id) => id.as_uuid(),
            Self::Key(id) => id.as_uuid(),
        }
    }

    /// # Errors
    /// [`SubjectError`] for a kind that does not exist.
    pub fn new(kind: &str, id: Uuid) -> Result<Self, SubjectError> {
        match kind {
            "product" => Ok(Self::Product(ProductId::from_uuid(id))),
            "warehouse" => Ok(Self::Warehouse(WarehouseId::from_uuid(id))),
            "reservation" => Ok(Self::Reservation(ReservationId::from_uuid(id))),
            "order" => Ok(Self::Order(OrderId::from_uuid(id))),
            "user" => Ok(Self::User(UserId::from_uuid(id))),
            "key" => Ok(Self::Key(KeyId::from_uuid(id))),
            _ => Err(SubjectError),
        }
    }
}

impl std::str::FromStr for Subject {
    type Err = SubjectError;

    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let (kind, id) = text.split_once(':').ok_or(SubjectError)?;
        let id: ProductId = id.parse().map_err(|_| SubjectError)?;
        Self::new(kind, id.as_uuid())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.id())
    }
}

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
    /// The facts that changed, as they were.
    pub before: Option<Value>,
    /// The facts that changed, as they are.
    pub after: Option<Value>,
}

/// What happens to one stock row, and the version it has then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StockMove {
    pub key: StockKey,
    pub on_hand_delta: i64,
    pub reserved_delta: i64,
    pub version: i64,
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
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_action_is_written_the_same_in_json_and_in_the_table() {
        for action in Action::VARIANTS {
            assert_eq!(serde_json::to_value(action).unwrap(), Value::String(action.as_str().to_owned()));
            assert_eq!(action.as_str().parse::<Action>().unwrap(), *action);
            assert!(action.as_str().split_once('.').is_some_and(|(noun, verb)| !noun.is_empty() && !verb.is_empty()));
        }
    }
}
