//! One key, one effect, one answer.

use domain::actor::Actor;
use domain::ids::{ReservationId, UserId};
use domain::product::{ProductPatch, ProductView};
use domain::quantity::StockDelta;
use domain::reservation::ReservationView;
use domain::stock::StockReason;
use serde::Serialize;
use sqlx::PgPool;
use store::{Answered, Caller, Fingerprint, Request, Store, StoreError};

use crate::support::{
    answer, assert_sound, by_sku, change_to, code, count, hold, hold_of, keyed, level, new_product, product, receive,
    ttl,
};

fn other<T: Serialize>(key: &str) -> Request<T> {
    Request { fingerprint: Fingerprint([1; 32]), ..keyed(key) }
}

/// Sends it, sends it again, and sends something else under its key.
async fn thrice<T: Serialize>(key: &str, send: impl AsyncFn(Request<T>) -> Result<Answered, StoreError>) {
    let first = send(keyed(key)).await.unwrap();
    assert!(!first.replayed, "{key}");
    for _ in 0..2 {
        let again = send(keyed(key)).await.unwrap();
        assert!(again.replayed, "{key}");
        assert_eq!(again.rendered, first.rendered, "byte for byte: {key}");
    }
    assert_eq!(code(send(other(key)).await), "idempotency_mismatch", "{key}");
}

async fn receive_under(store: &Store, request: Request<ProductView>, units: i64) -> Result<Answered, StoreError> {
    let delta = StockDelta::new(units).unwrap();
    store.stock_adjust(request, &by_sku("MUG"), None, delta, StockReason::Received).await
}

#[sqlx::test(migrations = "../migrations")]
async fn a_request_that_is_repeated_has_one_effect_and_the_same_answer(pool: PgPool) {
    let store = Store::new(pool.clone());
    thrice("create", async |request| store.product_create(request, new_product("MUG")).await).await;
    thrice("receive", async |request| receive_under(&store, request, 10).await).await;
    let rename = ProductPatch::new(Some("Cup"), None, None, None).unwrap();
    thrice("rename", async |request| store.product_change(request, &by_sku("MUG"), rename.clone()).await).await;
    thrice("hold", async |request| store.reservation_hold(request, hold_of(&[("MUG", 6)])).await).await;
    let held: ReservationView = answer(store.reservation_hold(keyed("hold"), hold_of(&[("MUG", 6)])).await);
    let id: ReservationId = held.reservation.id;
    let change = async |request| store.reservation_change(request, id, change_to(&[("MUG", 4)])).await;
    thrice("change", change).await;
    thrice("extend", async |request| store.reservation_extend(request, id, ttl(900)).await).await;
    thrice("release", async |request| store.reservation_release(request, id).await).await;
    assert_eq!(level(&store, "MUG").await, (10, 0));
    assert_eq!(count(&pool, "select count(*) from journal").await, 7);
    assert_eq!(count(&pool, "select count(*) from idempotency_keys").await, 7);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_replay_outlives_what_it_was_about(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    let hold = async || store.reservation_hold(keyed("k"), hold_of(&[("MUG", 10)])).await.unwrap();
    let first = hold().await;
    let view: ReservationView = first.read().unwrap();
    store.reservation_release(keyed("r"), view.reservation.id).await.unwrap();
    crate::support::hold(&store, &[("MUG", 10)]).await;
    assert_eq!(hold().await.rendered, first.rendered, "though now it would be refused");
    assert_eq!(level(&store, "MUG").await, (10, 10));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_is_not_kept(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 1).await;
    let keys = "select count(*) from idempotency_keys where key = 'k'";
    for (units, lines) in [(1, [("MUG", 2)]), (2, [("MUG", 5)])] {
        let refused = store.reservation_hold(keyed("k"), hold_of(&lines)).await;
        assert_eq!(code(refused), "insufficient_stock");
        assert_eq!(count(&pool, keys).await, 0);
        receive(&store, "MUG", units).await;
    }
    let held = store.reservation_hold(other("k"), hold_of(&[("MUG", 4)])).await.unwrap();
    assert!(!held.replayed, "the key is free for another request, too");
    assert_eq!(code(store.product_create(keyed("c"), new_product("MUG")).await), "sku_taken");
    assert!(!store.product_create(keyed("c"), new_product("CUP")).await.unwrap().replayed);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_that_changed_nothing_is_not_kept(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    let id = hold(&store, &[("MUG", 1)]).await.reservation.id;
    store.reservation_change(keyed("same"), id, change_to(&[("MUG", 1)])).await.unwrap();
    store.reservation_extend(keyed("shorter"), id, ttl(1)).await.unwrap();
    store.product_change(keyed("none"), &by_sku("MUG"), ProductPatch::default()).await.unwrap();
    let keys = "select count(*) from idempotency_keys where key in ('same', 'shorter', 'none')";
    assert_eq!(count(&pool, keys).await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_its_callers_own(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    let user = |id: ReservationId| Actor::User(UserId::from_uuid(id.as_uuid()));
    let callers = [Actor::Local, user(store::ids::reservation_id()), user(store::ids::reservation_id())];
    for actor in callers {
        let caller = Caller { actor, request_id: None };
        let held = store.reservation_hold(Request { caller, ..keyed("k") }, hold_of(&[("MUG", 1)])).await;
        assert!(!held.unwrap().replayed);
    }
    assert_eq!(level(&store, "MUG").await, (10, 3));
    // Another request id is no other request: a repetition has one of its own.
    assert!(store.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await.unwrap().replayed);
}
