//! What Holdfast decides, with no I/O: the same code runs in the browser, in the server and in the
//! property tests. Nothing here reads a clock, draws a random number or knows of SQL or HTML; time and
//! ids are arguments.

pub mod ids;
pub mod time;

pub mod currency;
pub mod money;
pub mod quantity;
pub mod sku;
pub mod text;

pub mod account;
pub mod actor;
pub mod page;
pub mod warehouse;

pub mod product;
pub mod stock;

pub mod allocation;
pub mod order;
pub mod reservation;
pub mod transfer;

pub mod decide;
pub mod history;
pub mod journal;

pub mod chaos;

pub mod form;
pub mod idempotency;
pub mod problem;
pub mod stats;
