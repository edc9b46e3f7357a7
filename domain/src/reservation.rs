//! Reservations: units held for a while, and the machine that says what may become of them.

mod request;
mod ttl;

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) use request::take_lines;
pub use request::{ChangeRequest, HoldRequest, LineInput, LineRequest};
pub use ttl::{MinutesError, Ttl, TtlError};

use crate::allocation::{Allocation, Strategy};
use crate::ids::{OrderId, ProductId, ReservationId};
use crate::sku::Sku;
use crate::text::Owner;
use crate::time::Timestamp;

/// How many lines a reservation may have.
pub const LINES_MAX: usize = 1_000;
/// The longest that a reservation is held in all, however often it is extended: one hour.
pub const LIFE_SECONDS_MAX: i64 = 3_600;

/// What became of a reservation.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReservationStatus {
    /// Its units are reserved until the deadline.
    Held,
    /// It was paid for in time. What became of the units is its order's to tell.
    Confirmed,
    /// It was given back.
    Released,
    /// Its deadline passed.
    Expired,
}

/// What a transition does to the reserved units of a reservation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnitsEffect {
    /// They stay reserved.
    Keep,
    /// They go back on sale.
    GiveBack,
    /// They are taken again, if they are free.
    TakeAgain,
}

/// The reservation machine: what may follow what, and what that does to the units. The last two are the
/// late payer's.
pub const TRANSITIONS: [(ReservationStatus, ReservationStatus, UnitsEffect); 5] = [
    (ReservationStatus::Held, ReservationStatus::Confirmed, UnitsEffect::Keep),
    (ReservationStatus::Held, ReservationStatus::Released, UnitsEffect::GiveBack),
    (ReservationStatus::Held, ReservationStatus::Expired, UnitsEffect::GiveBack),
    (ReservationStatus::Expired, ReservationStatus::Confirmed, UnitsEffect::TakeAgain),
    (ReservationStatus::Expired, ReservationStatus::Held, UnitsEffect::TakeAgain),
];

impl ReservationStatus {
    /// What becoming `to` does to the units; `None` where the machine has no such step.
    pub fn transition(self, to: Self) -> Option<UnitsEffect> {
        TRANSITIONS.iter().find(|(from, into, _)| *from == self && *into == to).map(|(_, _, effect)| *effect)
    }

    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl fmt::Display for ReservationStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reservation with the units it holds, or held.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reservation {
    pub id: ReservationId,
    pub status: ReservationStatus,
    pub lines: Vec<ReservationLine>,
    pub owner: Option<Owner>,
    pub strategy: Strategy,
    pub order_id: Option<OrderId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// All units of one product in a reservation, and the warehouses they lie in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReservationLine {
    pub sku: Sku,
    pub product_id: ProductId,
    pub quantity: i64,
    pub allocations: Vec<Allocation>,
}

/// A reservation as it reads at `server_time`: once past its deadline it is expired, swept or not.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReservationView {
    #[serde(flatten)]
    pub reservation: Reservation,
    pub server_time: Timestamp,
}

impl Reservation {
    /// What it counts as at `now`.
    pub fn status_at(&self, now: Timestamp) -> ReservationStatus {
        match self.status {
            ReservationStatus::Held if self.expires_at <= now => ReservationStatus::Expired,
            status => status,
        }
    }

    /// Units over all lines.
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }

    pub fn view(mut self, now: Timestamp) -> ReservationView {
        self.status = self.status_at(now);
        ReservationView { reservation: self, server_time: now }
    }

    /// The deadline after an extension at `now`: now + ttl, never sooner than it was.
    ///
    /// # Errors
    /// The seconds that are still allowed, where the hold would live for more than an hour in all.
    pub fn extended(&self, ttl: Ttl, now: Timestamp) -> Result<Timestamp, LifeExceeded> {
        self.deadline(ttl, now).map(|deadline| deadline.max(self.expires_at))
    }

    /// The deadline now + ttl.
    ///
    /// # Errors
    /// As [`Self::extended`].
    pub fn deadline(&self, ttl: Ttl, now: Timestamp) -> Result<Timestamp, LifeExceeded> {
        let ceiling = self.created_at.plus_seconds(LIFE_SECONDS_MAX);
        let deadline = now.plus_seconds(ttl.seconds());
        if deadline > ceiling {
            let seconds_left = ceiling.milliseconds_since(now).max(0) / 1_000;
            return Err(LifeExceeded { seconds_left });
        }
        Ok(deadline)
    }
}

/// A hold lives for an hour in all; this one may be extended by `seconds_left` at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("may be at most {seconds_left} seconds now: a reservation is held for one hour in all")]
pub struct LifeExceeded {
    pub seconds_left: i64,
}

/// Which reservations a list shows, and in which order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct ReservationFilter {
    pub status: Option<ReservationStatus>,
    pub sku: Option<Sku>,
    pub owner: Option<Owner>,
    pub sort: ReservationSort,
}

/// The order of a list of reservations, by deadline.
#[derive(
    Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReservationSort {
    /// The next to end comes first.
    #[default]
    Soonest,
    /// The last to end comes first.
    Latest,
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    fn held(created_at: &str, expires_at: &str) -> Reservation {
        Reservation {
            id: "019a0000-0000-7000-8000-000000000001".parse().unwrap(),
            status: ReservationStatus::Held,
            lines: Vec::new(),
            owner: None,
            strategy: Strategy::default(),
            order_id: None,
            created_at: created_at.parse().unwrap(),
            expires_at: expires_at.parse().unwrap(),
        }
    }

    #[test]
    fn confirmed_and_released_are_final_and_expired_is_but_for_the_late_payer() {
        use ReservationStatus::{Confirmed, Expired, Held, Released};
        let mut steps = Vec::new();
        for from in ReservationStatus::VARIANTS {
            for to in ReservationStatus::VARIANTS {
                if from.transition(*to).is_some() {
                    steps.push((*from, *to));
                }
            }
        }
        let expected = [(Held, Confirmed), (Held, Released), (Held, Expired), (Expired, Held), (Expired, Confirmed)];
        assert_eq!(steps, expected);
    }

    #[test]
    fn a_hold_reads_as_expired_from_its_deadline_on() {
        let hold = held("2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z");
        let at = |text: &str| hold.status_at(text.parse().unwrap());
        assert_eq!(at("2026-01-01T00:09:59.999Z"), ReservationStatus::Held);
        assert_eq!(at("2026-01-01T00:10:00.000Z"), ReservationStatus::Expired);
    }

    #[test]
    fn extending_never_shortens_and_ends_after_an_hour() {
        let hold = held("2026-01-01T00:00:00Z", "2026-01-01T00:10:00Z");
        let now: Timestamp = "2026-01-01T00:05:00Z".parse().unwrap();
        let extended = |seconds| hold.extended(Ttl::from_seconds(seconds).unwrap(), now);
        assert_eq!(extended(60), Ok(hold.expires_at));
        assert_eq!(extended(600), Ok("2026-01-01T00:15:00Z".parse().unwrap()));
        assert_eq!(extended(3_300), Ok("2026-01-01T01:00:00Z".parse().unwrap()));
        assert_eq!(extended(3_301), Err(LifeExceeded { seconds_left: 3_300 }));
    }
}
