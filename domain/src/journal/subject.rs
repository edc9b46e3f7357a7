//! What entries of the journal are about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::EnumCount;
use uuid::Uuid;

use crate::ids::{KeyId, OrderId, ProductId, ReservationId, UserId, WarehouseId};
use crate::order::{OrderNumber, OrderRef};
use crate::product::ProductRef;
use crate::sku::Sku;
use crate::warehouse::WarehouseCode;

/// What an entry is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, EnumCount)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Subject {
    Product(ProductId),
    Warehouse(WarehouseId),
    Reservation(ReservationId),
    Order(OrderId),
    User(UserId),
    Key(KeyId),
}

/// How a caller names what entries are about: by its id, or by what people call it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubjectRef {
    Id(Subject),
    Product(Sku),
    Warehouse(WarehouseCode),
    Order(OrderNumber),
}

/// The text names no subject.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubjectError {
    #[error("must begin with product:, warehouse:, reservation:, order:, user: or key:")]
    Kind,
    /// What stands behind the kind can't be the name of one.
    #[error("must be {expected}")]
    Name { expected: &'static str },
}

impl Subject {
    /// All kinds, in the order in which people look for them.
    pub const KINDS: [&str; Self::COUNT] = ["product", "reservation", "order", "warehouse", "user", "key"];

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

    /// `None` for a kind that does not exist.
    pub fn new(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            "product" => Some(Self::Product(ProductId::from_uuid(id))),
            "warehouse" => Some(Self::Warehouse(WarehouseId::from_uuid(id))),
            "reservation" => Some(Self::Reservation(ReservationId::from_uuid(id))),
            "order" => Some(Self::Order(OrderId::from_uuid(id))),
            "user" => Some(Self::User(UserId::from_uuid(id))),
            "key" => Some(Self::Key(KeyId::from_uuid(id))),
            _ => None,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind(), self.id())
    }
}

impl SubjectRef {
    /// Reads a kind and a name: an id, a product's SKU, an order's number, a warehouse's code.
    ///
    /// # Errors
    /// [`SubjectError`], with what a name of this kind is.
    pub fn new(kind: &str, name: &str) -> Result<Self, SubjectError> {
        let (read, expected) = match kind {
            "product" => {
                let product = ProductRef::parse(name).map(|product| match product {
                    ProductRef::Id(id) => Self::Id(Subject::Product(id)),
                    ProductRef::Sku(sku) => Self::Product(sku),
                });
                (product, "a product's SKU or id")
            }
            "order" => {
                let order = OrderRef::parse(name).map(|order| match order {
                    OrderRef::Id(id) => Self::Id(Subject::Order(id)),
                    OrderRef::Number(number) => Self::Order(number),
                });
                (order, "an order's number or id")
            }
            "warehouse" => {
                // No code is as long as an id.
                let code = || WarehouseCode::new(name).map(Self::Warehouse).ok();
                (Self::by_id(kind, name).or_else(code), "a warehouse's code or id")
            }
            "reservation" => (Self::by_id(kind, name), "a reservation's id"),
            "user" => (Self::by_id(kind, name), "a user's id"),
            "key" => (Self::by_id(kind, name), "a key's id"),
            _ => return Err(SubjectError::Kind),
        };
        read.ok_or(SubjectError::Name { expected })
    }

    fn by_id(kind: &str, id: &str) -> Option<Self> {
        let id: ProductId = id.parse().ok()?;
        Subject::new(kind, id.as_uuid()).map(Self::Id)
    }
}

impl FromStr for SubjectRef {
    type Err = SubjectError;

    /// Reads `kind:name`.
    fn from_str(text: &str) -> Result<Self, SubjectError> {
        let (kind, name) = text.split_once(':').ok_or(SubjectError::Kind)?;
        Self::new(kind, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "019a0000-0000-7000-8000-000000000001";

    #[test]
    fn every_kind_is_named_by_id() {
        for kind in Subject::KINDS {
            let Ok(SubjectRef::Id(subject)) = format!("{kind}:{ID}").parse() else { panic!("{kind} has no id") };
            assert_eq!((subject.kind(), subject.id().to_string()), (kind, ID.to_owned()));
        }
    }

    #[test]
    fn what_people_call_things_will_do() {
        let read = |text: &str| text.parse::<SubjectRef>();
        assert_eq!(read("product:A:1"), Ok(SubjectRef::Product(Sku::new("A:1").unwrap())));
        assert_eq!(read("warehouse:MAIN"), Ok(SubjectRef::Warehouse(WarehouseCode::main())));
        assert_eq!(read("order:1042"), Ok(SubjectRef::Order(OrderNumber::new(1_042))));
        for (text, expected) in [
            ("product: A", "a product's SKU or id"),
            ("warehouse:", "a warehouse's code or id"),
            ("warehouse:much-longer-than-it-may-be", "a warehouse's code or id"),
            ("order:01", "an order's number or id"),
            ("reservation:1042", "a reservation's id"),
            ("user:ada@example.com", "a user's id"),
        ] {
            assert_eq!(read(text), Err(SubjectError::Name { expected }), "{text}");
        }
        for text in ["", "product", "cart:1", "Product:A"] {
            assert_eq!(read(text), Err(SubjectError::Kind), "{text}");
        }
    }
}
