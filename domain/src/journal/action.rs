//! The words of the journal: what may be done.

use serde::{Deserialize, Serialize};

use crate::order::OrderStatus;
use crate::stock::StockReason;

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

#[cfg(test)]
mod tests {
    use serde_json::Value;
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
