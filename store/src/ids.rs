//! Where ids are made: UUIDs of version 7, so that rows made together lie together in their indexes.

use domain::idempotency::IdempotencyKey;
use domain::ids::{ChangeId, CustomerId, KeyId, OrderId, ProductId, RequestId, ReservationId, UserId, WarehouseId};
use uuid::Uuid;

use crate::lane::Slot;

pub fn product_id() -> ProductId {
    ProductId::from_uuid(fresh())
}

pub fn warehouse_id() -> WarehouseId {
    WarehouseId::from_uuid(fresh())
}

pub fn reservation_id() -> ReservationId {
    ReservationId::from_uuid(fresh())
}

pub fn order_id() -> OrderId {
    OrderId::from_uuid(fresh())
}

pub fn customer_id() -> CustomerId {
    CustomerId::from_uuid(fresh())
}

pub fn user_id() -> UserId {
    UserId::from_uuid(fresh())
}

pub fn key_id() -> KeyId {
    KeyId::from_uuid(fresh())
}

pub fn change_id() -> ChangeId {
    ChangeId::from_uuid(fresh())
}

pub fn request_id() -> RequestId {
    RequestId::from_uuid(fresh())
}

/// An id that tells the lane of what is done to the reservation later.
pub(crate) fn reservation_id_in(slot: Slot) -> ReservationId {
    ReservationId::from_uuid(slot.marked(fresh()))
}

/// As [`reservation_id_in`], of an order.
pub(crate) fn order_id_in(slot: Slot) -> OrderId {
    OrderId::from_uuid(slot.marked(fresh()))
}

/// A key for a form that is about to be shown.
pub fn idempotency_key() -> IdempotencyKey {
    key(random())
}

/// A key for a request whose caller gave none. Nobody is told of it, so it may tell the time: keys made
/// together then lie together in their index.
pub(crate) fn own_key() -> IdempotencyKey {
    key(fresh())
}

fn key(uuid: Uuid) -> IdempotencyKey {
    #[expect(clippy::expect_used, reason = "36 printable ASCII characters are a key")]
    IdempotencyKey::new(uuid.to_string()).expect("a UUID is a key")
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
fn fresh() -> Uuid {
    Uuid::now_v7()
}

/// Not guessable from the time, unlike an id.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
fn random() -> Uuid {
    Uuid::new_v4()
}
