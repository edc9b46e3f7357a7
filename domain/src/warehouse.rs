//! Where stock lies.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{self, Name, TextError, text_conversions};

/// A warehouse's code: 1 to 16 printable characters. It never changes and names the warehouse
/// everywhere, in the database too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WarehouseCode(String);

impl WarehouseCode {
    pub const MAX_CHARS: usize = 16;
    /// The warehouse that is there from the beginning.
    pub const MAIN: &'static str = "MAIN";

    /// # Errors
    /// [`TextError`] says what is wrong with the text.
    pub fn new(text: impl Into<String>) -> Result<Self, TextError> {
        let text = text::checked(text.into(), Self::MAX_CHARS)?;
        if text.chars().any(text::is_invisible) {
            return Err(TextError::Invisible);
        }
        Ok(Self(text))
    }

    /// The warehouse that is meant where none is named.
    pub fn main() -> Self {
        Self(Self::MAIN.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_conversions!(WarehouseCode);

/// A place that holds stock. `priority` 1 is drawn on first.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Warehouse {
    pub code: WarehouseCode,
    pub name: Name,
    pub priority: i32,
    pub active: bool,
}
