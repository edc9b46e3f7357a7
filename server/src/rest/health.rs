//! Whether the server is alive, whether it can work, and how it does.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use store::Store;

use crate::meters;

/// Says that the process answers.
#[utoipa::path(
    get, path = "/healthz", operation_id = "health_alive", tag = "server",
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain")),
)]
pub(crate) async fn alive() -> &'static str {
    "alive\n"
}

/// Says whether the database answers too.
#[utoipa::path(
    get, path = "/readyz", operation_id = "health_ready", tag = "server",
    responses(
        (status = 200, description = "It does.", body = String, content_type = "text/plain"),
        (status = 503, description = "It does not.", body = String, content_type = "text/plain"),
    ),
)]
pub(crate) async fn ready(State(store): State<Store>) -> Response {
    match store.ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(error = error.in_full(), "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

/// Gives figures for Prometheus: rates, latencies, lanes, lateness of expiry.
#[utoipa::path(
    get, path = "/metrics", operation_id = "health_metrics", tag = "server",
    responses(
        (status = 200, description = "The text format of Prometheus, 0.0.4.", body = String, content_type = "text/plain"),
    ),
)]
pub(crate) async fn metrics(State(store): State<Store>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], meters::text(&store)).into_response()
}
