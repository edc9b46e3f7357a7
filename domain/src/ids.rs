//! Identifiers. Each kind is its own type, so that one can't be passed for another. They are UUIDs of
//! version 7, made by the server (see `store::ids`): the domain only carries them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The text was not the hyphenated form of a UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not an id")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            /// Takes the hyphenated form only: one id, one spelling in a path.
            fn from_str(text: &str) -> Result<Self, IdError> {
                if text.len() != 36 {
                    return Err(IdError);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| IdError)
            }
        }
    };
}

id!(
    /// A product.
    ProductId
);
id!(
    /// A reservation.
    ReservationId
);
id!(
    /// An order.
    OrderId
);
id!(
    /// A customer.
    CustomerId
);
id!(
    /// A warehouse, where the journal tells of it. Everywhere else its code names it.
    WarehouseId
);
id!(
    /// One change of state: all journal entries that it wrote carry it.
    ChangeId
);
id!(
    /// A person who signs in.
    UserId
);
id!(
    /// An API key.
    KeyId
);
id!(
    /// One request, from the door to the journal.
    RequestId
);
