//! Figures about the whole, for the head of a page. They are read in the background and say how old
//! they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::order::OrderStatus;
use crate::reservation::ReservationStatus;
use crate::time::Timestamp;

/// Counts of products, units, reservations and orders, as they were at `as_of`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stats {
    pub as_of: Timestamp,
    /// Products that are not archived.
    pub products: i64,
    pub on_hand: i64,
    pub reserved: i64,
    pub available: i64,
    /// Products at or below their low-stock threshold.
    pub low_stock: i64,
    /// Those that ended long ago may be left out of the count; what is held is complete.
    pub reservations: BTreeMap<ReservationStatus, i64>,
    pub orders: BTreeMap<OrderStatus, i64>,
}
