//! Where ids are made: UUIDs of version 7, so that rows made together lie together in their indexes.

use domain::idempotency::IdempotencyKey;
use domain::ids::{ChangeId, CustomerId, KeyId, OrderId, ProductId, RequestId, ReservationId, UserId};
use uuid::Uuid;

pub fn product_id() -> ProductId {
    ProductId::from_uuid(fresh())
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

/// A key for a request whose caller gave none, and for a form that is about to be shown.
pub fn idempotency_key() -> IdempotencyKey {
    #[expect(clippy::expect_used, reason = "36 printable ASCII characters are a key")]
    IdempotencyKey::new(random().to_string()).expect("a UUID is a key")
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
