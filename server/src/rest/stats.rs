//! `/api/stats`: figures about the whole, and how old they are.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::problem::Problem;
use domain::stats::Stats;
use store::Store;

use super::problem::ApiError;

pub(crate) async fn fetch(State(store): State<Store>) -> Result<JsonAnswer<Stats>, ApiError> {
    let stats = store.stats().ok_or(Problem::Busy { retry_after_seconds: 1 })?;
    Ok(JsonAnswer(stats))
}
