//! People and programs that are let in: who they are, what they may do, and by what they are known. A role
//! contains the ones before it.

mod key;
mod password;
mod secret;
mod sign_in;
mod user;

use serde::{Deserialize, Serialize};

pub use key::{ApiKey, KeyCreated, KeyRequest, key_created, key_revoked};
pub use password::{Password, PasswordChange, PasswordError};
pub use secret::ShownOnce;
pub use sign_in::{LocalPath, SESSION_IDLE_SECONDS, SESSION_LIFE_SECONDS, SignIn, SignedInBy, link_path};
pub use sign_in::{session_closed, session_opened};
pub use user::{User, UserChange, UserCreated, UserRequest, user_changed, user_created};

/// What a user or an API key may do.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Also reserves, orders and changes the status of orders.
    Operator,
    /// Also edits products, stock, warehouses, users, keys and webhooks.
    Admin,
}

/// Who a door or a page is open to. Each declares it; there is no default.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Access {
    /// Anyone, signed in or not.
    Anyone,
    /// Whoever has this role or one that contains it.
    Role(Role),
}

impl Role {
    /// Whether this role may do what asks for `needed`.
    pub fn may(self, needed: Self) -> bool {
        self >= needed
    }

    /// # Errors
    /// What a role must be, where the text names none.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        text.parse().map_err(|_| "must be viewer, operator or admin")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_contains_the_ones_before_it() {
        assert!(Role::Admin.may(Role::Viewer) && Role::Operator.may(Role::Operator));
        assert!(!Role::Viewer.may(Role::Operator) && !Role::Operator.may(Role::Admin));
    }
}
