//! The lines of an order: what is sold, at which price, and from where.

use std::collections::{BTreeMap, VecDeque};

use crate::currency::Currency;
use crate::decide::{Line, PricedLine, Refusal, State};
use crate::ids::ProductId;
use crate::money::Money;
use crate::order::{self, OrderAllocation, OrderLine};
use crate::problem::Problem;
use crate::quantity::Quantity;
use crate::reservation::ReservationLine;
use crate::text::Name;

/// What a reservation holds, as lines to be reserved.
pub(super) fn as_lines(lines: &[ReservationLine]) -> Result<Vec<PricedLine>, Refusal> {
    let mut all = Vec::new();
    for line in lines {
        // The sum of several lines may be more than one line may ask for.
        let mut left = line.quantity;
        while left > 0 {
            let units = left.min(Quantity::MAX);
            let quantity = Quantity::new(units).map_err(|error| Refusal::Corrupt(error.to_string()))?;
            let line = Line { product_id: line.product_id, quantity, warehouse: None };
            all.push(PricedLine { line, sold_as: None });
            left -= units;
        }
    }
    Ok(all)
}

/// The lines of an order, with name and price as they are sold. Lines of one product at one price are one.
pub(super) fn sold(state: &State, lines: &[PricedLine]) -> Result<Vec<OrderLine>, Refusal> {
    let mut all: Vec<OrderLine> = Vec::new();
    let mut places: BTreeMap<(ProductId, Name, i64, Currency), usize> = BTreeMap::new();
    for PricedLine { line, sold_as } in lines {
        let product = state.product(line.product_id)?;
        let (name, unit_price) = sold_as.clone().unwrap_or_else(|| (product.name.clone(), product.price));
        let key = (product.id, name.clone(), unit_price.minor, unit_price.currency);
        let place = *places.entry(key).or_insert(all.len());
        match all.get_mut(place) {
            Some(same) => same.quantity += line.quantity.get(),
            None => all.push(OrderLine {
                sku: product.sku.clone(),
                product_id: product.id,
                name,
                unit_price,
                quantity: line.quantity.get(),
                allocations: Vec::new(),
            }),
        }
    }
    Ok(all)
}

pub(super) fn total_of(lines: &[OrderLine]) -> Result<Money, Problem> {
    let mut currencies: Vec<String> = lines.iter().map(|line| line.unit_price.currency.to_string()).collect();
    currencies.dedup();
    let Some(first) = lines.first().filter(|_| currencies.len() == 1) else {
        return Err(Problem::MixedCurrency { currencies });
    };
    order::total(lines, first.unit_price.currency).map_err(|error| Problem::field("lines", error.to_string()))
}

/// Shares out what is reserved of each product among the lines of that product.
pub(super) fn with_allocations(
    mut lines: Vec<OrderLine>,
    reserved: &[ReservationLine],
) -> Result<Vec<OrderLine>, Refusal> {
    let mut left: BTreeMap<ProductId, VecDeque<OrderAllocation>> = BTreeMap::new();
    for line in reserved {
        let of_line = line.allocations.iter();
        let of_line =
            of_line.map(|each| OrderAllocation { warehouse: each.warehouse.clone(), quantity: each.quantity });
        left.entry(line.product_id).or_default().extend(of_line);
    }
    for line in &mut lines {
        line.allocations.clear();
        let mut wanted = line.quantity;
        let free = left.entry(line.product_id).or_default();
        while wanted > 0 {
            let Some(next) = free.front_mut() else {
                return Err(Refusal::Corrupt(format!("less of {} is reserved than is ordered", line.sku)));
            };
            let units = next.quantity.min(wanted);
            line.allocations.push(OrderAllocation { warehouse: next.warehouse.clone(), quantity: units });
            next.quantity -= units;
            wanted -= units;
            if next.quantity == 0 {
                free.pop_front();
            }
        }
    }
    Ok(lines)
}
