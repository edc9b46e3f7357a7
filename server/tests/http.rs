//! The API as a shop sees it: over HTTP, on the real router, on a real Postgres.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can not go on panics")]

#[path = "http/support.rs"]
mod support;

#[path = "http/access.rs"]
mod access;
#[path = "http/accounts.rs"]
mod accounts;
#[path = "http/contract.rs"]
mod contract;
#[path = "http/docs.rs"]
mod docs;
#[path = "http/program.rs"]
mod program;
#[path = "http/security.rs"]
mod security;
#[path = "http/walk.rs"]
mod walk;

#[path = "http/orders.rs"]
mod orders;
#[path = "http/products.rs"]
mod products;
#[path = "http/reservations.rs"]
mod reservations;
#[path = "http/warehouses.rs"]
mod warehouses;

#[path = "http/events.rs"]
mod events;

#[path = "http/server_functions.rs"]
mod server_functions;

#[path = "http/hostile.rs"]
mod hostile;
#[path = "http/pages.rs"]
mod pages;

#[path = "http/imports.rs"]
mod imports;

#[path = "http/idempotency.rs"]
mod idempotency;
#[path = "http/refusals.rs"]
mod refusals;

#[path = "http/chaos.rs"]
mod chaos;

#[path = "http/at_once.rs"]
mod at_once;
#[path = "http/bodies.rs"]
mod bodies;
#[path = "http/disconnects.rs"]
mod disconnects;
#[path = "http/metrics.rs"]
mod metrics;
#[path = "http/restarts.rs"]
mod restarts;
