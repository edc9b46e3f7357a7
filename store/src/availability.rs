//! What products are and how much of them there is, remembered between requests, so that asking costs the
//! database nothing. It is fed by the tail of the journal and by what is committed here. Nothing is decided
//! by it: a reservation never reads it.
//!
//! What it knows of a product never goes back: a stock row moves on by an entry of the very next version, or
//! is replaced by one of a higher version. What can't be followed (a version was skipped, the product's own
//! facts changed) is forgotten, and read again by whoever asks next.

mod known;
mod slot;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::decide::State;
use domain::ids::ProductId;
use domain::journal::ChangeDraft;
use domain::product::{ProductRef, ProductView};
use domain::sku::Sku;
use domain::stock::{StockKey, StockRow};
use domain::time::Timestamp;
use moka::sync::Cache;

use known::Change;
pub(crate) use known::Known;
use slot::{Since, Slot};

use crate::journal::Glimpse;

/// Stretches of time in which the tail misses nothing are numbered; between them this is the number, and
/// nothing is remembered.
const BROKEN: u64 = 0;

#[derive(Debug)]
pub(crate) struct Availability {
    products: Cache<ProductId, Arc<Slot>>,
    /// A SKU never becomes another product's.
    ids: Cache<Sku, ProductId>,
    stretch: AtomicU64,
    stretches: AtomicU64,
    /// By the database's clock, in milliseconds: everything that was committed by then has been applied.
    seen_to: AtomicI64,
}

/// The products that a batch moved stock of, as it has left them behind: with all their stock rows, which it had
/// locked.
#[derive(Default, Debug)]
pub(crate) struct Committed(Vec<Known>);

impl Committed {
    /// `state` is what the batch leaves behind.
    pub(crate) fn of<'a>(drafts: impl Iterator<Item = &'a ChangeDraft>, state: &State) -> Self {
        let moves = drafts.flat_map(|draft| &draft.entries).filter_map(|entry| entry.stock.as_ref());
        let moved: BTreeMap<ProductId, &StockKey> = moves.map(|moved| (moved.key.product_id, &moved.key)).collect();
        let known = moved.into_iter().filter_map(|(product_id, moved)| {
            let same = |(key, _): &(&StockKey, &StockRow)| key.product_id == product_id;
            let before = state.stock.range(..moved).rev().take_while(same);
            let rows = before.chain(state.stock.range(moved..).take_while(same));
            let mut rows: Vec<_> = rows.map(|(key, row)| (key.warehouse.clone(), *row)).collect();
            rows.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
            Some(Known { product: state.products.get(&product_id)?.clone(), rows, as_of: state.now })
        });
        Self(known.collect())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Known> {
        self.0.iter()
    }
}

impl Availability {
    /// Remembers at most so many products.
    pub(crate) fn new(products_max: u64) -> Self {
        Self {
            products: Cache::new(products_max),
            ids: Cache::new(products_max),
            stretch: AtomicU64::new(BROKEN),
            stretches: AtomicU64::new(BROKEN),
            seen_to: AtomicI64::new(i64::MIN),
        }
    }

    /// The product as it is known, if it is.
    pub(crate) fn look(&self, product: &ProductRef) -> Option<ProductView> {
        // Before all else: what is applied after that, and in a later stretch, is not claimed to be in the slot.
        let seen_to = Timestamp::from_unix_milliseconds(self.seen_to.load(Ordering::Acquire));
        let stretch = self.stretch();
        if stretch == BROKEN {
            return None;
        }
        let id = match product {
            ProductRef::Id(id) => *id,
            ProductRef::Sku(sku) => self.ids.get(sku)?,
        };
        self.products.get(&id)?.look(stretch, seen_to)
    }

    /// To be called before a product is read from its tables: what changes meanwhile is then not lost.
    pub(crate) fn load(self: &Arc<Self>, id: ProductId) -> Load {
        let stretch = self.stretch();
        let slot = self.products.get_with(id, Arc::<Slot>::default);
        Load { availability: Arc::clone(self), since: slot.load_begins(stretch), slot, stretch }
    }

    /// What was committed here, before it is answered.
    pub(crate) fn committed(&self, Committed(products): Committed) {
        for known in products {
            if let Some(slot) = self.products.get(&known.product.id) {
                slot.apply(Change::Known(known));
            }
        }
    }

    /// A product's own facts were changed here.
    pub(crate) fn changed(&self, id: ProductId) {
        if let Some(slot) = self.products.get(&id) {
            slot.apply(Change::Facts);
        }
    }

    /// What the tail has seen.
    pub(crate) fn apply(&self, entries: &[Glimpse]) {
        for Glimpse { product_id, moved, .. } in entries {
            let Some(slot) = product_id.and_then(|id| self.products.get(&id)) else { continue };
            slot.apply(moved.clone().map_or(Change::Facts, Change::Moved));
        }
    }

    /// Everything that was committed by this time has been applied.
    pub(crate) fn seen_to(&self, clock: Timestamp) {
        self.seen_to.store(clock.unix_milliseconds(), Ordering::Release);
    }

    /// From here on the tail misses nothing.
    pub(crate) fn restarted(&self) {
        let stretch = self.stretches.fetch_add(1, Ordering::AcqRel) + 1;
        self.stretch.store(stretch, Ordering::Release);
    }

    /// The tail may miss something: nothing is known until it has restarted.
    pub(crate) fn broken(&self) {
        self.stretch.store(BROKEN, Ordering::Release);
    }

    fn stretch(&self) -> u64 {
        self.stretch.load(Ordering::Acquire)
    }
}

/// A product is being read from its tables.
#[derive(Debug)]
pub(crate) struct Load {
    availability: Arc<Availability>,
    /// Where it will be remembered, if that is the place of the product still.
    slot: Arc<Slot>,
    since: Since,
    stretch: u64,
}

impl Load {
    /// Remembers what was read, where nothing can have been missed since, and gives the product as it is known
    /// now.
    pub(crate) fn done(self, read: Known) -> ProductView {
        let Availability { products, ids, .. } = &*self.availability;
        let Some(slot) = products.get(&read.product.id) else { return read.view(None) };
        let is_whole = self.stretch != BROKEN && self.availability.stretch() == self.stretch;
        if !(is_whole && Arc::ptr_eq(&slot, &self.slot)) {
            return slot.told(read);
        }
        ids.insert(read.product.sku.clone(), read.product.id);
        slot.loaded(self.stretch, self.since, read)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.slot.load_ends();
    }
}
