//! The server: wiring, doors and tasks. No business rule lives here: a handler says who asks, parses,
//! calls the store and renders.

pub mod config;
pub mod database;
pub mod state;

pub mod admission;
mod auth;
mod body;
mod cross_site;
mod headers;
mod identify;
pub mod meters;
mod strangers;
mod unread;

mod pages;
pub mod rest;
pub mod router;
mod security;

pub mod wire;

pub mod chaos;
mod limits;
pub mod tasks;
pub mod telemetry;

pub mod commands;
