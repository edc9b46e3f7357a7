//! What is to be decided for an order of the past, from its first receipt to its last step.

use std::collections::BTreeMap;

use domain::allocation::Strategy;
use domain::decide::{Command, CommandKind, Confirm, Line, Placing, PricedLine, Proceeding, Restock, Source};
use domain::ids::ProductId;
use domain::order::OrderStatus;
use domain::problem::Problem;
use domain::quantity::StockDelta;
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;

use super::known::{Free, Products, product_of};
use super::{PastKind, PastOrder};
use crate::batch::{Item, Render, Reply};
use crate::error::{StoreError, refused};
use crate::idempotency::{Claim, Standing};
use crate::ids;
use crate::import::{CALLER, unread};
use crate::lane::Slot;
use crate::request::Fingerprint;
use crate::store::Store;

pub(super) async fn placing(store: &Store, order: &PastOrder, products: &Products) -> Result<Placing, StoreError> {
    let lines = order.lines.iter().map(|line| {
        let (product_id, name) = product_of(products, &line.sku)?;
        let name = line.name.clone().unwrap_or_else(|| name.clone());
        let sold_as = Some((name, line.unit_price));
        Ok(PricedLine { line: Line { product_id, quantity: line.quantity, warehouse: None }, sold_as })
    });
    let lines = lines.collect::<Result<_, StoreError>>()?;
    let slot = Slot::of_products(products.values().map(|(id, _)| *id));
    Ok(Placing {
        id: ids::order_id_in(slot),
        number: store.order_number().await?,
        source: Source::Lines { reservation_id: ids::reservation_id_in(slot), lines, strategy: Strategy::Priority },
        customer: order.customer.clone().map(|customer| (ids::customer_id(), customer)),
        reference: Some(order.reference.clone()),
        placed_at: Some(order.placed_at),
        confirm: Confirm::Now,
    })
}

/// Units that have to come in first: those missing; for a return all, which leave again with it.
pub(super) fn receipts(
    order: &PastOrder,
    products: &Products,
    free: &Free,
) -> Result<Vec<(ProductId, StockDelta)>, StoreError> {
    let mut wanted: BTreeMap<ProductId, i64> = BTreeMap::new();
    for line in &order.lines {
        *wanted.entry(product_of(products, &line.sku)?.0).or_default() += line.quantity.get();
    }
    let missing = wanted.into_iter().map(|(id, units)| match order.kind {
        PastKind::Delivered => (id, (units - free.of(id)).max(0)),
        PastKind::Returned => (id, units),
    });
    let deltas = missing.filter(|(_, units)| *units > 0).map(|(id, units)| {
        let delta = StockDelta::new(units).map_err(|error| refused(Problem::field("quantity", error.to_string())))?;
        Ok((id, delta))
    });
    deltas.collect()
}

/// All that is to be decided for an order, in one transaction.
pub(super) fn items(
    kind: PastKind,
    mut placing: Placing,
    receipts: &[(ProductId, StockDelta)],
    receiving: &WarehouseCode,
) -> Vec<Item> {
    let id = placing.id;
    let (reason, last) = match kind {
        PastKind::Delivered => (StockReason::Received, OrderStatus::Delivered),
        PastKind::Returned => (StockReason::Adjusted, OrderStatus::Returned),
    };
    if let (PastKind::Returned, Source::Lines { lines, .. }) = (kind, &mut placing.source) {
        // Shipped from where its units were put on record, and not restocked: no row is left changed.
        for line in lines {
            line.line.warehouse = Some(receiving.clone());
        }
    }
    let adjust = |(product_id, delta): &(ProductId, StockDelta)| CommandKind::Adjust {
        product_id: *product_id,
        warehouse: receiving.clone(),
        delta: *delta,
        reason,
    };
    let proceed =
        |to| CommandKind::Proceed(Proceeding { id, to: Some(to), version: None, note: None, restock: Restock::No });
    // The key is for a commit that gets no answer; that an order is imported once the reference sees to.
    let claim = Claim {
        key: ids::own_key(),
        caller: CALLER.actor.to_string(),
        fingerprint: Fingerprint([0; 32]),
        standing: Standing::Own,
    };
    let item = |kind| Item {
        command: Command { change_id: ids::change_id(), kind },
        caller: CALLER,
        reply: None,
        called: Vec::new(),
    };
    let mut items: Vec<Item> = receipts.iter().map(adjust).map(item).collect();
    items.push(Item {
        reply: Some(Reply { claim, render: Render::Order(unread) }),
        ..item(CommandKind::Place(placing))
    });
    items.extend([OrderStatus::Processing, OrderStatus::Shipped, last].map(proceed).map(item));
    items
}
