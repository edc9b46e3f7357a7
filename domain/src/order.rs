//! Orders: what was reserved and is bought, with prices and names as they were sold.

pub mod csv;
pub mod filter;
pub mod machine;
mod request;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use machine::OrderStatus;
pub use request::{CustomerRequest, OrderChange, OrderRequest, OrderSource};

use crate::account::Role;
use crate::actor::Actor;
use crate::currency::Currency;
use crate::ids::{CustomerId, OrderId, ProductId, ReservationId};
use crate::money::{Money, MoneyError};
use crate::sku::Sku;
use crate::stock::StockKey;
use crate::text::{Email, Name, NoteText, Reference};
use crate::time::Timestamp;
use crate::warehouse::WarehouseCode;

/// The short number that people call an order by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderNumber(i64);

impl OrderNumber {
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How a caller names an order: by its id, or by its number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderRef {
    Id(OrderId),
    Number(OrderNumber),
}

impl OrderRef {
    /// Reads a path segment. `None` where it can be neither, so that no order can be meant.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        let number = text.parse::<i64>().ok().filter(|number| *number > 0 && text == number.to_string());
        number.map(|number| Self::Number(OrderNumber(number)))
    }
}

/// Who bought. Any of the three may be missing, though not all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Customer {
    pub id: CustomerId,
    pub email: Option<Email>,
    pub name: Option<Name>,
    /// What the shop calls the customer.
    pub reference: Option<Reference>,
}

/// An order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub number: OrderNumber,
    pub status: OrderStatus,
    pub customer: Option<Customer>,
    pub currency: Currency,
    pub total: Money,
    pub lines: Vec<OrderLine>,
    /// `None` for an order of the past that was never reserved here.
    pub reservation_id: Option<ReservationId>,
    /// What the shop calls the order.
    pub reference: Option<Reference>,
    pub notes: Vec<Note>,
    /// Rises with every change.
    pub version: i64,
    pub placed_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Units of one product at one price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderLine {
    pub sku: Sku,
    pub product_id: ProductId,
    /// As it was sold.
    pub name: Name,
    /// As it was sold.
    pub unit_price: Money,
    pub quantity: i64,
    pub allocations: Vec<OrderAllocation>,
}

/// Units of a line from one warehouse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderAllocation {
    pub warehouse: WarehouseCode,
    pub quantity: i64,
}

/// What somebody wrote on an order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Note {
    pub at: Timestamp,
    pub actor: Actor,
    pub text: NoteText,
}

/// An order as it reads at `server_time`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderView {
    #[serde(flatten)]
    pub order: Order,
    /// While it is pending: when its hold ends, and it with it.
    pub expires_at: Option<Timestamp>,
    pub server_time: Timestamp,
    pub allowed_transitions: Vec<OrderStatus>,
    /// In the answer that took expired units again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reacquired: bool,
}

/// An order in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OrderSummary {
    pub id: OrderId,
    pub number: OrderNumber,
    pub status: OrderStatus,
    pub customer: Option<Customer>,
    pub currency: Currency,
    pub total: Money,
    /// Units over all lines.
    pub items: i64,
    pub reservation_id: Option<ReservationId>,
    pub reference: Option<Reference>,
    pub version: i64,
    pub placed_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Order {
    /// The order as it counts at `now`, `expires_at` being the deadline of its hold. Pending past its
    /// deadline it is expired, with the version and time that the sweep gives it: what a caller reads is
    /// the same a moment before the sweep and after it.
    pub fn as_of(mut self, expires_at: Option<Timestamp>, now: Timestamp) -> Self {
        if let Some(deadline) = lapsed(self.status, expires_at, now) {
            self.status = OrderStatus::Expired;
            self.version += 1;
            self.updated_at = deadline;
        }
        self
    }

    /// `expires_at` is the deadline of its hold.
    pub fn view(self, expires_at: Option<Timestamp>, now: Timestamp) -> OrderView {
        let order = self.as_of(expires_at, now);
        let expires_at = expires_at.filter(|_| order.status == OrderStatus::Pending);
        let allowed_transitions = order.status.allowed();
        OrderView { order, expires_at, server_time: now, allowed_transitions, reacquired: false }
    }

    /// Its units in each stock row, in the order of locks.
    pub fn units_by_key(&self) -> std::collections::BTreeMap<StockKey, i64> {
        let mut units = std::collections::BTreeMap::new();
        for line in &self.lines {
            for allocation in &line.allocations {
                let key = StockKey { product_id: line.product_id, warehouse: allocation.warehouse.clone() };
                *units.entry(key).or_default() += allocation.quantity;
            }
        }
        units
    }

    /// Units over all lines.
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
}

impl OrderView {
    /// The order for somebody with this role, whose steps alone are named: a viewer takes none.
    pub fn seen_by(mut self, role: Role) -> Self {
        if !role.may(machine::STEPS_NEED) {
            self.allowed_transitions.clear();
        }
        self
    }
}

impl OrderSummary {
    /// As [`Order::as_of`].
    pub fn as_of(mut self, expires_at: Option<Timestamp>, now: Timestamp) -> Self {
        if let Some(deadline) = lapsed(self.status, expires_at, now) {
            self.status = OrderStatus::Expired;
            self.version += 1;
            self.updated_at = deadline;
        }
        self
    }
}

/// The deadline that has passed over an order that still stands as pending.
fn lapsed(status: OrderStatus, expires_at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    expires_at.filter(|deadline| status == OrderStatus::Pending && *deadline <= now)
}

/// What the lines come to.
///
/// # Errors
/// [`MoneyError`] where prices are of several currencies, or the sum leaves `i64`.
pub fn total(lines: &[OrderLine], currency: Currency) -> Result<Money, MoneyError> {
    lines
        .iter()
        .try_fold(Money::new(0, currency), |sum, line| sum.checked_add(line.unit_price.checked_mul(line.quantity)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_an_order_by_id_or_number() {
        assert_eq!(OrderRef::parse("1042"), Some(OrderRef::Number(OrderNumber(1_042))));
        assert!(matches!(OrderRef::parse("019a0000-0000-7000-8000-000000000001"), Some(OrderRef::Id(_))));
        for text in ["", "0", "-1", "+1", "01", "1e3", "x", "99999999999999999999"] {
            assert_eq!(OrderRef::parse(text), None, "{text:?}");
        }
    }
}
