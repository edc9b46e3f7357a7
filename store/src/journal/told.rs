//! An entry on its way to those who listen.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::ids::ProductId;
use domain::journal::Entry;
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;

use super::row::{EntryRow, GlimpseRow};
use crate::error::StoreError;

/// A journal entry that is shared by all who are told of it, and rendered once for all of them.
#[derive(Debug)]
pub struct Told {
    pub entry: Entry,
    /// The product that it is about, or whose stock it moves.
    pub product_id: Option<ProductId>,
    rendered: OnceLock<Bytes>,
}

impl Told {
    pub fn position(&self) -> i64 {
        self.entry.position
    }

    /// The entry as it is sent, made by whoever asks first. To the store it is opaque.
    pub fn rendered(&self, render: impl FnOnce(&Entry) -> Bytes) -> Bytes {
        self.rendered.get_or_init(|| render(&self.entry)).clone()
    }
}

/// As much of an entry as concerns what is remembered of products: which one it is about, and how its stock moved.
#[derive(Clone, Debug)]
pub struct Glimpse {
    pub position: i64,
    pub product_id: Option<ProductId>,
    /// `None` where it is the product's own facts that changed.
    pub moved: Option<Moved>,
}

/// How one stock row moved.
#[derive(Clone, Debug)]
pub struct Moved {
    pub warehouse: WarehouseCode,
    pub on_hand_delta: i64,
    pub reserved_delta: i64,
    /// The version that the row has since.
    pub version: i64,
    pub at: Timestamp,
}

/// A row of the journal on its way to being told of.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) position: i64,
    /// `None` where this version can't read it.
    pub(super) told: Option<Arc<Told>>,
}

impl From<EntryRow> for Row {
    fn from(row: EntryRow) -> Self {
        let position = row.position;
        Self { position, told: readable(position, row.try_into().map(Arc::new)) }
    }
}

/// What the tail sees of a row.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) position: i64,
    /// `None` where this version can't read it.
    pub(super) glimpse: Option<Glimpse>,
    /// `None` also where it was not read in full.
    pub(super) told: Option<Arc<Told>>,
}

impl From<EntryRow> for Sight {
    fn from(row: EntryRow) -> Self {
        let glimpse = readable(row.position, GlimpseRow::from(&row).try_into());
        let Row { position, told } = row.into();
        Self { position, glimpse, told }
    }
}

impl From<GlimpseRow> for Sight {
    fn from(row: GlimpseRow) -> Self {
        let position = row.position;
        Self { position, glimpse: readable(position, row.try_into()), told: None }
    }
}

/// What can't be read may be another version's: it counts as missed, and does not stop the rest.
fn readable<T>(position: i64, read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| {
        tracing::error!(position, error = error.in_full(), "a journal entry can't be read and is not told of");
    })
    .ok()
}

impl TryFrom<EntryRow> for Told {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let product_id = row.product_id.map(ProductId::from_uuid);
        Ok(Self { entry: row.try_into()?, product_id, rendered: OnceLock::new() })
    }
}
