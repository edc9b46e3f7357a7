//! A request that changes something, with what makes it one and the same however often it is sent.

use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::idempotency::IdempotencyKey;
use domain::problem::Problem;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use store::{Caller, Fingerprint, Rendered};

use crate::rest::problem::ApiError;

/// Who asks to change something, under which key, on which path.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    caller: Caller,
    key: Option<IdempotencyKey>,
    method: Method,
    path: String,
    if_match: Option<String>,
}

impl Change {
    /// The request as the store takes it. `command` is what was parsed: two bodies that say the same are
    /// the same request.
    pub(crate) fn request<T>(self, command: &impl Serialize, render: fn(&T) -> Rendered) -> store::Request<T> {
        let mut hash = Sha256::new();
        hash.update(self.method.as_str());
        hash.update(b"\n");
        hash.update(self.path.trim_end_matches('/'));
        hash.update(b"\n");
        hash.update(self.if_match.as_deref().unwrap_or_default());
        hash.update(b"\n");
        hash.update(serde_json::to_vec(command).unwrap_or_default());
        let fingerprint = Fingerprint(hash.finalize().into());
        store::Request { caller: self.caller, key: self.key, fingerprint, render }
    }

    /// The version in `If-Match`, where there is one.
    ///
    /// # Errors
    /// [`Problem::Malformed`] where it is not the entity tag of a version.
    pub(crate) fn version(&self) -> Result<Option<i64>, Problem> {
        let Some(tag) = &self.if_match else { return Ok(None) };
        // Many clients take an entity tag out of its quotes, as they do with other texts.
        let digits = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
        let digits = Some(digits).filter(|tag| tag.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|tag| tag.parse().ok())
            .map(Some)
            .ok_or_else(|| Problem::malformed("If-Match must be the ETag of the order, such as \"3\"."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Change {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().copied().ok_or(Problem::Internal)?;
        let key = idempotency_key(&parts.headers)?;
        let if_match = if_match(&parts.headers)?;
        Ok(Self { caller, key, method: parts.method.clone(), path: parts.uri.path().to_owned(), if_match })
    }
}

/// The one entity tag that the client saw; `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text.trim().to_owned()).filter(|text| text != "*")),
        _ => Err(Problem::malformed("If-Match must be given once, with one entity tag.")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().and_then(|text| IdempotencyKey::new(text).ok());
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(Problem::malformed("Idempotency-Key must be given once, with 1 to 255 printable ASCII characters.")),
    }
}
