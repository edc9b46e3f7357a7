//! The model: what is on hand, and who holds what until when, in naive maps. What is reserved is not
//! kept but counted anew each time. It shares no code with `decide`.

use std::collections::{BTreeMap, BTreeSet};

use domain::allocation::Strategy as Choice;
use domain::problem::Shortage;
use domain::reservation::ReservationView;
use domain::stock::StockReason;

use crate::operation::{Operation, PRODUCTS, WAREHOUSES, Wanted};
use crate::world::{product_number, sku, warehouse_number};

/// A product and a warehouse, by number.
pub(crate) type Place = (usize, usize);

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    pub(crate) status: &'static str,
    pub(crate) ordered: bool,
    pub(crate) choice: Choice,
    pub(crate) units: BTreeMap<Place, i64>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    /// In milliseconds.
    pub(crate) now: i64,
    pub(crate) on_hand: BTreeMap<Place, i64>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) archived: [bool; PRODUCTS],
    pub(crate) closed: [bool; WAREHOUSES],
}

const HOUR: i64 = 3_600_000;

impl Model {
    pub(crate) fn reserved(&self, place: Place) -> i64 {
        let held = self.holds.iter().filter(|hold| hold.status == "held");
        held.filter_map(|hold| hold.units.get(&place)).sum()
    }

    /// The reservation that an operation means; `None` for one that does not exist.
    pub(crate) fn meant(&self, which: usize) -> Option<usize> {
        let number = which % (self.holds.len() + 1);
        (number < self.holds.len()).then_some(number)
    }

    /// A repetition is a change, to the lines that the reservation has.
    pub(crate) fn spelt_out(&self, operation: &Operation) -> Operation {
        let Operation::Repeat { which, choice } = operation else { return operation.clone() };
        let mut lines = vec![Wanted { product: 0, quantity: 1, warehouse: None }];
        if let Some(number) = self.meant(*which) {
            let units = self.holds[number].units.iter();
            lines = units.map(|((product, _), quantity)| (*product, *quantity)).map(any_warehouse).collect();
        }
        Operation::Change { which: *which, lines, choice: *choice, ttl_seconds: None }
    }

    /// Every reason to refuse the operation. Which one is told is not the model's business; that it is
    /// refused if and only if there is one, is.
    pub(crate) fn objections(&self, operation: &Operation) -> BTreeSet<&'static str> {
        match operation {
            Operation::Hold { lines, .. } => self.line_objections(lines, None),
            Operation::Change { which, lines, ttl_seconds, .. } => {
                let Some(number) = self.meant(*which) else { return ["not_found"].into() };
                let mut objections = self.held_objections(number, *ttl_seconds);
                objections.extend(self.line_objections(lines, Some(number)));
                objections
            }
            Operation::Extend { which, ttl_seconds } => match self.meant(*which) {
                Some(number) => self.held_objections(number, Some(*ttl_seconds)),
                None => ["not_found"].into(),
            },
            Operation::Release { which } => match self.meant(*which) {
                Some(number) => self.held_objections(number, None),
                None => ["not_found"].into(),
            },
            Operation::Expire { which } => {
                let hold = self.meant(*which).map(|number| &self.holds[number]);
                let due = hold.is_some_and(|hold| hold.status == "held" && hold.expires_at <= self.now);
                if due { BTreeSet::new() } else { ["not_due"].into() }
            }
            Operation::Transfer { from, to, lines } => {
                let mut objections = BTreeSet::new();
                if *from == WAREHOUSES || *to == WAREHOUSES || from == to {
                    objections.insert("invalid_input");
                }
                if self.closed.get(*to) == Some(&true) {
                    objections.insert("warehouse_inactive");
                }
                if (0..PRODUCTS).any(|product| wanted(lines, product) > self.movable((product, *from))) {
                    objections.insert("insufficient_stock");
                }
                objections
            }
            Operation::Adjust { product, warehouse, delta, reason } => {
                let fits = match reason {
                    StockReason::Received => *delta > 0,
                    StockReason::Adjusted => true,
                    StockReason::WrittenOff => *delta < 0,
                };
                let place = (*product, *warehouse);
                let left = self.on_hand.get(&place).unwrap_or(&0) + delta;
                let mut objections = BTreeSet::new();
                if *warehouse == WAREHOUSES || !fits {
                    objections.insert("invalid_input");
                }
                if *reason == StockReason::Received && self.closed.get(*warehouse) == Some(&true) {
                    objections.insert("warehouse_inactive");
                }
                if left < self.reserved(place) {
                    objections.insert("below_reserved");
                }
                objections
            }
            other => unreachable!("{other:?} is not for decide"),
        }
    }

    fn held_objections(&self, number: usize, ttl_seconds: Option<i64>) -> BTreeSet<&'static str> {
        let hold = &self.holds[number];
        let mut objections = BTreeSet::new();
        if hold.ordered {
            objections.insert("has_order");
        }
        if hold.status != "held" || hold.expires_at <= self.now {
            objections.insert("not_held");
        }
        if ttl_seconds.is_some_and(|seconds| self.now + seconds * 1_000 > hold.created_at + HOUR) {
            objections.insert("invalid_input");
        }
        objections
    }

    fn line_objections(&self, lines: &[Wanted], own: Option<usize>) -> BTreeSet<&'static str> {
        let mut objections = BTreeSet::new();
        for line in lines {
            if line.warehouse == Some(WAREHOUSES) {
                objections.insert("invalid_input");
            }
            if line.warehouse.is_some_and(|warehouse| self.closed.get(warehouse) == Some(&true)) {
                objections.insert("warehouse_inactive");
            }
            let kept = own.is_some_and(|own| self.holds[own].units.keys().any(|(product, _)| *product == line.product));
            if self.archived[line.product] && !kept {
                objections.insert("product_archived");
            }
        }
        let foreign = lines.iter().filter(|line| line.product == PRODUCTS - 1).count();
        if foreign > 0 && foreign < lines.len() {
            objections.insert("mixed_currency");
        }
        if (0..PRODUCTS).any(|product| self.is_short(lines, product, own)) {
            objections.insert("insufficient_stock");
        }
        objections
    }

    /// Units of a product that are free in a warehouse, those of the reservation `own` included.
    fn free(&self, place: Place, own: Option<usize>) -> i64 {
        if self.closed.get(place.1) != Some(&false) {
            return 0;
        }
        let own = own.and_then(|own| self.holds[own].units.get(&place)).unwrap_or(&0);
        self.on_hand.get(&place).unwrap_or(&0) - self.reserved(place) + own
    }

    /// Units that nobody holds, whether or not the warehouse is closed.
    pub(crate) fn movable(&self, place: Place) -> i64 {
        self.on_hand.get(&place).unwrap_or(&0) - self.reserved(place)
    }

    fn free_anywhere(&self, product: usize, own: Option<usize>) -> i64 {
        (0..WAREHOUSES).map(|warehouse| self.free((product, warehouse), own)).sum()
    }

    fn is_short(&self, lines: &[Wanted], product: usize, own: Option<usize>) -> bool {
        let named_short =
            (0..WAREHOUSES).any(|warehouse| named(lines, product, warehouse) > self.free((product, warehouse), own));
        named_short || wanted(lines, product) > self.free_anywhere(product, own)
    }

    /// The shortages that were told must be those of the products that fall short, with true numbers.
    pub(crate) fn check_shortages(&self, lines: &[Wanted], own: Option<usize>, told: &[Shortage]) {
        let short: BTreeSet<String> =
            (0..PRODUCTS).filter(|product| self.is_short(lines, *product, own)).map(sku).collect();
        let skus: BTreeSet<String> = told.iter().map(|shortage| shortage.sku.to_string()).collect();
        assert_eq!(skus, short);
        assert_eq!(told.len(), short.len(), "each product once: {told:?}");
        for shortage in told {
            let product = (0..PRODUCTS).find(|product| sku(*product) == shortage.sku.as_str()).unwrap();
            let (requested, available) = match shortage.warehouse.as_ref().map(warehouse_number) {
                Some(warehouse) => (named(lines, product, warehouse), self.free((product, warehouse), own)),
                None => (wanted(lines, product), self.free_anywhere(product, own)),
            };
            assert_eq!((shortage.requested, shortage.available), (requested, available), "{shortage:?}");
            assert!(available < requested, "{shortage:?} is none");
        }
    }

    /// The units that were taken must be those that were asked for, from where they are free and as the
    /// strategy says.
    pub(crate) fn check_units(&self, lines: &[Wanted], choice: Choice, own: Option<usize>, view: &ReservationView) {
        let taken = units(view);
        for line in &view.reservation.lines {
            assert_eq!(line.quantity, line.allocations.iter().map(|each| each.quantity).sum::<i64>());
        }
        for product in 0..PRODUCTS {
            let of = |warehouse: usize| taken.get(&(product, warehouse)).copied().unwrap_or(0);
            let all: i64 = (0..WAREHOUSES).map(of).sum();
            assert_eq!(all, wanted(lines, product), "of product {product}");
            // What is free and taken beyond the units for which a warehouse was named.
            let beyond: Vec<(i64, i64)> = (0..WAREHOUSES)
                .map(|warehouse| {
                    let named = named(lines, product, warehouse);
                    (self.free((product, warehouse), own) - named, of(warehouse) - named)
                })
                .collect();
            assert!(beyond.iter().all(|(free, taken)| 0 <= *taken && taken <= free), "{beyond:?}");
            check_choice(choice, &beyond);
        }
    }
}

/// Checks `(free, taken)` of each warehouse, in order of priority, against what the strategy promises.
fn check_choice(choice: Choice, beyond: &[(i64, i64)]) {
    let exhausted = |(free, taken): &(i64, i64)| free == taken;
    for (index, (free, taken)) in beyond.iter().enumerate().filter(|(_, (_, taken))| *taken > 0) {
        let better: Vec<&(i64, i64)> = match choice {
            Choice::Priority => beyond[..index].iter().collect(),
            Choice::MostStock => beyond.iter().filter(|other| other.0 > *free).collect(),
            Choice::FewestSplits => Vec::new(),
        };
        assert!(better.into_iter().all(exhausted), "{choice:?} took {taken} of number {index} in {beyond:?}");
    }
    if choice == Choice::FewestSplits {
        let all: i64 = beyond.iter().map(|(_, taken)| taken).sum();
        let used = beyond.iter().filter(|(_, taken)| *taken > 0).count();
        let suffices = |set: &u32| {
            let members = beyond.iter().enumerate().filter(|(index, _)| set & (1 << index) != 0);
            members.map(|(_, (free, _))| free).sum::<i64>() >= all
        };
        let fewest = (0..1_u32 << beyond.len()).filter(suffices).map(u32::count_ones).min();
        assert_eq!(Some(used as u32), fewest, "{beyond:?}");
    }
}

fn any_warehouse((product, quantity): (usize, i64)) -> Wanted {
    Wanted { product, quantity, warehouse: None }
}

fn named(lines: &[Wanted], product: usize, warehouse: usize) -> i64 {
    let lines = lines.iter().filter(|line| line.product == product && line.warehouse == Some(warehouse));
    lines.map(|line| line.quantity).sum()
}

pub(crate) fn wanted(lines: &[Wanted], product: usize) -> i64 {
    lines.iter().filter(|line| line.product == product).map(|line| line.quantity).sum()
}

/// The units that a reservation says it has.
pub(crate) fn units(view: &ReservationView) -> BTreeMap<Place, i64> {
    let mut units = BTreeMap::new();
    for line in &view.reservation.lines {
        for allocation in &line.allocations {
            let place = (product_number(line.product_id), warehouse_number(&allocation.warehouse));
            *units.entry(place).or_default() += allocation.quantity;
        }
    }
    units
}
