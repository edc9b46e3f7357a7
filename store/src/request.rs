//! A change as it is asked for, and as it is answered.

use domain::account::Role;
use domain::actor::Actor;
use domain::idempotency::IdempotencyKey;
use domain::ids::RequestId;
use serde::de::DeserializeOwned;

use crate::error::{StoreError, corrupt};

/// Who asks, and in which request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Caller {
    pub actor: Actor,
    pub request_id: Option<RequestId>,
}

/// Who has been let in, as the server's door puts it into a request's extensions beside the [`Caller`].
/// A request without one comes from nobody known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    pub actor: Actor,
    pub role: Role,
}

/// A change as it is asked for. `render` turns its result into the answer that is sent, and sent again
/// byte for byte to whoever repeats the request under the same key; the store keeps it without reading it.
#[derive(Clone, Debug)]
pub struct Request<T> {
    pub caller: Caller,
    /// The caller's key. Where there is none the store takes one of its own, so that a commit whose
    /// answer was lost can still be run again.
    pub key: Option<IdempotencyKey>,
    pub fingerprint: Fingerprint,
    pub render: fn(&T) -> Rendered,
}

/// What tells one request from another under the same key: SHA-256 over its method, path and command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fingerprint(pub [u8; 32]);

/// An answer, ready to be sent. To the store its parts are opaque.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rendered {
    /// The HTTP status.
    pub status: u16,
    pub etag: Option<String>,
    pub location: Option<String>,
    pub body: Vec<u8>,
}

/// What became of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    pub rendered: Rendered,
    /// Whether this was answered before, and had its effect then.
    pub replayed: bool,
}

impl Answered {
    /// Reads the body back, where it was rendered as JSON.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] where the body is something else.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, StoreError> {
        serde_json::from_slice(&self.rendered.body).map_err(|error| corrupt("a kept answer", error))
    }
}
