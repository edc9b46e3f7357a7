//! What is asked for at a shell, as the store takes it, and what went wrong, as it is told there.

use anyhow::anyhow;
use domain::actor::{Actor, SystemActor};
use domain::form::FieldErrors;
use domain::problem::Problem;
use serde::Serialize;
use store::{Caller, Fingerprint, Rendered, Request, StoreError};

/// A request of whoever is at the shell.
pub(super) fn request<T: Serialize>() -> Request<T> {
    let caller = Caller { actor: Actor::System(SystemActor::Cli), request_id: None };
    Request { caller, key: None, fingerprint: Fingerprint([0; 32]), render: rendered }
}

fn rendered<T: Serialize>(answer: &T) -> Rendered {
    // Our own types have a JSON form; were one without, reading it back would say so.
    Rendered { status: 200, etag: None, location: None, body: serde_json::to_vec(answer).unwrap_or_default() }
}

/// Why fields were not acceptable.
pub(super) fn refused(errors: FieldErrors) -> anyhow::Error {
    anyhow!(Problem::from(errors))
}

/// Why the store did not do it, with its causes.
pub(super) fn in_words(error: StoreError) -> anyhow::Error {
    anyhow!(error.in_full())
}
