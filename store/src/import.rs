//! Bringing in what files know: a catalogue, and orders of the past.

mod catalogue;
mod orders;

pub use catalogue::{CatalogueCounts, CatalogueItem};
pub use orders::{OrderCounts, OrderImported, PastKind, PastLine, PastOrder, PastOrderError};

use domain::actor::{Actor, SystemActor};

use crate::request::{Caller, Rendered};

/// Whether an import writes, or only tells what it would write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    Write,
    DryRun,
}

/// Whom the journal names.
pub(crate) const CALLER: Caller = Caller { actor: Actor::System(SystemActor::Import), request_id: None };

/// Nobody reads the answer of an import.
fn unread<T>(_: &T) -> Rendered {
    Rendered { status: 200, etag: None, location: None, body: Vec::new() }
}
