//! What a decision is taken on.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use serde_json::Value;

use super::Refusal;
use crate::allocation::Supply;
use crate::ids::{OrderId, ProductId, ReservationId};
use crate::journal::{EntryDraft, StockMove};
use crate::order::{Customer, Order};
use crate::problem::Problem;
use crate::product::{Product, ProductView};
use crate::reservation::{Reservation, ReservationStatus};
use crate::stock::{LevelDelta, LevelError, StockKey, StockRow};
use crate::text::Reference;
use crate::time::Timestamp;
use crate::warehouse::{Warehouse, WarehouseCode};

/// All that the commands of one batch touch, read under lock, and the time it was read.
#[derive(Clone, PartialEq, Debug)]
pub struct State {
    pub now: Timestamp,
    /// In order of priority.
    pub warehouses: Vec<Warehouse>,
    pub products: BTreeMap<ProductId, Product>,
    pub stock: BTreeMap<StockKey, StockRow>,
    pub reservations: BTreeMap<ReservationId, Reservation>,
    pub orders: BTreeMap<OrderId, Order>,
    /// Customers whom the commands may mean.
    pub customers: Vec<Customer>,
    /// References of orders that the commands want and that are taken.
    pub references_taken: BTreeSet<Reference>,
}

impl State {
    pub(super) fn product(&self, id: ProductId) -> Result<&Product, Refusal> {
        self.products.get(&id).ok_or_else(|| Refusal::Corrupt(format!("product {id} was not read")))
    }

    pub(super) fn warehouse(&self, code: &WarehouseCode) -> Option<&Warehouse> {
        self.warehouses.iter().find(|warehouse| warehouse.code == *code)
    }

    /// The reservation, if it is held at this moment and no order rules it.
    pub(super) fn held(&self, id: ReservationId) -> Result<&Reservation, Problem> {
        let reservation = self.reservations.get(&id).ok_or_else(|| Problem::not_found("reservation"))?;
        if let Some(order_id) = reservation.order_id {
            return Err(Problem::HasOrder { order_id });
        }
        match reservation.status_at(self.now) {
            ReservationStatus::Held => Ok(reservation),
            reservation_status => Err(Problem::NotHeld { reservation_status }),
        }
    }

    /// What each active warehouse has available of a product, `own` units counted as free.
    pub(super) fn supplies(&self, product_id: ProductId, own: &BTreeMap<StockKey, i64>) -> Vec<Supply> {
        let active = self.warehouses.iter().filter(|warehouse| warehouse.active);
        active
            .map(|warehouse| {
                let key = StockKey { product_id, warehouse: warehouse.code.clone() };
                let free = self.stock.get(&key).map_or(0, |row| row.level.available());
                let available = free + own.get(&key).copied().unwrap_or_default();
                Supply { warehouse: key.warehouse, available }
            })
            .collect()
    }

    /// Moves the rows, each named once: all of them or, where one can't move, none.
    pub(super) fn move_stock(
        &mut self,
        deltas: impl IntoIterator<Item = (StockKey, LevelDelta)>,
    ) -> Result<Vec<StockMove>, (StockKey, LevelError)> {
        let moved = deltas.into_iter().filter(|(_, delta)| *delta != LevelDelta::default()).map(|(key, delta)| {
            let row = self.stock.get(&key).copied().unwrap_or_default();
            match row.level.checked_apply(delta) {
                Ok(level) => Ok(StockMove {
                    key,
                    on_hand_delta: delta.on_hand,
                    reserved_delta: delta.reserved,
                    level,
                    version: row.version + 1,
                }),
                Err(error) => Err((key, error)),
            }
        });
        let moved: Vec<StockMove> = moved.collect::<Result<_, _>>()?;
        for each in &moved {
            let row = StockRow { level: each.level, version: each.version };
            self.stock.insert(each.key.clone(), row);
        }
        Ok(moved)
    }

    /// Moves reserved units. That it can't be done means that the tables disagree with each other.
    pub(super) fn move_reserved(&mut self, units: &BTreeMap<StockKey, i64>) -> Result<Vec<StockMove>, Refusal> {
        self.move_units(units, LevelDelta { on_hand: 0, reserved: 1 })
    }

    /// Moves each row by its units times `per_unit`. As [`Self::move_reserved`].
    pub(super) fn move_units(
        &mut self,
        units: &BTreeMap<StockKey, i64>,
        per_unit: LevelDelta,
    ) -> Result<Vec<StockMove>, Refusal> {
        let delta = |units: i64| LevelDelta { on_hand: units * per_unit.on_hand, reserved: units * per_unit.reserved };
        let deltas = units.iter().map(|(key, units)| (key.clone(), delta(*units)));
        self.move_stock(deltas).map_err(|(key, error)| {
            Refusal::Corrupt(format!("product {} in {}: {error}", key.product_id, key.warehouse))
        })
    }

    /// The product with its stock as it is now.
    pub fn product_view(&self, id: ProductId) -> Option<ProductView> {
        let product = self.products.get(&id)?.clone();
        let rows = self.stock.iter().filter(|(key, _)| key.product_id == id);
        Some(ProductView::new(product, rows.map(|(key, row)| (key.warehouse.clone(), *row)), self.now))
    }
}

/// The units that a reservation has in each stock row.
pub(super) fn units_by_key(reservation: &Reservation) -> BTreeMap<StockKey, i64> {
    let mut units = BTreeMap::new();
    for line in &reservation.lines {
        for allocation in &line.allocations {
            let key = StockKey { product_id: line.product_id, warehouse: allocation.warehouse.clone() };
            *units.entry(key).or_default() += allocation.quantity;
        }
    }
    units
}

/// The journal entries of a change: one for each row moved, or one without. Each has the facts of the
/// subject on both sides.
pub(super) fn entries(moved: Vec<StockMove>, before: Option<Value>, after: Option<Value>) -> Vec<EntryDraft> {
    if moved.is_empty() {
        return vec![EntryDraft { stock: None, before, after }];
    }
    let facts = iter::repeat_n((before, after), moved.len());
    moved
        .into_iter()
        .zip(facts)
        .map(|(stock, (before, after))| EntryDraft { stock: Some(stock), before, after })
        .collect()
}
