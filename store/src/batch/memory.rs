//! What the batches of a lane have left behind, so that the next one is decided without reading it again.
//!
//! Nothing rests on its being true. What is decided on it is written only where all of it is still so, which the statement
//! that writes compares, the stock under its locks (`write.sql`); where it is not, nothing is written, and the batch is
//! decided on what is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use domain::decide::State;
use domain::ids::ProductId;
use domain::stock::{StockKey, StockRow};
use domain::time::Timestamp;
use domain::warehouse::{Warehouse, WarehouseCode};
use uuid::Uuid;

use super::write::columns::Stock;
use crate::availability::{Committed, Known};

/// How many products are remembered, at some hundred bytes each. With one more, all are forgotten.
const PRODUCTS_MAX: usize = 20_000;
/// How long the database's clock is counted on from here, before it is read again.
const CLOCK_MAX: Duration = Duration::from_secs(10);

#[derive(Default, Debug)]
pub(crate) struct Memory {
    /// On which of its link's connections all this was seen: another one may lead to another database, one that took the
    /// place of the first and has not all that this one had.
    connection: u64,
    products: HashMap<ProductId, Remembered>,
    around: Option<Around>,
}

/// A product with all its stock rows, as they were when they were locked last, or as a batch has left them behind since, or
/// will have.
#[derive(Debug)]
struct Remembered {
    known: Known,
    /// Whether it was found as it had been left, when it was read last. Where others write the same product, what is
    /// remembered of it is rarely so any more by the time it is needed.
    is_ours: bool,
}

/// What a decision rests on besides products.
#[derive(Debug)]
struct Around {
    warehouses: Vec<Warehouse>,
    digest: String,
    /// The database's clock, and when it was read.
    now: Timestamp,
    read_at: Instant,
}

impl Around {
    /// What the database's clock says now, or said some moments ago.
    fn counted_on(&self) -> Option<Timestamp> {
        let since = i64::try_from(self.read_at.elapsed().as_millis()).ok()?;
        Timestamp::from_unix_milliseconds(self.now.unix_milliseconds().checked_add(since)?)
    }
}

/// What a batch was decided on without reading it, for the statement that writes or refuses to compare.
#[derive(Default, Debug)]
pub(super) struct Recalled<'a> {
    pub(super) warehouses_digest: &'a str,
    pub(super) products: Products<'a>,
    /// All rows of these products, in the order of their locks.
    pub(super) stock: Stock<'a>,
}

/// Of each product, what a hold of it rests on; none is archived.
#[derive(Default, Debug)]
pub(super) struct Products<'a> {
    pub(super) ids: Vec<Uuid>,
    pub(super) skus: Vec<&'a str>,
    pub(super) currencies: Vec<&'a str>,
    pub(super) versions: Vec<i64>,
}

impl Memory {
    /// Forgets what was seen on another connection.
    pub(super) fn on(&mut self, connection: u64) {
        if self.connection != connection {
            *self = Self { connection, ..Self::default() };
        }
    }

    /// Whether what is remembered was seen on this connection of the link.
    pub(super) fn is_of(&self, connection: u64) -> bool {
        self.connection == connection
    }

    /// What new holds are decided on besides products. `None` where it is not remembered.
    pub(super) fn begin(&self) -> Option<State> {
        let around = self.around.as_ref()?;
        if around.read_at.elapsed() > CLOCK_MAX {
            return None;
        }
        Some(State {
            now: around.counted_on()?,
            warehouses: around.warehouses.clone(),
            products: BTreeMap::new(),
            stock: BTreeMap::new(),
            reservations: BTreeMap::new(),
            orders: BTreeMap::new(),
            customers: Vec::new(),
            references_taken: BTreeSet::new(),
        })
    }

    /// Puts those of the products that are not in the state yet there, with all that new holds of them are decided on. `None`
    /// where something is not remembered, or is not likely to be so any more.
    pub(super) fn recall(&self, products: &BTreeSet<ProductId>, state: &mut State) -> Option<()> {
        for id in products {
            if state.products.contains_key(id) {
                continue;
            }
            let Remembered { known, is_ours } = self.products.get(id)?;
            if !is_ours || known.product.archived {
                return None;
            }
            for (warehouse, row) in &known.rows {
                state.stock.insert(StockKey { product_id: *id, warehouse: warehouse.clone() }, *row);
            }
            state.products.insert(*id, known.product.clone());
        }
        Some(())
    }

    /// What was recalled of these products, for the statement to compare.
    pub(super) fn recalled<'a>(&self, products: impl Iterator<Item = &'a ProductId>) -> Option<Recalled<'_>> {
        let around = self.around.as_ref()?;
        let mut recalled = Recalled { warehouses_digest: &around.digest, ..Recalled::default() };
        for id in products {
            let Remembered { known, .. } = self.products.get(id)?;
            recalled.products.ids.push(id.as_uuid());
            recalled.products.skus.push(known.product.sku.as_str());
            recalled.products.currencies.push(known.product.price.currency.code());
            recalled.products.versions.push(known.product.version);
            for (warehouse, row) in &known.rows {
                recalled.stock.push(*id, warehouse, row);
            }
        }
        Some(recalled)
    }

    /// Takes note of what was read just now, all stock rows of its products locked.
    pub(super) fn read(&mut self, state: &State, warehouses_digest: String) {
        self.around = Some(Around {
            warehouses: state.warehouses.clone(),
            digest: warehouses_digest,
            now: state.now,
            read_at: Instant::now(),
        });
        let mut rows: HashMap<ProductId, Vec<(WarehouseCode, StockRow)>> = HashMap::new();
        for (key, row) in &state.stock {
            rows.entry(key.product_id).or_default().push((key.warehouse.clone(), *row));
        }
        for product in state.products.values() {
            let rows = rows.remove(&product.id).unwrap_or_default();
            let before = self.products.get(&product.id);
            let is_ours = before.is_none_or(|before| before.known.rows == rows);
            let known = Known { product: product.clone(), rows, as_of: state.now };
            self.remember(product.id, Remembered { known, is_ours });
        }
    }

    /// Takes note of what a batch leaves behind.
    pub(super) fn left(&mut self, committed: &Committed) {
        for known in committed.iter() {
            let is_ours = self.products.get(&known.product.id).is_none_or(|before| before.is_ours);
            self.remember(known.product.id, Remembered { known: known.clone(), is_ours });
        }
    }

    /// Takes note of what the database's clock said, some time before this. What was counted on from an earlier time is
    /// better, as long as it is later.
    pub(crate) fn clock(&mut self, said: Timestamp) {
        if let Some(around) = &mut self.around
            && around.counted_on().is_none_or(|counted| counted < said)
        {
            (around.now, around.read_at) = (said, Instant::now());
        }
    }

    fn remember(&mut self, id: ProductId, remembered: Remembered) {
        if self.products.len() >= PRODUCTS_MAX && !self.products.contains_key(&id) {
            self.products.clear();
        }
        self.products.insert(id, remembered);
    }
}
