//! The store's use cases on a real Postgres: each test has a database of its own.

#![cfg(test)]

mod cut;
mod support;

mod journal;
mod product_list;
mod product_ranges;
mod products;
mod stock;
mod tail;
mod transfers;
mod warehouses;

mod availability;
mod history;

mod reservation_change;
mod reservation_list;
mod reservations;

mod order_list;
mod orders;

mod credentials;
mod first_admin;
mod keys;
mod pruning;
mod sessions;
mod users;

mod demo;
mod import_orders;

mod faults;
mod sweep;

mod idempotency;
mod twins;

mod lanes;
mod memory;

mod aborts;
mod chaos;
mod crowds;
mod torture;

mod schema;
