//! The API's documents: `/api/openapi.json` for programs, `/api/docs` for people. The page asks for nothing
//! from elsewhere and runs no script.

mod curl;
mod functions;
mod page;
mod shape;
mod words;

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE};
use axum::response::{IntoResponse, Response};

/// Only its own style sheet, nothing else.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Gives this document.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "document_fetch", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object)),
)]
pub(crate) async fn json() -> Response {
    ([(CONTENT_TYPE, "application/json")], super::document()).into_response()
}

/// Shows this document to people, with a line for `curl` to each call.
#[utoipa::path(
    get, path = "/api/docs", operation_id = "document_read", tag = "server",
    responses((status = 200, description = "A page.", body = String, content_type = "text/html")),
)]
pub(crate) async fn page(headers: HeaderMap) -> Response {
    static BODY: LazyLock<String> = LazyLock::new(|| page::body(&super::routes().into_document()));
    let html = page::whole(theme(&headers), &BODY);
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], html).into_response()
}

/// Gives the style sheet of the page.
#[utoipa::path(
    get, path = "/api/docs/style.css", operation_id = "document_style", tag = "server",
    responses((status = 200, description = "CSS.", body = String, content_type = "text/css")),
)]
pub(crate) async fn style() -> Response {
    const STYLE: &str = concat!(include_str!("../../../style/tokens.css"), include_str!("docs/style.css"));
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

/// The theme that somebody chose on the pages; none follows the machine's.
fn theme(headers: &HeaderMap) -> Option<&'static str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let chosen = cookies.flat_map(|cookies| cookies.split(';')).find_map(|pair| pair.trim().strip_prefix("theme="));
    ["light", "dark"].into_iter().find(|known| chosen == Some(*known))
}
