//! What the server functions need of the server: who asks, the store, and errors turned into answers.
//! The only module that exists on one side alone.

pub mod door;
pub(crate) mod read;

use domain::idempotency::IdempotencyKey;
use domain::problem::Problem;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::Serialize;
use server_fn::ServerFn;
use sha2::{Digest, Sha256};
use store::{Caller, Fingerprint, Rendered, Request, Store, StoreError};

use crate::error::ApiError;
use crate::theme::{self, Theme};

/// Where a server function stands: the store, and who asks.
pub(crate) struct Desk {
    pub(crate) store: Store,
    caller: Caller,
}

/// The desk of this request. The caller is read from the request's own extensions: a context value could
/// be another request's.
///
/// # Errors
/// [`Problem::Internal`] where the server is wired wrongly.
pub(crate) fn desk() -> Result<Desk, ApiError> {
    match (use_context::<Store>(), caller()) {
        (Some(store), Some(caller)) => Ok(Desk { store, caller }),
        (store, caller) => {
            let (store, caller) = (store.is_some(), caller.is_some());
            tracing::error!(store, caller, "a server function was called without its context");
            Err(refused(Problem::Internal))
        }
    }
}

/// Who asks, as the server found out before it came here.
pub fn caller() -> Option<Caller> {
    use_context::<Parts>()?.extensions.get::<Caller>().copied()
}

impl Desk {
    /// A change as the store wants it asked for: with its key, with a fingerprint that tells it from
    /// others under the same key, and with the way its answer is written.
    ///
    /// # Errors
    /// Where the key can't be one.
    pub(crate) fn request<F: ServerFn, T: Serialize>(
        &self,
        key: &str,
        command: &impl Serialize,
    ) -> Result<Request<T>, ApiError> {
        let key = (!key.is_empty()).then(|| IdempotencyKey::new(key)).transpose();
        let key = key.map_err(|error| refused_field("key", error.to_string()))?;
        let command = serde_json::to_vec(command).map_err(|_| refused(Problem::Internal))?;
        let mut hash = Sha256::new();
        for part in ["POST".as_bytes(), F::PATH.as_bytes(), &command] {
            hash.update(part);
            hash.update([0]);
        }
        let fingerprint = Fingerprint(hash.finalize().into());
        Ok(Request { caller: self.caller, key, fingerprint, render: rendered })
    }
}

fn rendered<T: Serialize>(answer: &T) -> Rendered {
    // The domain's types always have a JSON form; were one without, reading it back would say so.
    let body = serde_json::to_vec(answer).unwrap_or_default();
    Rendered { status: StatusCode::OK.as_u16(), etag: None, location: None, body }
}

/// Why not, with the status for the page that asked. [`door`] has the last word on what a server
/// function answers.
pub(crate) fn refused(problem: impl Into<Problem>) -> ApiError {
    let problem = problem.into();
    if let (Some(response), Ok(status)) = (use_context::<ResponseOptions>(), StatusCode::from_u16(problem.status())) {
        response.set_status(status);
    }
    ApiError { request_id: caller().and_then(|caller| caller.request_id), ..ApiError::new(problem) }
}

/// One field that is not acceptable.
pub(crate) fn refused_field(field: &str, message: impl Into<String>) -> ApiError {
    refused(Problem::field(field, message))
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        refused(error.problem())
    }
}

/// Calls a field by the name that it has in the form, where the store calls it by another.
pub(crate) fn naming(field: &'static str, in_form: &'static str) -> impl Fn(StoreError) -> ApiError {
    move |error| match error.problem() {
        Problem::InvalidInput { mut errors } => {
            for error in errors.iter_mut().filter(|error| error.field == field) {
                in_form.clone_into(&mut error.field);
            }
            refused(errors)
        }
        problem => refused(problem),
    }
}

/// Sends the cookie that says which theme was chosen, for a year.
pub(crate) fn remember_theme(theme: Theme) {
    let cookie = format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", theme::COOKIE, theme.as_str());
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.append_header(header::SET_COOKIE, cookie);
    }
}
