//! What a command names, before anything is read.

use std::collections::BTreeSet;

use domain::decide::{Command, CommandKind};
use domain::ids::{OrderId, ProductId, ReservationId};
use domain::order::Order;
use domain::reservation::Reservation;

use super::Item;

pub(super) fn reservation_of(command: &Command) -> Option<ReservationId> {
    match &command.kind {
        CommandKind::Change { id, .. }
        | CommandKind::Extend { id, .. }
        | CommandKind::Release { id }
        | CommandKind::Expire { id } => Some(*id),
        CommandKind::Place(placing) => crate::orders::reservation_of(&placing.source),
        CommandKind::Hold { .. } | CommandKind::Adjust { .. } | CommandKind::Transfer(_) | CommandKind::Proceed(_) => {
            None
        }
    }
}

pub(super) fn order_of(command: &Command) -> Option<OrderId> {
    match &command.kind {
        CommandKind::Proceed(proceeding) => Some(proceeding.id),
        CommandKind::Hold { .. }
        | CommandKind::Change { .. }
        | CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Adjust { .. }
        | CommandKind::Transfer(_)
        | CommandKind::Place(_) => None,
    }
}

/// The products among the new lines.
pub(super) fn products_of(command: &Command) -> Vec<ProductId> {
    match &command.kind {
        CommandKind::Hold { lines, .. } | CommandKind::Change { lines, .. } => {
            lines.iter().map(|line| line.product_id).collect()
        }
        CommandKind::Adjust { product_id, .. } => vec![*product_id],
        CommandKind::Transfer(transfer) => transfer.lines.iter().map(|line| line.product_id).collect(),
        CommandKind::Place(placing) => crate::orders::lines_of(&placing.source).map(|line| line.product_id).collect(),
        CommandKind::Extend { .. }
        | CommandKind::Release { .. }
        | CommandKind::Expire { .. }
        | CommandKind::Proceed(_) => Vec::new(),
    }
}

/// The products whose stock the batch may move: among the old lines and the new ones.
pub(super) fn touched(items: &[&Item], reservations: &[Reservation], orders: &[Order]) -> BTreeSet<ProductId> {
    let held = reservations.iter().flat_map(|reservation| reservation.lines.iter().map(|line| line.product_id));
    let ordered = orders.iter().flat_map(|order| order.lines.iter().map(|line| line.product_id));
    items.iter().flat_map(|item| products_of(&item.command)).chain(held).chain(ordered).collect()
}
