//! Figures about the whole, for the head of a page. They are read in the background and say how old
//! they are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::order::OrderStatus;
use crate::reservation::ReservationStatus;
use crate::stock::StockLevel;
use crate::time::Timestamp;
use crate::warehouse::WarehouseCode;

/// Counts of products, units, reservations and orders, as they were at `as_of`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stats {
    pub as_of: Timestamp,
    /// Products that are not archived.
    pub products: i64,
    pub on_hand: i64,
    pub reserved: i64,
    /// In warehouses that are active.
    pub available: i64,
    /// Products at or below their low-stock threshold.
    pub low_stock: i64,
    /// What lies in each warehouse that has ever had stock, by its code.
    pub warehouses: BTreeMap<WarehouseCode, StockLevel>,
    /// As they are stored: a hold that is overdue counts as held until it has been ended.
    pub reservations: BTreeMap<ReservationStatus, i64>,
    pub orders: BTreeMap<OrderStatus, i64>,
}
