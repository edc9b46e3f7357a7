//! Headers that only some routes read. What all share is said in `openapi`.

use utoipa::IntoParams;

use super::scalar::{EntityTags, Position, VersionTag};

/// For a read that need not be answered again.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct KnownVersions {
    /// Versions that the client has: where the answer would be one of them, it is 304 without a body.
    #[param(inline, rename = "If-None-Match", value_type = EntityTags, required = false)]
    if_none_match: (),
}

/// For a change that must not be based on an old version.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct SeenVersion {
    /// The version that was seen: where the order was changed since, nothing is done.
    #[param(inline, rename = "If-Match", value_type = VersionTag, required = false)]
    if_match: (),
}

/// For a stream that was read before.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(crate) struct LastEvent {
    /// The last event that was read: the stream goes on after it. Browsers send it by themselves when they come
    /// back; it has precedence over `after`.
    #[param(inline, rename = "Last-Event-ID", value_type = Position, required = false)]
    last_event_id: (),
}
