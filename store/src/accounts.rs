//! People and programs that are let in: users with their passwords and sessions, API keys, links that sign
//! in once, and what is remembered of them so that letting them in costs no query.

mod credentials;
mod keys;
mod links;
mod password_change;
mod passwords;
mod pruning;
mod secrets;
mod sessions;
mod setup;
mod users;

pub use pruning::Pruned;
pub use secrets::{KeySecret, LinkToken, SessionToken};
pub use sessions::{OpenedSession, Origin};
pub use setup::{FirstAdmin, FirstPassword, random_password};

use std::net::IpAddr;
use std::sync::Arc;

use domain::text::Email;

use self::credentials::Credentials;
use self::passwords::Passwords;
use crate::limits::Limiter;

/// What one server remembers of those who were let in or want to be.
#[derive(Clone, Debug)]
pub(crate) struct Accounts {
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) passwords: Passwords,
    /// Tries to sign in, by where they come from ...
    pub(crate) tries_from: Arc<Limiter<IpAddr>>,
    /// ... and by whom they are for, whoever that is: an email that is not known counts like one that is.
    pub(crate) tries_for: Arc<Limiter<Email>>,
}

impl Accounts {
    pub(crate) fn new(sign_ins_per_minute: u32) -> Self {
        Self {
            credentials: Arc::default(),
            passwords: Passwords::default(),
            tries_from: Arc::new(Limiter::per_minute(sign_ins_per_minute)),
            tries_for: Arc::new(Limiter::per_minute(sign_ins_per_minute)),
        }
    }
}
