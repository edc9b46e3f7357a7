//! Whether the server is alive, and whether it can work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use store::Store;

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// The database answers too.
pub(crate) async fn ready(State(store): State<Store>) -> Response {
    match store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(error = error.in_full(), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
