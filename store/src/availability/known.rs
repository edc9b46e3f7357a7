//! What is known of one product, and how it moves on.

use domain::product::{Product, ProductView};
use domain::stock::{LevelDelta, StockRow};
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;

use crate::journal::Moved;

/// A product with its stock, as it was at `as_of` or later.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) product: Product,
    /// In the order of their codes.
    pub(crate) rows: Vec<(WarehouseCode, StockRow)>,
    pub(crate) as_of: Timestamp,
}

/// Something that happened to a product.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// One stock row moved.
    Moved(Moved),
    /// The product was seen as it is.
    Known(Known),
    /// The product's own facts changed; how is not told.
    Facts,
}

/// What is known can't be moved on by this change: the product has to be read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Lost;

impl Known {
    pub(super) fn apply(&mut self, change: &Change) -> Result<(), Lost> {
        match change {
            Change::Moved(moved) => self.apply_move(moved),
            Change::Known(known) => {
                self.merge(known);
                Ok(())
            }
            Change::Facts => Err(Lost),
        }
    }

    /// Takes over what is newer in something else that is known of the same product.
    pub(super) fn merge(&mut self, other: &Known) {
        let Known { product, rows, as_of } = other;
        if product.version > self.product.version {
            self.product = product.clone();
        }
        for (warehouse, new) in rows {
            let row = self.row(warehouse);
            if new.version > row.version {
                *row = *new;
            }
        }
        self.as_of = self.as_of.max(*as_of);
    }

    /// The product as it is known; everything that was committed by `seen_to` is known of.
    pub(crate) fn view(&self, seen_to: Option<Timestamp>) -> ProductView {
        let as_of = seen_to.map_or(self.as_of, |seen_to| seen_to.max(self.as_of));
        ProductView::new(self.product.clone(), self.rows.iter().cloned(), as_of)
    }

    fn apply_move(&mut self, moved: &Moved) -> Result<(), Lost> {
        let row = self.row(&moved.warehouse);
        if moved.version <= row.version {
            return Ok(());
        }
        if moved.version != row.version + 1 {
            return Err(Lost);
        }
        let delta = LevelDelta { on_hand: moved.on_hand_delta, reserved: moved.reserved_delta };
        row.level = row.level.checked_apply(delta).map_err(|_| Lost)?;
        row.version = moved.version;
        self.as_of = self.as_of.max(moved.at);
        Ok(())
    }

    /// The row of this warehouse; one that was not there yet is empty.
    fn row(&mut self, warehouse: &WarehouseCode) -> &mut StockRow {
        let place = match self.rows.binary_search_by(|(code, _)| code.cmp(warehouse)) {
            Ok(place) => place,
            Err(place) => {
                self.rows.insert(place, (warehouse.clone(), StockRow::default()));
                place
            }
        };
        &mut self.rows[place].1
    }
}
