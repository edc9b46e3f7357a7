//! Counts of units.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How many units one line asks for: 1 to 1,000,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Quantity(i64);

/// A change of what is on hand: up to 10^12 units either way, never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct StockDelta(i64);

/// The number was outside what a line may ask for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 1,000,000")]
pub struct QuantityError;

/// The number was zero or beyond what one change may move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number other than 0, at most 1,000,000,000,000 either way")]
pub struct StockDeltaError;

impl Quantity {
    pub const MAX: i64 = 1_000_000;

    /// # Errors
    /// [`QuantityError`] outside 1 to [`Self::MAX`].
    pub const fn new(units: i64) -> Result<Self, QuantityError> {
        match units {
            1..=Self::MAX => Ok(Self(units)),
            _ => Err(QuantityError),
        }
    }

    /// Reads what was typed; thousands may be grouped.
    ///
    /// # Errors
    /// [`QuantityError`] where it is no number or outside the range.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        whole(text).ok_or(QuantityError).and_then(Self::new)
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

impl StockDelta {
    pub const MAX: i64 = 1_000_000_000_000;

    /// # Errors
    /// [`StockDeltaError`] for zero and beyond [`Self::MAX`] either way.
    pub const fn new(units: i64) -> Result<Self, StockDeltaError> {
        if units == 0 || units < -Self::MAX || units > Self::MAX { Err(StockDeltaError) } else { Ok(Self(units)) }
    }

    /// Reads what was typed; a sign is taken, thousands may be grouped.
    ///
    /// # Errors
    /// [`StockDeltaError`] where it is no number or outside the range.
    pub fn parse(text: &str) -> Result<Self, StockDeltaError> {
        whole(text).ok_or(StockDeltaError).and_then(Self::new)
    }

    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;

    fn try_from(units: i64) -> Result<Self, QuantityError> {
        Self::new(units)
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl TryFrom<i64> for StockDelta {
    type Error = StockDeltaError;

    fn try_from(units: i64) -> Result<Self, StockDeltaError> {
        Self::new(units)
    }
}

impl From<StockDelta> for i64 {
    fn from(delta: StockDelta) -> Self {
        delta.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

/// `1,234,567`: a whole number with its thousands grouped.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if number < 0 {
        text.push('-');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `+6`, `-1,200`, `0`: a change, with its sign.
pub fn signed(number: i64) -> String {
    if number > 0 { format!("+{}", grouped(number)) } else { grouped(number) }
}

/// A whole number as typed, its thousands grouped or not.
fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let bare: String = digits.chars().filter(|char| *char != ',').collect();
    if bare.is_empty() || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = bare.parse().ok()?;
    (digits == bare || digits == grouped(number)).then_some(sign * number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_one_to_a_million() {
        for text in ["1", "1000000", "1,000,000", " 6 "] {
            assert!(Quantity::parse(text).is_ok(), "{text:?}");
        }
        for text in ["0", "-1", "1000001", "9223372036854775808", "1e3", "1.0", "", "10,00", "six"] {
            assert_eq!(Quantity::parse(text), Err(QuantityError), "{text:?}");
        }
    }

    #[test]
    fn a_delta_has_a_sign_and_is_not_zero() {
        assert_eq!(StockDelta::parse("-1,200").map(StockDelta::get), Ok(-1_200));
        assert_eq!(StockDelta::parse("+6").map(StockDelta::get), Ok(6));
        assert_eq!(StockDelta::parse("0"), Err(StockDeltaError));
        assert_eq!(StockDelta::new(StockDelta::MAX + 1), Err(StockDeltaError));
        assert_eq!(StockDelta::new(i64::MIN), Err(StockDeltaError));
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(-1_234_567), "-1,234,567");
        assert_eq!(grouped(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!(signed(12), "+12");
    }
}
