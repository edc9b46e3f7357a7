//! `/api/stats`: figures about the whole, and how old they are.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::problem::Problem;
use domain::stats::Stats;
use store::Store;

use super::problem::ApiError;
use super::schema::answers;

/// Counts products, units, reservations and orders.
///
/// The figures are read in the background; `as_of` says how old they are.
#[utoipa::path(
    get, path = "/api/stats", operation_id = "stats_fetch", tag = "figures",
    responses((status = 200, description = "The figures.", body = answers::Stats)),
)]
pub(crate) async fn fetch(State(store): State<Store>) -> Result<JsonAnswer<Stats>, ApiError> {
    let stats = store.stats().ok_or(Problem::Busy { retry_after_seconds: 1 })?;
    Ok(JsonAnswer(stats))
}
