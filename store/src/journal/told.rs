//! An entry on its way to those who listen.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::ids::ProductId;
use domain::journal::Entry;

use super::row::EntryRow;
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

/// A row of the journal on its way to being told of.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) position: i64,
    /// `None` where this version can't read it.
    pub(super) told: Option<Arc<Told>>,
}

impl From<EntryRow> for Row {
    /// What can't be read may be another version's: it counts as missed, and does not stop the rest.
    fn from(row: EntryRow) -> Self {
        let position = row.position;
        match Told::try_from(row) {
            Ok(told) => Self { position, told: Some(Arc::new(told)) },
            Err(error) => {
                tracing::error!(position, error = error.in_full(), "a journal entry can't be read and is not told of");
                Self { position, told: None }
            }
        }
    }
}

impl TryFrom<EntryRow> for Told {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let product_id = row.product_id.map(ProductId::from_uuid);
        Ok(Self { entry: row.try_into()?, product_id, rendered: OnceLock::new() })
    }
}
