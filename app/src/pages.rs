//! The pages, one file a place.

#![expect(unreachable_pub, reason = "the component macro writes its functions as pub")]

pub(crate) mod overview;

pub(crate) mod product;
pub(crate) mod product_new;
pub(crate) mod products;

pub(crate) mod reservation;
pub(crate) mod reservations;

pub(crate) mod order;
pub(crate) mod orders;

pub(crate) mod warehouse;
pub(crate) mod warehouses;

pub(crate) mod audit;
pub(crate) mod chaos;

pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod user;

pub(crate) mod missing;
