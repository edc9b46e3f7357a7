//! An axum handler without a database: what HTTP and JSON cost by themselves. It reads the same request and
//! answers as many bytes as a reservation has.

use axum::Router;
use axum::extract::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use serde_json::Value;
use tokio::net::TcpListener;

/// As long as a reservation of one line.
const ANSWER_BYTES: usize = 560;

/// Serves until the process is ended.
pub(super) async fn run() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("An axum handler is at http://{}", listener.local_addr()?);
    let app = Router::new().route("/api/reservations", post(answer));
    let listener = listener.tap_io(|stream| {
        let _kept_as_it_is = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await?;
    Ok(())
}

async fn answer(Json(asked): Json<Value>) -> Response {
    let mut body = serde_json::to_vec(&asked).unwrap_or_default();
    body.resize(ANSWER_BYTES, b' ');
    (StatusCode::CREATED, [(CONTENT_TYPE, "application/json")], body).into_response()
}
