//! Money in whole minor units. No floats anywhere: every sum is checked.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::currency::Currency;
use crate::quantity::grouped;

/// An amount: `minor` units (pence, cents) of one currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    pub minor: i64,
    pub currency: Currency,
}

/// Why two amounts could not be summed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("amounts of {0} and {1} can't be summed")]
    MixedCurrency(Currency, Currency),
    #[error("the sum is too large")]
    Overflow,
}

/// Why a text was not an amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("is required")]
    Empty,
    #[error("must be an amount such as 12, 12.5 or 1,234.50")]
    NotAnAmount,
    #[error("may have at most {0} digits after the point")]
    TooFine(u32),
    #[error("is too large")]
    TooLarge,
}

impl Money {
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// # Errors
    /// [`MoneyError`] where the currencies differ or the sum leaves `i64`.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrency(self.currency, other.currency));
        }
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// # Errors
    /// [`MoneyError::Overflow`] where the product leaves `i64`.
    pub fn checked_mul(self, times: i64) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(times).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// Reads an amount in major units as people type it: `12`, `12.5`, `1,234.50`. Commas only where
    /// they group thousands, so that a decimal comma is refused and never read as something else.
    ///
    /// # Errors
    /// [`AmountError`] says what is wrong with the text.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AmountError::Empty);
        }
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if text.ends_with('.') || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::NotAnAmount);
        }
        let digits = currency.minor_digits();
        if fraction.len() > digits as usize {
            return Err(AmountError::TooFine(digits));
        }
        let padded = format!("{}{fraction:0<width$}", ungrouped(whole)?, width = digits as usize);
        padded.parse().map(|minor| Self { minor, currency }).map_err(|_| AmountError::TooLarge)
    }

    /// The amount in major units without separators or currency: `1234.50`, as an input field takes it.
    pub fn to_major(self) -> String {
        self.major_with(|whole| whole.to_string())
    }

    fn major_with(self, whole: impl Fn(u64) -> String) -> String {
        let digits = self.currency.minor_digits();
        let one = 10_u64.pow(digits);
        let (major, minor) = (self.minor.unsigned_abs() / one, self.minor.unsigned_abs() % one);
        let sign = if self.minor < 0 { "-" } else { "" };
        match digits {
            0 => format!("{sign}{}", whole(major)),
            _ => format!("{sign}{}.{minor:0width$}", whole(major), width = digits as usize),
        }
    }
}

/// `1,234.50 GBP`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.major_with(|whole| grouped(i64::try_from(whole).unwrap_or(i64::MAX)));
        write!(f, "{amount} {}", self.currency)
    }
}

/// The digits of a whole number whose commas, if any, stand where thousands are grouped.
fn ungrouped(whole: &str) -> Result<String, AmountError> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let numeric = |group: &str| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit());
    let fits = numeric(first) && rest.iter().all(|group| group.len() == 3 && numeric(group));
    if !fits || (!rest.is_empty() && first.len() > 3) {
        return Err(AmountError::NotAnAmount);
    }
    Ok(format!("{first}{}", rest.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_type_them() {
        let cases = [("12", 1_200), ("12.5", 1_250), ("1,234.50", 123_450), (" 0.01 ", 1), ("1,000,000", 100_000_000)];
        for (text, minor) in cases {
            assert_eq!(Money::parse_major(text, Currency::GBP), Ok(Money::new(minor, Currency::GBP)), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_an_amount_is_refused_with_the_reason() {
        let cases = [
            ("", AmountError::Empty),
            ("12,50", AmountError::NotAnAmount),
            ("1234,567", AmountError::NotAnAmount),
            ("-1", AmountError::NotAnAmount),
            ("1e3", AmountError::NotAnAmount),
            (".", AmountError::NotAnAmount),
            ("5.", AmountError::NotAnAmount),
            ("1.2.3", AmountError::NotAnAmount),
            ("1.234", AmountError::TooFine(2)),
            ("99999999999999999999", AmountError::TooLarge),
        ];
        for (text, error) in cases {
            assert_eq!(Money::parse_major(text, Currency::GBP), Err(error), "{text:?}");
        }
    }

    #[test]
    fn amounts_are_written_with_thousands_and_the_digits_of_their_currency() {
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(Money::new(123_456_789, Currency::GBP).to_string(), "1,234,567.89 GBP");
        assert_eq!(Money::new(-5, Currency::GBP).to_string(), "-0.05 GBP");
        assert_eq!(Money::new(1_500, yen).to_string(), "1,500 JPY");
        assert_eq!(Money::new(i64::MIN, Currency::GBP).to_string(), "-92,233,720,368,547,758.08 GBP");
    }

    #[test]
    fn sums_are_checked() {
        let pound = Money::new(100, Currency::GBP);
        assert_eq!(pound.checked_mul(i64::MAX), Err(MoneyError::Overflow));
        assert_eq!(Money::new(i64::MAX, Currency::GBP).checked_add(pound), Err(MoneyError::Overflow));
        assert!(matches!(pound.checked_add(Money::new(1, Currency::EUR)), Err(MoneyError::MixedCurrency(..))));
    }
}
