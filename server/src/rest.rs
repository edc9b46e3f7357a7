//! The REST API. Its contract is told to shops: names stay.

pub mod health;
mod journal;
mod orders;
mod products;
mod reservations;
mod stats;

pub(crate) mod extract;
pub(crate) mod problem;
mod render;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

/// Everything under `/api` but the server functions.
pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/products", get(products::list).post(products::create))
        .route("/products/{product}", get(products::fetch).patch(products::change))
        .route("/products/{product}/stock", post(products::adjust))
        .route("/reservations", get(reservations::list).post(reservations::hold))
        .route("/reservations/{id}", get(reservations::fetch).put(reservations::change))
        .route("/reservations/{id}/extend", post(reservations::extend))
        .route("/reservations/{id}/release", post(reservations::release))
        .route("/orders", get(orders::list).post(orders::place))
        .route("/orders.csv", get(orders::export::export))
        .route("/orders/{order}", get(orders::fetch).patch(orders::change))
        .route("/orders/{order}/audit", get(orders::journal))
        .route("/audit", get(journal::list))
        .route("/stats", get(stats::fetch))
}
