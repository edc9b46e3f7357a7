//! Everything that Holdfast keeps in Postgres, and the only crate with SQL. Its functions are use cases,
//! named `noun_verb`; those that join a caller's transaction end in `_in_tx`.
//!
//! Correctness rests on row locks, `CHECK`, `UNIQUE` and conditional updates at READ COMMITTED, decided by
//! the database's clock, read after the locks are held. Nothing a server remembers takes part in it.

mod store;

mod request;
pub use request::{Answered, Caller, Fingerprint, Identity, Rendered, Request};
pub use store::{Connections, Load, SIGN_INS_PER_MINUTE, Store};

pub mod error;
pub use error::StoreError;

pub mod ids;
mod tx;

mod availability;
mod batch;
mod edit;
mod lane;
mod link;
mod submit;

pub mod accounts;
mod history;
mod idempotency;
mod journal;
mod orders;
mod products;
mod reservations;
mod stock;
mod transfers;
mod warehouses;

pub mod chaos;
pub mod limits;

pub mod demo;
pub mod import;
pub mod meters;
pub mod migrate;
mod stats;
pub mod verify;

pub use journal::follow::{Followed, Follower, Following};
pub use journal::tail::JournalTail;
pub use journal::visible::{Visible, VisibleFeed};
pub use journal::{Glimpse, Moved, Told};
pub use reservations::expire::Expired;
