//! The outer lock: whoever is not known reaches what is open to all, and nothing else, whatever a route
//! behind it says. Pages lead to the sign-in page and from there back.

use app::ssr::gate;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::problem::Problem;
use store::Identity;

use crate::rest::problem::ApiError;

/// What is open to all.
const OPEN: [&str; 7] =
    ["/sign-in", "/healthz", "/readyz", "/favicon.svg", "/robots.txt", "/api/openapi.json", "/api/docs"];
/// Server functions have a door of their own, which lets through whom its list says and sends a form that
/// came too late back with what was typed.
const OPEN_FOLDERS: [&str; 3] = ["/pkg/", "/api/docs/", "/api/fn/"];

/// Lets strangers through to what is open.
pub(crate) async fn keep_out(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_open = OPEN.contains(&path) || OPEN_FOLDERS.iter().any(|folder| path.starts_with(folder));
    if is_open || request.extensions().get::<Identity>().is_some() {
        return next.run(request).await;
    }
    if path == "/api" || path.starts_with("/api/") || path == "/metrics" {
        return ApiError(Problem::Unauthenticated).into_response();
    }
    Redirect::to(&gate::to_sign_in(request.uri())).into_response()
}
