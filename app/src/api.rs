//! The server functions: reads by GET, changes form-encoded by POST, JSON out, under fixed names. Each is
//! four lines: who, parse, call the store, map. Their arguments are text, since a typed one would fail
//! before a field can be named.

pub mod account;
pub mod chaos;
pub mod journal;
pub mod keys;
pub mod orders;
pub mod products;
pub mod reservations;
pub mod sessions;
pub mod settings;
pub mod stats;
pub mod users;
pub mod warehouses;
