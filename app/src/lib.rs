//! Holdfast's pages: rendered by the server, taken over in the browser, and the server functions that
//! they call. There is no SQL here and no rule of business: those are `store` and `domain`.
//!
//! Server and browser run the same views and must make the same HTML of them: no clock, no zone, no
//! random number is read in a view. What only a browser has is read in effects.

// Views are deeply nested types.
#![recursion_limit = "512"]

pub mod app;

pub mod account;
pub mod api;
pub mod error;

mod pages;
mod parts;

mod forms;
mod links;
mod query;
pub mod shown;
mod theme;
mod words;

mod browser;
mod clock;
mod cookie;
mod keys;
mod live;
mod refresh;

#[cfg(feature = "ssr")]
pub mod ssr;
