//! A small HTTP/1.1 client, for the two that a full one does not serve: the chaos test, which breaks its
//! connections on purpose and at the worst moment, and the benchmarks, whose load generator shares two
//! cores with what it measures. A request is bytes made once and written as they are; an answer is read
//! into a buffer that is used again. No TLS, no proxies, no redirects, no pipelining.

mod address;
mod connection;
mod door;

pub use address::{Address, AddressError};
pub(crate) use connection::Connection;
pub use door::{Credentials, Door};
