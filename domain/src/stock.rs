//! What is on hand, what is reserved, and what may happen to them.

use serde::{Deserialize, Serialize};

use crate::ids::ProductId;
use crate::warehouse::WarehouseCode;

/// Which stock: one product in one warehouse. Its order is the order in which locks are taken.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StockKey {
    pub product_id: ProductId,
    pub warehouse: WarehouseCode,
}

/// Units of one product in one warehouse: `0 <= reserved <= on_hand`, always.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct StockLevel {
    pub on_hand: i64,
    pub reserved: i64,
}

/// A level, and how many times it has changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StockRow {
    pub level: StockLevel,
    /// Rises by one with each journal entry of this row.
    pub version: i64,
}

/// What one change does to a level.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct LevelDelta {
    pub on_hand: i64,
    pub reserved: i64,
}

/// Why a delta can't be applied: the level would leave its bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LevelError {
    #[error("more would be reserved than is on hand")]
    Oversold,
    #[error("less than nothing would be reserved")]
    NegativeReserved,
    #[error("the count would be too large")]
    Overflow,
}

impl StockLevel {
    /// Units that can still be reserved.
    pub const fn available(self) -> i64 {
        self.on_hand.saturating_sub(self.reserved)
    }

    /// The level that the delta was applied to, to come to this.
    #[must_use]
    pub const fn before(self, delta: LevelDelta) -> Self {
        Self {
            on_hand: self.on_hand.saturating_sub(delta.on_hand),
            reserved: self.reserved.saturating_sub(delta.reserved),
        }
    }

    /// # Errors
    /// [`LevelError`] where the result would not keep `0 <= reserved <= on_hand`.
    pub fn checked_apply(self, delta: LevelDelta) -> Result<Self, LevelError> {
        let on_hand = self.on_hand.checked_add(delta.on_hand).ok_or(LevelError::Overflow)?;
        let reserved = self.reserved.checked_add(delta.reserved).ok_or(LevelError::Overflow)?;
        if reserved < 0 {
            return Err(LevelError::NegativeReserved);
        }
        if reserved > on_hand {
            return Err(LevelError::Oversold);
        }
        Ok(Self { on_hand, reserved })
    }
}

/// Why an operator changes what is on hand.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum StockReason {
    /// Goods came in; the delta is above 0.
    Received,
    /// A count found more or less than was on record.
    Adjusted,
    /// Goods are lost or broken; the delta is below 0.
    WrittenOff,
}

impl StockReason {
    /// Whether a delta of this sign goes with the reason.
    pub const fn fits(self, delta: i64) -> bool {
        match self {
            Self::Received => delta > 0,
            Self::Adjusted => true,
            Self::WrittenOff => delta < 0,
        }
    }

    /// What a delta must be for this reason.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Received => "must be above 0 for stock that was received",
            Self::Adjusted => "must not be 0",
            Self::WrittenOff => "must be below 0 for stock that is written off",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Received => "Received",
            Self::Adjusted => "Adjusted",
            Self::WrittenOff => "Written off",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_keeps_its_bounds() {
        let level = StockLevel { on_hand: 10, reserved: 4 };
        let apply = |on_hand, reserved| level.checked_apply(LevelDelta { on_hand, reserved });
        assert_eq!(apply(0, 6).map(StockLevel::available), Ok(0));
        assert_eq!(apply(0, 7), Err(LevelError::Oversold));
        assert_eq!(apply(-7, 0), Err(LevelError::Oversold));
        assert_eq!(apply(0, -5), Err(LevelError::NegativeReserved));
        assert_eq!(apply(i64::MAX, 0), Err(LevelError::Overflow));
        assert_eq!(apply(-4, -4).map(StockLevel::available), Ok(6));
    }
}
