//! What the server functions need of the server: who asks, the store, and errors turned into answers.
//! The only module that exists on one side alone.

pub mod access;
pub mod alone;
pub mod chaos;
pub mod credentials;
pub mod door;
pub mod gate;
pub(crate) mod read;
mod shown;

use std::marker::PhantomData;

use domain::account::Role;
use domain::idempotency::IdempotencyKey;
use domain::order::OrderView;
use domain::problem::Problem;
use http::request::Parts;
use http::{StatusCode, header};
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::{Caller, Fingerprint, Identity, Rendered, Request, Store, StoreError};

use crate::error::ApiError;
use crate::theme::{self, Theme};

use access::Guarded;
use chaos::{Chaos, StarterHeaders};

/// Where the server function `F` stands: the store, and a caller who may be there.
pub(crate) struct Desk<F> {
    pub(crate) store: Store,
    pub(crate) caller: Caller,
    role: Option<Role>,
    function: PhantomData<F>,
}

/// The desk of this request, for whoever may call `F`. Who that is comes from the request's own
/// extensions: a context value could be another request's.
///
/// # Errors
/// [`Problem::Unauthenticated`] or [`Problem::Forbidden`] where the caller may not call `F`, and
/// [`Problem::Internal`] where the server is wired wrongly.
pub(crate) fn desk<F: Guarded>() -> Result<Desk<F>, ApiError> {
    let identity = identity();
    access::admit(F::ACCESS, identity).map_err(refused)?;
    let role = identity.map(|identity| identity.role);
    match (use_context::<Store>(), caller()) {
        (Some(store), Some(caller)) => Ok(Desk { store, caller, role, function: PhantomData }),
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

fn identity() -> Option<Identity> {
    use_context::<Parts>()?.extensions.get::<Identity>().copied()
}

impl<F: Guarded> Desk<F> {
    /// A change as the store wants it asked for: with its key, with a fingerprint that tells it from
    /// others under the same key, and with the way its answer is written.
    ///
    /// # Errors
    /// Where the key can't be one.
    pub(crate) fn request<T: Serialize>(&self, key: &str, command: &impl Serialize) -> Result<Request<T>, ApiError> {
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

    /// An order as it reads to whoever asks.
    pub(crate) fn seen(&self, order: OrderView) -> OrderView {
        match self.role {
            Some(role) => order.seen_by(role),
            None => order,
        }
    }

    /// What runs chaos tests, and the headers of this request that a run asks with.
    ///
    /// # Errors
    /// [`Problem::Internal`] where the server is wired wrongly.
    pub(crate) fn chaos(&self) -> Result<(Chaos, StarterHeaders), ApiError> {
        let (Some(chaos), Some(parts)) = (use_context::<Chaos>(), use_context::<Parts>()) else {
            tracing::error!("a server function was called without its context");
            return Err(refused(Problem::Internal));
        };
        let text = |name: header::HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
        let headers = [("authorization", text(header::AUTHORIZATION)), ("cookie", text(header::COOKIE))];
        Ok((chaos, headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()))
    }

    /// A fresh key for the forms of a page.
    pub(crate) fn form_key(&self) -> IdempotencyKey {
        store::ids::idempotency_key()
    }

    /// Sends the cookie that says which theme was chosen, for a year.
    pub(crate) fn remember_theme(&self, theme: Theme) {
        let cookie = format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", theme::COOKIE, theme.as_str());
        shown::set_cookie(&cookie);
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
