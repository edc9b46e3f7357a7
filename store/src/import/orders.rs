//! Orders of the past. Each takes the road of any order, in one transaction: what is missing is received,
//! then it is placed, confirmed, processed, shipped and delivered, or returned.
//!
//! The file does not say of which order a return is, nor what became of its goods: a returned order leaves
//! the stock as it was. Its units are put on record in the warehouse they are then shipped from, and are
//! not restocked, whatever is there beside them. They count as adjusted, not as received: what a catalogue
//! is still to receive ([`Store::catalogue_import`]) does not depend on which file was read first.

mod items;
mod known;

use std::collections::{BTreeMap, BTreeSet};

use domain::decide::Refusal;
use domain::money::Money;
use domain::order::CustomerRequest;
use domain::problem::Problem;
use domain::quantity::Quantity;
use domain::reservation::LINES_MAX;
use domain::sku::Sku;
use domain::text::{Name, Reference};
use domain::time::Timestamp;

use self::items::{items, placing, receipts};
use self::known::{Free, Known, known, products_find_in_tx};
use crate::batch::{self, Item, Outcome};
use crate::error::StoreError;
use crate::link::Link;
use crate::orders::write::references_taken_in_tx;
use crate::store::Store;
use crate::tx;

/// How often what is missing is counted again because others bought it meanwhile.
const ROUNDS_MAX: u32 = 16;

/// An order of the past, as a file has it: 1 to [`LINES_MAX`] lines.
#[derive(Clone, Debug)]
pub struct PastOrder {
    reference: Reference,
    kind: PastKind,
    customer: Option<CustomerRequest>,
    placed_at: Timestamp,
    lines: Vec<PastLine>,
}

/// What became of an order of the past.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PastKind {
    Delivered,
    Returned,
}

/// Units of one product at one price.
#[derive(Clone, Debug)]
pub struct PastLine {
    pub sku: Sku,
    /// As it was sold; the product's own where the file has none.
    pub name: Option<Name>,
    pub unit_price: Money,
    pub quantity: Quantity,
}

/// The lines are not such as an order may have.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an order has 1 to {LINES_MAX} lines, this has {lines}")]
pub struct PastOrderError {
    pub lines: usize,
}

/// What became of an order that was to be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderImported {
    Imported {
        products_created: u64,
        /// Units that were received for it because they were missing.
        units_received: i64,
    },
    /// An order has its reference: nothing was done.
    AlreadyThere,
}

/// What an import would do.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct OrderCounts {
    pub imported: u64,
    pub already_there: u64,
    pub products_created: u64,
    pub units_received: i64,
}

impl PastOrder {
    /// # Errors
    /// [`PastOrderError`] where there are no lines, or too many.
    pub fn new(
        reference: Reference,
        kind: PastKind,
        customer: Option<CustomerRequest>,
        placed_at: Timestamp,
        lines: Vec<PastLine>,
    ) -> Result<Self, PastOrderError> {
        match lines.len() {
            1..=LINES_MAX => Ok(Self { reference, kind, customer, placed_at, lines }),
            lines => Err(PastOrderError { lines }),
        }
    }
}

impl Store {
    /// Brings one order in. Products that do not exist are made first, in a transaction of their own, with
    /// name and price of the line.
    ///
    /// # Errors
    /// The refusals of [`Store::order_place`], and what the database said. Nothing but products is
    /// written then.
    pub async fn order_import(&self, order: PastOrder) -> Result<OrderImported, StoreError> {
        let store = self.clone();
        tx::detached(async move { import(&store, &order).await }).await
    }

    /// What [`Store::order_import`] would do with these orders, one after the other, as things are now.
    ///
    /// # Errors
    /// What the database said.
    pub async fn order_import_preview(&self, orders: Vec<PastOrder>) -> Result<OrderCounts, StoreError> {
        self.read(async move |mut conn| {
            let references: Vec<&Reference> = orders.iter().map(|order| &order.reference).collect();
            let taken = references_taken_in_tx(&mut conn, &references).await?;
            let new: Vec<&PastOrder> = orders.iter().filter(|order| !taken.contains(&order.reference)).collect();
            let lines = || new.iter().flat_map(|order| &order.lines);
            let skus: BTreeSet<&Sku> = lines().map(|line| &line.sku).collect();
            let products = products_find_in_tx(&mut conn, &skus).await?;
            let mut sold: BTreeMap<&Sku, i64> = BTreeMap::new();
            for order in new.iter().filter(|order| order.kind == PastKind::Delivered) {
                for line in &order.lines {
                    *sold.entry(&line.sku).or_default() += line.quantity.get();
                }
            }
            let free = Free::read(&mut conn, products.values().map(|(id, _)| *id).collect()).await?;
            let missing = sold.iter().map(|(sku, units)| {
                let free = products.get(*sku).map_or(0, |(id, _)| free.of(*id));
                (units - free).max(0)
            });
            Ok(OrderCounts {
                imported: new.len() as u64,
                already_there: (orders.len() - new.len()) as u64,
                products_created: skus.iter().filter(|sku| !products.contains_key(**sku)).count() as u64,
                units_received: missing.sum(),
            })
        })
        .await
    }
}

async fn import(store: &Store, order: &PastOrder) -> Result<OrderImported, StoreError> {
    let Some(Known { products, products_created }) = known(&store.pool, order).await? else {
        return Ok(OrderImported::AlreadyThere);
    };
    let placing = placing(store, order, &products).await?;
    let mut link = Link::pooled(&store.pool);
    for round in 0..ROUNDS_MAX {
        let ids = products.values().map(|(id, _)| *id).collect();
        let free = Free::read(link.conn().await?, ids).await?;
        let receipts = receipts(order, &products, &free)?;
        let items = items(order.kind, placing.clone(), &receipts, &free.receiving);
        let items: Vec<&Item> = items.iter().collect();
        match batch::run_together(&mut link, &items).await? {
            // Replayed is what was committed a moment ago and got no answer: the key is of this call.
            Outcome::Accepted { .. } | Outcome::Replayed(_) => {
                let received = receipts.iter().map(|(_, delta)| delta.get()).sum();
                let units_received = if order.kind == PastKind::Delivered { received } else { 0 };
                return Ok(OrderImported::Imported { products_created, units_received });
            }
            Outcome::Refused(Refusal::Problem(Problem::ReferenceTaken { .. })) => {
                return Ok(OrderImported::AlreadyThere);
            }
            // Somebody bought what was to be had a moment ago.
            Outcome::Refused(Refusal::Problem(Problem::InsufficientStock { .. })) => {}
            Outcome::Refused(Refusal::Problem(problem)) => return Err(problem.into()),
            Outcome::Refused(refusal) => return Err(StoreError::Corrupt(refusal.to_string())),
            Outcome::Miscalled => return Err(StoreError::Corrupt("an import called a product by name".to_owned())),
        }
        tokio::time::sleep(tx::pause(round)).await;
    }
    Err(Problem::Busy { retry_after_seconds: 1 }.into())
}
