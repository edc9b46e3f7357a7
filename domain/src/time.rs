//! Moments, as the database's clock gives them and the API writes them.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A moment in UTC, in whole milliseconds: what is stored, sent and compared is one and the same value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(DateTime<Utc>);

/// The text was not a moment in the form of RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a time such as 2026-01-31T09:30:00Z")]
pub struct TimestampError;

impl Timestamp {
    /// Cuts off what is finer than a millisecond.
    pub fn new(at: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at))
    }

    /// Milliseconds since 1970; `None` outside the years that a calendar can name.
    pub fn from_unix_milliseconds(milliseconds: i64) -> Option<Self> {
        DateTime::from_timestamp_millis(milliseconds).map(Self)
    }

    pub fn unix_milliseconds(self) -> i64 {
        self.0.timestamp_millis()
    }

    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }

    /// The moment `seconds` later (earlier, where negative), held at the ends of the calendar.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let moved = TimeDelta::try_seconds(seconds).and_then(|by| self.0.checked_add_signed(by));
        Self(moved.unwrap_or(if seconds < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC }))
    }

    /// Milliseconds from `earlier` to this; negative where `earlier` is later.
    pub fn milliseconds_since(self, earlier: Timestamp) -> i64 {
        self.unix_milliseconds().saturating_sub(earlier.unix_milliseconds())
    }

    /// `2026-11-22 17:12:52`, for people; the zone is said beside it.
    pub fn to_calendar(self) -> String {
        self.0.format("%Y-%m-%d %H:%M:%S").to_string()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        DateTime::parse_from_rfc3339(text).map(|at| Self::new(at.to_utc())).map_err(|_| TimestampError)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_with_milliseconds_and_z() {
        let at: Timestamp = "2026-11-22T18:12:52.123987+01:00".parse().unwrap();
        assert_eq!(at.to_string(), "2026-11-22T17:12:52.123Z");
        assert_eq!(at.to_string().parse::<Timestamp>().unwrap(), at);
    }

    #[test]
    fn adding_beyond_the_calendar_stays_at_its_end() {
        let at: Timestamp = "2026-11-22T17:12:52Z".parse().unwrap();
        assert!(at.plus_seconds(i64::MAX) > at);
        assert!(at.plus_seconds(i64::MIN) < at);
    }
}
