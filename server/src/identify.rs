//! Every request gets an id, and its caller a name, before anything else sees it.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use domain::actor::Actor;
use store::{Caller, ids};
use tracing::Instrument as _;

use crate::rest::problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts the [`Caller`] into the request, the id into the answer, and the id into the body of a problem.
pub(crate) async fn identify(mut request: Request, next: Next) -> Response {
    let request_id = ids::request_id();
    // Nobody signs in yet: whoever reaches the loopback address is whoever sits at the machine.
    request.extensions_mut().insert(Caller { actor: Actor::Local, request_id: Some(request_id) });
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        id = %request_id,
    );
    let response = next.run(request).instrument(span).await;
    let mut response = problem::with_request_id(response, request_id);
    if let Ok(value) = HeaderValue::from_str(&request_id.to_string()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}
