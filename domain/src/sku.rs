//! Stock-keeping units: the code a shop calls a product by.

use std::fmt;

use serde::Deserialize;
use smol_str::SmolStr;

use crate::text::{self, TextError, text_conversions};

/// A SKU: 1 to 64 printable characters, case-sensitive (`85123A` and `85123a` are two products).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Sku(SmolStr);

impl Sku {
    pub const MAX_CHARS: usize = 64;

    /// # Errors
    /// [`TextError`] says what is wrong with the text. `.` and `..` are refused because clients resolve
    /// them in paths: nobody could ask for such a product.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text::checked(text.into(), Self::MAX_CHARS)?;
        if text.chars().any(text::is_invisible) {
            return Err(TextError::Invisible);
        }
        if matches!(text.as_str(), "." | "..") {
            return Err(TextError::PathSegment);
        }
        Ok(Self(text.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(Sku);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_stock_codes_are_skus() {
        for text in ["85123A", "85123a", "POST", "BANK CHARGES", "gift_0001_40", "15056BL", "a/b", "…"] {
            assert!(Sku::new(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn two_skus_that_look_alike_are_alike() {
        for text in ["85123A\u{200B}", "\u{202E}A321", "A\u{A0}B", "A\tB", "A ", "..", "A\u{7F}"] {
            assert!(Sku::new(text).is_err(), "{text:?}");
        }
        assert_eq!(Sku::new("x".repeat(10_000)), Err(TextError::TooLong { max: 64, actual: 10_000 }));
    }
}
