//! What stock was: at a moment, and over a stretch of time. Both are read from the journal.

use serde::{Deserialize, Serialize};

use crate::ids::ReservationId;
use crate::order::OrderNumber;
use crate::product::ProductView;
use crate::stock::StockLevel;
use crate::text::Owner;
use crate::time::Timestamp;

/// A product with its stock as it was at `as_of`, and who held it. Its own facts are those of now.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProductThen {
    #[serde(flatten)]
    pub product: ProductView,
    /// Those who had held longest first; [`HOLDERS_MAX`] at most.
    pub held_by: Vec<Holder>,
}

/// How many holders are told of.
pub const HOLDERS_MAX: u16 = 200;

/// Who held units of a product.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holder {
    /// `None` for an order that was never reserved, but imported.
    pub reservation_id: Option<ReservationId>,
    pub owner: Option<Owner>,
    /// Its order, if it had one by then.
    pub order: Option<OrderNumber>,
    /// Units of the product, over all warehouses.
    pub quantity: i64,
    pub since: Timestamp,
}

/// How far back a history goes.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Default,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Stretch {
    Hour,
    #[default]
    Day,
    Month,
    /// Since the first unit came.
    All,
}

impl Stretch {
    /// How long it is; `None` where that depends on the product.
    pub const fn seconds(self) -> Option<i64> {
        match self {
            Self::Hour => Some(60 * 60),
            Self::Day => Some(24 * 60 * 60),
            Self::Month => Some(30 * 24 * 60 * 60),
            Self::All => None,
        }
    }
}

/// The level of a product's stock over all warehouses, at equal steps of time. The last is that of `to`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct StockHistory {
    pub from: Timestamp,
    pub to: Timestamp,
    pub levels: Vec<StockLevel>,
}

/// How many steps a history has.
pub const STEPS: i64 = 96;

/// What stock moved in one step: everything up to and with its end, after the end of the one before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// 0 is all that happened until the history begins.
    pub number: i64,
    pub on_hand_delta: i64,
    pub reserved_delta: i64,
}

impl StockHistory {
    /// Sums up the steps, which are in their order; one in which nothing moved may be left out.
    pub fn new(from: Timestamp, to: Timestamp, steps: &[Step]) -> Self {
        let mut steps = steps.iter().peekable();
        let mut level = StockLevel::default();
        let levels = (0..=STEPS).map(|number| {
            while let Some(step) = steps.next_if(|step| step.number <= number) {
                level.on_hand = level.on_hand.saturating_add(step.on_hand_delta);
                level.reserved = level.reserved.saturating_add(step.reserved_delta);
            }
            level
        });
        Self { from, to, levels: levels.collect() }
    }

    /// When a step ends.
    pub fn at(&self, number: i64) -> Timestamp {
        let (from, whole) = (self.from.unix_milliseconds(), self.to.milliseconds_since(self.from));
        Timestamp::from_unix_milliseconds(from + whole * number / STEPS).unwrap_or(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_stays_at_a_level_until_something_moves() {
        let from: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let steps = [(0, 10, 0), (3, 0, 4), (96, -4, -4)];
        let steps = steps.map(|(number, on_hand_delta, reserved_delta)| Step { number, on_hand_delta, reserved_delta });
        let history = StockHistory::new(from, from.plus_seconds(9_600), &steps);
        let level = |on_hand, reserved| StockLevel { on_hand, reserved };
        assert_eq!(history.levels.len(), 97);
        assert_eq!(history.levels[..3], [level(10, 0); 3]);
        assert_eq!(history.levels[3..96], [level(10, 4); 93]);
        assert_eq!(history.levels[96], level(6, 0));
        assert_eq!((history.at(0), history.at(3), history.at(96)), (from, from.plus_seconds(300), history.to));
    }
}
