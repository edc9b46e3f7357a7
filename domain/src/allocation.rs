//! From which warehouses units are taken, and why from those.

use serde::{Deserialize, Serialize};

use crate::warehouse::WarehouseCode;

/// How warehouses are chosen for what no line has named one for.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Strategy {
    /// The warehouse with the smallest priority number first.
    #[default]
    Priority,
    /// The warehouse with the most units available first.
    MostStock,
    /// As few warehouses as can be; among them by priority.
    FewestSplits,
}

/// Why units are taken from a warehouse.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AllocationReason {
    /// The line named it.
    Named,
    /// No other active warehouse exists.
    OnlyWarehouse,
    /// It came first by priority.
    Priority,
    /// It had the most available.
    MostStock,
    /// It spared a split.
    FewestSplits,
}

/// Units of one product taken from one warehouse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Allocation {
    pub warehouse: WarehouseCode,
    pub quantity: i64,
    pub reason: AllocationReason,
}

/// What one request wants of one product: units from named warehouses, and units from any.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Demand {
    pub named: Vec<(WarehouseCode, i64)>,
    pub any: i64,
}

/// Units available in an active warehouse.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Supply {
    pub warehouse: WarehouseCode,
    pub available: i64,
}

/// Less is available than is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Short {
    /// What is wanted there: of the named warehouse, or in all.
    pub requested: i64,
    /// What is available where units are wanted: in the named warehouse, or in all.
    pub available: i64,
    /// The named warehouse that falls short.
    pub warehouse: Option<WarehouseCode>,
}

impl AllocationReason {
    /// Why, to be read after the warehouse.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Named => "as asked for",
            Self::OnlyWarehouse => "the only warehouse",
            Self::Priority => "by priority",
            Self::MostStock => "the fullest first",
            Self::FewestSplits => "with the fewest splits",
        }
    }
}

impl Demand {
    pub fn total(&self) -> i64 {
        self.named.iter().fold(self.any, |sum, (_, units)| sum.saturating_add(*units))
    }
}

/// Meets the whole demand from `supplies`, which stand in order of priority, or nothing of it. What
/// names a warehouse is served first. What is taken stands in the order of the warehouses' codes, as it
/// reads back from the tables, so that two equal allocations are equal.
///
/// # Errors
/// [`Short`] with what is available.
pub fn allocate(supplies: &[Supply], demand: &Demand, strategy: Strategy) -> Result<Vec<Allocation>, Short> {
    let mut left: Vec<Supply> = supplies.to_vec();
    let mut taken: Vec<Allocation> = Vec::new();
    for (warehouse, units) in &demand.named {
        let supply = left.iter_mut().find(|supply| supply.warehouse == *warehouse);
        match supply {
            Some(supply) if supply.available >= *units => {
                supply.available -= units;
                add(&mut taken, warehouse, *units, AllocationReason::Named);
            }
            supply => {
                let available = supply.map_or(0, |supply| supply.available.max(0));
                return Err(Short { requested: *units, available, warehouse: Some(warehouse.clone()) });
            }
        }
    }
    let free: i64 = left.iter().map(|supply| supply.available.max(0)).sum();
    if free < demand.any {
        let available = supplies.iter().map(|supply| supply.available.max(0)).sum();
        return Err(Short { requested: demand.total(), available, warehouse: None });
    }
    let reason = reason(strategy, supplies.len());
    let mut wanted = demand.any;
    for supply in in_order(left, strategy, wanted) {
        let units = supply.available.clamp(0, wanted);
        if units > 0 {
            add(&mut taken, &supply.warehouse, units, reason);
            wanted -= units;
        }
    }
    taken.sort_by(|left, right| left.warehouse.cmp(&right.warehouse));
    Ok(taken)
}

fn reason(strategy: Strategy, warehouses: usize) -> AllocationReason {
    match strategy {
        _ if warehouses == 1 => AllocationReason::OnlyWarehouse,
        Strategy::Priority => AllocationReason::Priority,
        Strategy::MostStock => AllocationReason::MostStock,
        Strategy::FewestSplits => AllocationReason::FewestSplits,
    }
}

/// The supplies in the order in which they are drawn on. The sorts are stable: among equals, priority.
fn in_order(mut supplies: Vec<Supply>, strategy: Strategy, wanted: i64) -> Vec<Supply> {
    match strategy {
        Strategy::Priority => {}
        Strategy::MostStock => supplies.sort_by_key(|supply| std::cmp::Reverse(supply.available)),
        Strategy::FewestSplits => {
            // One that holds it all spares every split; else the largest first needs the fewest.
            match supplies.iter().position(|supply| supply.available >= wanted) {
                Some(whole) => supplies.swap(0, whole),
                None => supplies.sort_by_key(|supply| std::cmp::Reverse(supply.available)),
            }
        }
    }
    supplies
}

fn add(taken: &mut Vec<Allocation>, warehouse: &WarehouseCode, quantity: i64, reason: AllocationReason) {
    match taken.iter_mut().find(|allocation| allocation.warehouse == *warehouse) {
        Some(allocation) => allocation.quantity += quantity,
        None => taken.push(Allocation { warehouse: warehouse.clone(), quantity, reason }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn supplies(available: &[i64]) -> Vec<Supply> {
        let code = |index| WarehouseCode::new(format!("W{index}")).unwrap();
        available
            .iter()
            .enumerate()
            .map(|(index, units)| Supply { warehouse: code(index), available: *units })
            .collect()
    }

    fn taken(available: &[i64], any: i64, strategy: Strategy) -> Vec<(String, i64)> {
        let demand = Demand { any, ..Demand::default() };
        let allocations = allocate(&supplies(available), &demand, strategy).unwrap();
        allocations.into_iter().map(|each| (each.warehouse.to_string(), each.quantity)).collect()
    }

    #[test]
    fn each_strategy_draws_in_its_own_order() {
        let w = |index: usize, units: i64| (format!("W{index}"), units);
        assert_eq!(taken(&[2, 9, 5], 4, Strategy::Priority), [w(0, 2), w(1, 2)]);
        assert_eq!(taken(&[2, 5, 9], 10, Strategy::MostStock), [w(1, 1), w(2, 9)]);
        assert_eq!(taken(&[2, 5, 9], 4, Strategy::FewestSplits), [w(1, 4)]);
        assert_eq!(taken(&[2, 5, 9], 12, Strategy::FewestSplits), [w(1, 3), w(2, 9)]);
    }

    #[test]
    fn a_named_warehouse_is_not_made_up_for_by_another() {
        let all = supplies(&[2, 9]);
        let demand = Demand { named: vec![(all[0].warehouse.clone(), 3)], any: 0 };
        let short = allocate(&all, &demand, Strategy::Priority).unwrap_err();
        assert_eq!(short, Short { requested: 3, available: 2, warehouse: Some(all[0].warehouse.clone()) });
    }

    proptest! {
        #[test]
        fn each_strategy_keeps_its_promise(
            available in prop::collection::vec(0_i64..20, 1..6),
            any in 1_i64..60,
            strategy in prop::sample::select(vec![Strategy::Priority, Strategy::MostStock, Strategy::FewestSplits]),
        ) {
            let all = supplies(&available);
            let Ok(taken) = allocate(&all, &Demand { any, ..Demand::default() }, strategy) else { return Ok(()) };
            let of = |place: usize| -> i64 {
                taken.iter().filter(|each| each.warehouse == all[place].warehouse).map(|each| each.quantity).sum()
            };
            let is_better = |place: usize, than: usize| match strategy {
                Strategy::Priority => place < than,
                Strategy::MostStock => available[place] > available[than],
                Strategy::FewestSplits => false,
            };
            for drawn in (0..all.len()).filter(|place| of(*place) > 0) {
                for better in (0..all.len()).filter(|place| is_better(*place, drawn)) {
                    prop_assert_eq!(of(better), available[better], "{:?} drew on {} first", strategy, drawn);
                }
            }
            if strategy == Strategy::FewestSplits {
                let mut largest = available.clone();
                largest.sort_unstable_by(|left, right| right.cmp(left));
                let sums = largest.iter().scan(0, |sum, units| { *sum += units; Some(*sum) });
                prop_assert_eq!(taken.len(), 1 + sums.take_while(|sum| *sum < any).count());
            }
        }

        #[test]
        fn all_is_taken_or_nothing_and_never_more_than_there_is(
            available in prop::collection::vec(0_i64..20, 1..6),
            named in 0_i64..10,
            any in 0_i64..60,
            strategy in prop::sample::select(vec![Strategy::Priority, Strategy::MostStock, Strategy::FewestSplits]),
        ) {
            let all = supplies(&available);
            let demand = Demand { named: vec![(all[0].warehouse.clone(), named)], any };
            let total: i64 = available.iter().sum();
            match allocate(&all, &demand, strategy) {
                Ok(taken) => {
                    prop_assert_eq!(taken.iter().map(|each| each.quantity).sum::<i64>(), demand.total());
                    for each in &taken {
                        let supply = all.iter().find(|supply| supply.warehouse == each.warehouse).unwrap();
                        prop_assert!((0..=supply.available).contains(&each.quantity));
                    }
                }
                Err(short) => prop_assert!(named > available[0] || total < demand.total(), "{short:?}"),
            }
        }
    }
}
