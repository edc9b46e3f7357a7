//! The server: wiring, doors and tasks. No business rule lives here: a handler says who asks, parses,
//! calls the store and renders.

pub mod config;
pub mod database;
pub mod state;

mod identify;
mod pages;
pub mod rest;
pub mod router;

pub mod tasks;
pub mod telemetry;

pub mod commands;
