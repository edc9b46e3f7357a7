//! What entries of the journal are about.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{KeyId, OrderId, ProductId, ReservationId, UserId, WarehouseId};

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
