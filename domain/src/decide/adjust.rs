//! Changing what is on hand: goods that came in, were counted, or were lost.

use super::state::entries;
use super::{Answer, Decision, Refusal, State};
use crate::ids::{ChangeId, ProductId};
use crate::journal::{ChangeDraft, Subject};
use crate::problem::Problem;
use crate::quantity::StockDelta;
use crate::stock::{LevelDelta, LevelError, StockKey, StockReason};
use crate::warehouse::WarehouseCode;

pub(super) fn adjust(
    state: &mut State,
    change_id: ChangeId,
    product_id: ProductId,
    warehouse: &WarehouseCode,
    delta: StockDelta,
    reason: StockReason,
) -> Result<Decision, Refusal> {
    let Some(place) = state.warehouse(warehouse) else {
        return Err(Problem::field("warehouse", "names no warehouse").into());
    };
    // What is there may be counted and written off.
    if reason == StockReason::Received && !place.active {
        return Err(Problem::WarehouseInactive { warehouse: warehouse.clone() }.into());
    }
    if !reason.fits(delta.get()) {
        return Err(Problem::field("delta", reason.rule()).into());
    }
    let key = StockKey { product_id, warehouse: warehouse.clone() };
    let change = LevelDelta { on_hand: delta.get(), reserved: 0 };
    let moved = state.move_stock([(key, change)]);
    let moved = moved.map_err(|(key, error)| refusal(state, &key, error))?;
    let view = state.product_view(product_id);
    let view = view.ok_or_else(|| Refusal::Corrupt(format!("product {product_id} was not read")))?;
    Ok(Decision {
        drafts: vec![ChangeDraft {
            change_id,
            action: reason.into(),
            subject: Subject::Product(product_id),
            entries: entries(moved, None, None),
        }],
        writes: Vec::new(),
        answer: Answer::Product(view),
    })
}

fn refusal(state: &State, key: &StockKey, error: LevelError) -> Refusal {
    let sku = match state.product(key.product_id) {
        Ok(product) => product.sku.clone(),
        Err(refusal) => return refusal,
    };
    match error {
        LevelError::Oversold | LevelError::NegativeReserved => {
            let level = state.stock.get(key).map(|row| row.level).unwrap_or_default();
            Problem::BelowReserved {
                sku,
                warehouse: key.warehouse.clone(),
                on_hand: level.on_hand,
                reserved: level.reserved,
            }
            .into()
        }
        LevelError::Overflow => Problem::field("delta", "would count more units than can be counted").into(),
    }
}
