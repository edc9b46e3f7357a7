//! What the demo's orders are like: a pure function of the seed, the order's place among all, and the
//! products there are. Floats are for drawing only; what is drawn is whole units at the products' prices.
//!
//! What the orders come to is spread as in the Online Retail data set (its first 440 invoices: the logarithm
//! of what one comes to has a deviation of 1.24, and the middle one comes to 89 times the middle price).

use std::collections::BTreeSet;
use std::f64::consts::TAU;

use domain::ids::ProductId;
use domain::order::OrderStatus;
use domain::text::Name;
use domain::time::Timestamp;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};

const DAY_MILLISECONDS: i64 = 86_400_000;
/// The oldest order is two years old.
const SPAN_MILLISECONDS: i64 = 2 * 365 * DAY_MILLISECONDS;
/// People order from six in the morning to ten at night.
const MORNING_MILLISECONDS: i64 = 6 * 3_600_000;
const SHARE_OF_DAY: f64 = 16.0 / 24.0;
/// What an order comes to, over the middle price: the mean and the deviation of the logarithm.
const TOTAL_LOG_MEAN: f64 = 4.49;
const TOTAL_LOG_DEVIATION: f64 = 1.24;
/// Of a thousand orders, how many have no customer: as in the real file.
const WITHOUT_CUSTOMER_PER_MILLE: u32 = 133;
/// Of a thousand orders, how many are of the few regular customers.
const BY_REGULARS_PER_MILLE: u32 = 50;
const REGULARS: u64 = 20;
/// One customer more for so many orders.
const ORDERS_PER_CUSTOMER: u64 = 10;
const UNITS_PER_LINE_MAX: f64 = 10_000.0;
/// Of a hundred orders, how many have 1, 2, 3, 4 and 5 lines.
const LINES_PER_CENT: [u32; 5] = [30, 25, 20, 15, 10];

/// A product that the demo sells, all at prices in one currency.
#[derive(Clone, Debug)]
pub(super) struct Sold {
    pub(super) id: ProductId,
    pub(super) name: Name,
    pub(super) price_minor: i64,
}

/// All that decides what the orders are like.
#[derive(Debug)]
pub(super) struct Plan {
    seed: u64,
    orders: u64,
    /// When the newest was placed.
    end: Timestamp,
    /// The best selling first.
    products: Vec<Sold>,
    /// How much is sold of the products up to each place.
    popularity: Vec<f64>,
    middle_price: f64,
    warehouses: usize,
}

/// An order as it is to be written.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Planned {
    pub(super) status: OrderStatus,
    pub(super) placed_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) version: i64,
    /// The customer's place among all.
    pub(super) customer: Option<u64>,
    pub(super) lines: Vec<PlannedLine>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct PlannedLine {
    /// Its place in [`Plan::products`].
    pub(super) product: usize,
    pub(super) warehouse: usize,
    pub(super) quantity: i64,
}

impl Plan {
    /// There must be a product and a warehouse.
    pub(super) fn new(seed: u64, orders: u64, end: Timestamp, mut products: Vec<Sold>, warehouses: usize) -> Self {
        products.shuffle(&mut StdRng::seed_from_u64(seed));
        let mut prices: Vec<i64> = products.iter().map(|product| product.price_minor).collect();
        prices.sort_unstable();
        let middle_price = prices.get(prices.len() / 2).copied().unwrap_or(1).max(1) as f64;
        let mut sum = 0.0;
        let popularity = (1..=products.len()).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { seed, orders, end, popularity: popularity.collect(), products, middle_price, warehouses }
    }

    pub(super) fn product(&self, line: &PlannedLine) -> Option<&Sold> {
        self.products.get(line.product)
    }

    /// How many customers the first so many orders have.
    pub(super) fn customers(orders: u64) -> u64 {
        REGULARS + orders / ORDERS_PER_CUSTOMER
    }

    /// The order at this place; those further on were placed later.
    pub(super) fn order(&self, place: u64) -> Planned {
        let mut rng = StdRng::seed_from_u64(self.seed ^ place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let placed_at = self.placed_at(place, &mut rng);
        let age = self.end.milliseconds_since(placed_at).max(0);
        let status = status(age / DAY_MILLISECONDS, rng.random_range(0..100));
        let (version, lag_days_max) = progress(status);
        let lag = age.min(lag_days_max * DAY_MILLISECONDS) as f64 * rng.random_range(0.05..1.0);
        let customer = customer(Self::customers(place), rng.random_range(0..1_000), rng.random());
        let lines = self.lines(&mut rng);
        Planned { status, placed_at, updated_at: later(placed_at, lag as i64), version, customer, lines }
    }

    /// Twice as many a day at the end as in the beginning, and none at night.
    fn placed_at(&self, place: u64, rng: &mut StdRng) -> Timestamp {
        let share = (place as f64 + rng.random::<f64>()) / self.orders as f64;
        // Solves share = (2 t + t²) / 3, the part of all that is placed before t.
        let at = (1.0 + 3.0 * share).sqrt() - 1.0;
        let age = ((1.0 - at) * SPAN_MILLISECONDS as f64) as i64;
        let plain = self.end.unix_milliseconds() - age;
        let midnight = plain - plain.rem_euclid(DAY_MILLISECONDS);
        if midnight + DAY_MILLISECONDS > self.end.unix_milliseconds() {
            return later(self.end, -age);
        }
        let waking = MORNING_MILLISECONDS + ((plain - midnight) as f64 * SHARE_OF_DAY) as i64;
        later(self.end, midnight + waking - self.end.unix_milliseconds())
    }

    fn lines(&self, rng: &mut StdRng) -> Vec<PlannedLine> {
        let total = self.middle_price * (TOTAL_LOG_MEAN + TOTAL_LOG_DEVIATION * normal(rng)).exp();
        let mut roll = rng.random_range(0..100);
        let mut wanted = 1;
        for share in LINES_PER_CENT {
            if roll < share {
                break;
            }
            roll -= share;
            wanted += 1;
        }
        let mut seen = BTreeSet::new();
        let mut lines = Vec::with_capacity(wanted);
        let most = self.popularity.last().copied().unwrap_or(1.0);
        for _ in 0..wanted {
            let draw = rng.random_range(0.0..most);
            let product = self.popularity.partition_point(|sum| *sum <= draw).min(self.products.len() - 1);
            let share = rng.random_range(0.5..1.5) / wanted as f64;
            let warehouse = self.warehouse(rng);
            if !seen.insert(product) {
                continue;
            }
            let price = self.products.get(product).map_or(1, |sold| sold.price_minor).max(1);
            let quantity = (total * share / price as f64).round().clamp(1.0, UNITS_PER_LINE_MAX) as i64;
            lines.push(PlannedLine { product, warehouse, quantity });
        }
        lines
    }

    /// Mostly the first.
    fn warehouse(&self, rng: &mut StdRng) -> usize {
        let draw = rng.random_range(0..4 * self.warehouses);
        if draw < self.warehouses { draw } else { 0 }
    }
}

/// Who orders, of so many customers so far: a few who always have, and those who came of late.
fn customer(known: u64, roll: u32, draw: f64) -> Option<u64> {
    const REGULARS_FROM: u32 = WITHOUT_CUSTOMER_PER_MILLE;
    const OTHERS_FROM: u32 = REGULARS_FROM + BY_REGULARS_PER_MILLE;
    match roll {
        ..REGULARS_FROM => None,
        // The first of them the most often, the others ever less.
        REGULARS_FROM..OTHERS_FROM => Some((REGULARS as f64).powf(draw) as u64 - 1),
        OTHERS_FROM.. => Some(known - 1 - (draw.powi(3) * known as f64) as u64),
    }
}

/// What has become of an order by now.
fn status(age_days: i64, roll: u32) -> OrderStatus {
    use OrderStatus::{Cancelled, Confirmed, Delivered, Processing, Returned, Shipped};
    let shares: &[(u32, OrderStatus)] = match age_days {
        ..2 => &[(50, Confirmed), (30, Processing), (14, Shipped), (6, Cancelled)],
        2..7 => &[(15, Confirmed), (30, Processing), (45, Shipped), (5, Delivered), (5, Cancelled)],
        7..21 => &[(3, Processing), (22, Shipped), (70, Delivered), (4, Cancelled), (1, Returned)],
        21.. => &[(92, Delivered), (5, Cancelled), (3, Returned)],
    };
    let mut sum = 0;
    let drawn = shares.iter().find(|(share, _)| {
        sum += share;
        roll < sum
    });
    drawn.map_or(Delivered, |(_, status)| *status)
}

/// The version that an order has by then, and within how many days of its placing the last step was taken.
fn progress(status: OrderStatus) -> (i64, i64) {
    match status {
        OrderStatus::Pending => (1, 0),
        OrderStatus::Confirmed => (2, 1),
        OrderStatus::Processing => (3, 2),
        OrderStatus::Shipped => (4, 4),
        OrderStatus::Delivered => (5, 8),
        OrderStatus::Returned => (6, 30),
        OrderStatus::Cancelled => (3, 2),
        OrderStatus::Expired => (2, 0),
    }
}

fn later(at: Timestamp, milliseconds: i64) -> Timestamp {
    Timestamp::from_unix_milliseconds(at.unix_milliseconds().saturating_add(milliseconds)).unwrap_or(at)
}

/// A draw from the normal distribution (Box and Muller, 1958).
fn normal(rng: &mut StdRng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (TAU * rng.random::<f64>()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    fn plan(seed: u64, orders: u64) -> Plan {
        let product = |number: i64| Sold {
            id: ids::product_id(),
            name: Name::new(format!("Product {number}")).unwrap(),
            price_minor: 50 + number * 5,
        };
        Plan::new(seed, orders, "2026-11-22T17:12:52Z".parse().unwrap(), (0..100).map(product).collect(), 2)
    }

    #[test]
    fn the_same_seed_gives_the_same_orders_and_another_gives_others() {
        let of = |seed| -> Vec<Planned> {
            let plan = plan(seed, 500);
            (0..500).map(|place| plan.order(place)).collect()
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn orders_are_placed_one_after_the_other_over_two_years() {
        let plan = plan(7, 2_000);
        let orders: Vec<Planned> = (0..2_000).map(|place| plan.order(place)).collect();
        assert!(orders.is_sorted_by_key(|order| order.placed_at));
        assert!(orders.iter().all(|order| order.placed_at <= order.updated_at && order.updated_at <= plan.end));
        let days = plan.end.milliseconds_since(orders[0].placed_at) / DAY_MILLISECONDS;
        assert!((720..=731).contains(&days), "{days}");
    }

    #[test]
    fn totals_are_spread_as_in_the_real_file_and_some_products_sell_far_more_than_others() {
        let plan = plan(7, 20_000);
        let orders: Vec<Planned> = (0..20_000).map(|place| plan.order(place)).collect();
        let total = |order: &Planned| -> f64 {
            order.lines.iter().map(|line| plan.product(line).unwrap().price_minor * line.quantity).sum::<i64>() as f64
        };
        let logs: Vec<f64> = orders.iter().map(|order| total(order).ln()).collect();
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let deviation = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / logs.len() as f64).sqrt();
        assert!((1.1..1.4).contains(&deviation), "{deviation}");
        let share = |product: usize| {
            orders.iter().filter(|order| order.lines.iter().any(|line| line.product == product)).count()
        };
        assert!(share(0) > 5 * share(20), "{} and {}", share(0), share(20));
        assert!(orders.iter().all(|order| (1..=5).contains(&order.lines.len())));
        let without = orders.iter().filter(|order| order.customer.is_none()).count();
        assert!((2_300..3_100).contains(&without), "{without}");
    }

    #[test]
    fn customers_are_among_those_known_and_a_few_are_regular() {
        for known in [20, 21, 1_000_000] {
            for roll in 0..1_000 {
                for draw in [0.0, 0.5, 1.0_f64.next_down()] {
                    assert!(customer(known, roll, draw).is_none_or(|place| place < known), "{known} {roll} {draw}");
                }
            }
        }
        let plan = plan(7, 20_000);
        let of_the_first = (0..20_000).filter(|place| plan.order(*place).customer == Some(0)).count();
        assert!((150..400).contains(&of_the_first), "{of_the_first}");
    }

    #[test]
    fn no_order_needs_a_hold_that_ticks() {
        for age in [0, 3, 10, 500] {
            for roll in 0..100 {
                assert!(!matches!(status(age, roll), OrderStatus::Pending | OrderStatus::Expired));
            }
        }
    }
}
