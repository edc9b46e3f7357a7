//! Which lane a command goes to, without asking anybody.

use domain::decide::CommandKind;
use domain::ids::{OrderId, ProductId, ReservationId};
use uuid::Uuid;

/// Products that take turns as one: those whose ids end in the same 16 bits.
///
/// The ids of reservations and orders are made to end in the slot of the smallest product among their
/// lines. So a release or a confirmation, which names no product, finds the lane of its product on any
/// server, with no query before it and nothing to remember. A slot that is not the product's, because a
/// change replaced all lines or the row was made elsewhere, costs a wait for a row lock and nothing else:
/// what is right rests on the locks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Slot(u16);

impl Slot {
    pub(crate) fn of_product(id: ProductId) -> Self {
        Self::of(id.as_uuid())
    }

    /// That of the smallest of the products.
    pub(crate) fn of_products(ids: impl IntoIterator<Item = ProductId>) -> Self {
        ids.into_iter().min().map_or(Self(0), Self::of_product)
    }

    pub(crate) fn of_reservation(id: ReservationId) -> Self {
        Self::of(id.as_uuid())
    }

    pub(crate) fn of_order(id: OrderId) -> Self {
        Self::of(id.as_uuid())
    }

    pub(crate) fn of_command(command: &CommandKind) -> Self {
        match command {
            CommandKind::Hold { id, .. }
            | CommandKind::Change { id, .. }
            | CommandKind::Extend { id, .. }
            | CommandKind::Release { id }
            | CommandKind::Expire { id } => Self::of_reservation(*id),
            CommandKind::Place(placing) => Self::of_order(placing.id),
            CommandKind::Proceed(proceeding) => Self::of_order(proceeding.id),
            CommandKind::Adjust { product_id, .. } => Self::of_product(*product_id),
            CommandKind::Transfer(transfer) => Self::of_products(transfer.lines.iter().map(|line| line.product_id)),
        }
    }

    /// Which of so many lanes.
    pub(crate) fn lane(self, lanes: usize) -> usize {
        usize::from(self.0) % lanes.max(1)
    }

    /// The id, ending in this slot. Of the 74 bits of a version 7 that are not the time, 58 stay as they
    /// were made; its version and variant lie elsewhere.
    pub(crate) fn marked(self, id: Uuid) -> Uuid {
        let mut bytes = id.into_bytes();
        [bytes[14], bytes[15]] = self.0.to_be_bytes();
        Uuid::from_bytes(bytes)
    }

    fn of(id: Uuid) -> Self {
        let bytes = id.into_bytes();
        Self(u16::from_be_bytes([bytes[14], bytes[15]]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids;

    #[test]
    fn an_id_ends_in_the_slot_of_the_smallest_product() {
        let products = [ids::product_id(), ids::product_id(), ids::product_id()];
        let slot = Slot::of_products(products.into_iter().rev());
        assert_eq!(slot, Slot::of_product(products[0]), "ids made later are larger");
        let id = ids::reservation_id_in(slot);
        assert_eq!(Slot::of_reservation(id), slot);
        assert_eq!(Slot::of_order(ids::order_id_in(slot)), slot);
        assert_eq!(id.as_uuid().get_version_num(), 7);
        assert_eq!(id.as_uuid().get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn every_slot_has_a_lane() {
        for lanes in [1, 2, 3, 7] {
            let mut counts = vec![0; lanes];
            for slot in 0..=u16::MAX {
                counts[Slot(slot).lane(lanes)] += 1;
            }
            assert!(counts.iter().all(|count| *count >= 65_536 / lanes), "{counts:?}");
        }
    }
}
