//! The one error type on the wire: `application/problem+json` (RFC 9457).

use std::any::Any;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ids::RequestId;
use domain::problem::Problem;
use serde_json::{Value, json};
use store::StoreError;

pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// A refusal on its way to the client. Its body is written once the id of the request is known, in
/// [`with_request_id`].
#[derive(Debug)]
pub(crate) struct ApiError(pub(crate) Problem);

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self(error.problem())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        if let Some(retry_after_seconds) = self.0.retry_after_seconds() {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds));
        }
        response.extensions_mut().insert(self.0);
        response
    }
}

/// Writes the body of a problem.
pub(crate) fn with_request_id(mut response: Response, request_id: RequestId) -> Response {
    let Some(problem) = response.extensions_mut().remove::<Problem>() else { return response };
    *response.body_mut() = Body::from(body(&problem, request_id).to_string());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    // It was that of the empty body.
    headers.remove(CONTENT_LENGTH);
    response
}

/// What is sent of a problem: its own members beside the standard ones.
pub(crate) fn body(problem: &Problem, request_id: RequestId) -> Value {
    let mut body = serde_json::to_value(problem).unwrap_or_else(|_| json!({}));
    body["type"] = type_uri(problem).into();
    body["title"] = problem.title().into();
    body["status"] = problem.status().into();
    body["detail"] = problem.to_string().into();
    body["code"] = problem.code().into();
    body["request_id"] = request_id.to_string().into();
    body
}

pub(crate) fn type_uri(problem: &Problem) -> String {
    format!("urn:holdfast:problem:{}", problem.code())
}

/// The path exists, the method on it does not.
pub(crate) async fn method_not_allowed() -> ApiError {
    ApiError(Problem::MethodNotAllowed)
}

/// A handler panicked: the client learns that it was not at fault, the operator why.
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    tracing::error!(panic = text, "a handler panicked");
    ApiError(Problem::Internal).into_response()
}
