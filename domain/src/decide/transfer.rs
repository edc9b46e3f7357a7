//! Moving units from one warehouse to another: what leaves the one comes into the other.

use std::collections::BTreeMap;

use super::state::entries;
use super::{Answer, Decision, Line, Refusal, State, Transfer};
use crate::ids::{ChangeId, ProductId};
use crate::journal::{Action, ChangeDraft, StockMove, Subject};
use crate::problem::{Problem, Shortage};
use crate::stock::{LevelDelta, StockKey};
use crate::transfer::{SAME_PLACE, TransferLine, TransferView};
use crate::warehouse::WarehouseCode;

/// All lines or none. What is reserved stays where it is, so that only what is available can leave. A
/// warehouse that is not active may be emptied, not filled.
pub(super) fn transfer(state: &mut State, change_id: ChangeId, transfer: &Transfer) -> Result<Decision, Refusal> {
    let Transfer { from, to, lines } = transfer;
    check_warehouses(state, from, to)?;
    let units = summed(lines);
    check_available(state, from, &units)?;
    let place = |product_id, warehouse: &WarehouseCode| StockKey { product_id, warehouse: warehouse.clone() };
    let deltas: BTreeMap<StockKey, LevelDelta> = units
        .iter()
        .flat_map(|(id, units)| {
            let by = |on_hand| LevelDelta { on_hand, reserved: 0 };
            [(place(*id, from), by(-units)), (place(*id, to), by(*units))]
        })
        .collect();
    // What may leave was looked at, so that only the count of what comes in is left to be too large.
    let moved = state.move_stock(deltas);
    let moved = moved.map_err(|_| Problem::field("lines", "would count more units than can be counted"))?;
    let mut drafts = Vec::with_capacity(units.len());
    let mut told = Vec::with_capacity(units.len());
    for (product_id, quantity) in units {
        let of_product = moved.iter().filter(|moved| moved.key.product_id == product_id);
        let of_product: Vec<StockMove> = of_product.cloned().collect();
        drafts.push(ChangeDraft {
            change_id,
            action: Action::StockTransferred,
            subject: Subject::Product(product_id),
            entries: entries(of_product, None, None),
        });
        told.push(TransferLine { sku: state.product(product_id)?.sku.clone(), quantity });
    }
    let view = TransferView { change_id, from: from.clone(), to: to.clone(), lines: told, at: state.now };
    Ok(Decision { drafts, writes: Vec::new(), answer: Answer::Transfer(view) })
}

fn check_warehouses(state: &State, from: &WarehouseCode, to: &WarehouseCode) -> Result<(), Problem> {
    for (field, code) in [("from", from), ("to", to)] {
        if state.warehouse(code).is_none() {
            return Err(Problem::field(field, "names no warehouse"));
        }
    }
    if from == to {
        return Err(Problem::field("to", SAME_PLACE));
    }
    match state.warehouse(to) {
        Some(warehouse) if !warehouse.active => Err(Problem::WarehouseInactive { warehouse: to.clone() }),
        Some(_) | None => Ok(()),
    }
}

/// The units of each product, in the order in which the products first appear.
fn summed(lines: &[Line]) -> Vec<(ProductId, i64)> {
    let mut sums: Vec<(ProductId, i64)> = Vec::new();
    let mut places: BTreeMap<ProductId, usize> = BTreeMap::new();
    for line in lines {
        let place = *places.entry(line.product_id).or_insert_with(|| {
            sums.push((line.product_id, 0));
            sums.len() - 1
        });
        if let Some((_, sum)) = sums.get_mut(place) {
            *sum += line.quantity.get();
        }
    }
    sums
}

fn check_available(state: &State, from: &WarehouseCode, units: &[(ProductId, i64)]) -> Result<(), Refusal> {
    let mut shortages = Vec::new();
    for (product_id, requested) in units {
        let key = StockKey { product_id: *product_id, warehouse: from.clone() };
        let available = state.stock.get(&key).map_or(0, |row| row.level.available());
        if available < *requested {
            let sku = state.product(*product_id)?.sku.clone();
            let warehouse = Some(from.clone());
            shortages.push(Shortage { sku, requested: *requested, available, warehouse });
        }
    }
    if shortages.is_empty() { Ok(()) } else { Err(Problem::InsufficientStock { shortages }.into()) }
}
