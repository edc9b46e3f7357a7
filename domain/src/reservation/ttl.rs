//! How long a reservation is held.

use serde::{Deserialize, Serialize};

use super::LIFE_SECONDS_MAX;

/// How long a reservation is held: 1 to 3,600 seconds, ten minutes if nothing was said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Ttl(i64);

/// The number of seconds was outside 1 to 3,600.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 3,600 seconds")]
pub struct TtlError;

/// The text was not a number of minutes up to an hour.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 60 minutes")]
pub struct MinutesError;

impl Ttl {
    /// # Errors
    /// [`TtlError`] outside 1 to [`LIFE_SECONDS_MAX`].
    pub const fn from_seconds(seconds: i64) -> Result<Self, TtlError> {
        match seconds {
            1..=LIFE_SECONDS_MAX => Ok(Self(seconds)),
            _ => Err(TtlError),
        }
    }

    /// Reads minutes as typed.
    ///
    /// # Errors
    /// [`MinutesError`] outside 1 to 60.
    pub fn parse_minutes(text: &str) -> Result<Self, MinutesError> {
        match text.trim().parse::<i64>() {
            Ok(minutes @ 1..=60) => Ok(Self(minutes * 60)),
            _ => Err(MinutesError),
        }
    }

    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl Default for Ttl {
    fn default() -> Self {
        Self(600)
    }
}

impl TryFrom<i64> for Ttl {
    type Error = TtlError;

    fn try_from(seconds: i64) -> Result<Self, TtlError> {
        Self::from_seconds(seconds)
    }
}

impl From<Ttl> for i64 {
    fn from(ttl: Ttl) -> Self {
        ttl.0
    }
}
