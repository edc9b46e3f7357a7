//! The same request twice at the same moment: one effect, and the same answer to both.

use domain::product::{ProductPatch, ProductView};
use domain::quantity::StockDelta;
use domain::reservation::ReservationView;
use domain::stock::StockReason;
use serde::Serialize;
use sqlx::PgPool;
use store::{Answered, Fingerprint, Request, StoreError};

use crate::support::{
    answer, assert_sound, by_sku, change_to, code, count, hold, hold_of, keyed, level, new_product, product, receive,
    served, so_many_wait, told, ttl,
};

/// Sends it twice at once.
async fn twins<T: Serialize>(key: &str, send: impl AsyncFn(Request<T>) -> Result<Answered, StoreError>) {
    let (one, two) = tokio::join!(send(keyed(key)), send(keyed(key)));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.rendered, two.rendered, "{key}");
    assert!(one.replayed != two.replayed, "{key}: one of them had the effect");
}

#[sqlx::test(migrations = "../migrations")]
async fn twin_holds_hold_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 150).await;
    for round in 0..100 {
        twins(&format!("h{round}"), async |request| store.reservation_hold(request, hold_of(&[("MUG", 1)])).await)
            .await;
    }
    assert_eq!(level(&store, "MUG").await, (150, 100));
    assert_eq!(count(&pool, "select count(*) from reservations").await, 100);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn twins_for_the_last_unit_both_have_it(pool: PgPool) {
    let store = served(&pool).await;
    for round in 0..40 {
        let sku = format!("S{round}");
        product(&store, &sku, 1).await;
        twins(&sku, async |request| store.reservation_hold(request, hold_of(&[(sku.as_str(), 1)])).await).await;
    }
    assert_sound(&store).await;
    store.close().await;
}

/// The one that comes second waits behind the first for the lock of the stock, in a statement that began before
/// the first was done, and finds nothing left. Its key was sent before, so it was looked up; too early.
#[sqlx::test(migrations = "../migrations")]
async fn a_repetition_that_waited_while_the_first_was_done_is_answered_as_the_first(pool: PgPool) {
    let servers = [served(&pool).await, served(&pool).await];
    for round in 0..3 {
        let sku = format!("S{round}");
        product(&servers[0], &sku, 0).await;
        let send = |server: usize| servers[server].reservation_hold(keyed(&sku), hold_of(&[(sku.as_str(), 1)]));
        for server in [0, 1] {
            assert_eq!(code(send(server).await), "insufficient_stock");
        }
        receive(&servers[0], &sku, 1).await;
        let mut tx = pool.begin().await.unwrap();
        sqlx::query("select from stock for update").execute(&mut *tx).await.unwrap();
        let second = async {
            so_many_wait(&pool, 1).await;
            send(1).await
        };
        let release = async {
            so_many_wait(&pool, 2).await;
            tx.rollback().await.unwrap();
        };
        let (first, second, ()) = tokio::join!(send(0), second, release);
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first.rendered, second.rendered);
        assert!(first.replayed != second.replayed);
        assert_eq!(level(&servers[0], &sku).await, (1, 1));
    }
    for server in servers {
        server.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn twin_products_are_created_once(pool: PgPool) {
    let store = served(&pool).await;
    for round in 0..100 {
        let sku = format!("S{round}");
        twins(&sku, async |request| store.product_create(request, new_product(&sku)).await).await;
    }
    assert_eq!(count(&pool, "select count(*) from products").await, 100);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn twin_patches_change_a_product_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 0).await;
    for round in 0..100 {
        let patch = ProductPatch::new(Some(&format!("Name {round}")), None, None, None).unwrap();
        let key = format!("p{round}");
        twins(&key, async |request| store.product_change(request, &by_sku("MUG"), patch.clone()).await).await;
    }
    assert_eq!(store.product_fetch(&by_sku("MUG")).await.unwrap().version, 101);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn twin_deliveries_are_received_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 0).await;
    for round in 0..100 {
        let (product, delta, reason) = (by_sku("MUG"), StockDelta::new(2).unwrap(), StockReason::Received);
        let key = format!("r{round}");
        twins(&key, async |request| store.stock_adjust(request, &product, None, delta, reason).await).await;
    }
    assert_eq!(level(&store, "MUG").await, (200, 0));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn twins_of_what_is_done_to_a_hold_do_it_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 10).await;
    for round in 0..25 {
        let id = hold(&store, &[("MUG", 10)]).await.reservation.id;
        let key = |what: &str| format!("{what}{round}");
        let change = async |request| store.reservation_change(request, id, change_to(&[("MUG", 7)])).await;
        twins(&key("change"), change).await;
        twins(&key("extend"), async |request| store.reservation_extend(request, id, ttl(900)).await).await;
        twins(&key("release"), async |request| store.reservation_release(request, id).await).await;
    }
    assert_eq!(count(&pool, "select count(*) from journal where subject_kind = 'reservation'").await, 100);
    assert_eq!(level(&store, "MUG").await, (10, 0));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_requests_under_one_key_at_once_one_is_carried_out(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 100).await;
    product(&store, "CUP", 100).await;
    let under = |key: &str, mark: u8| Request::<ReservationView> { fingerprint: Fingerprint([mark; 32]), ..keyed(key) };
    for round in 0..50 {
        // On different products, so that no lock keeps them apart.
        let key = format!("k{round}");
        let (mug, cup) = tokio::join!(
            store.reservation_hold(under(&key, 1), hold_of(&[("MUG", 1)])),
            store.reservation_hold(under(&key, 2), hold_of(&[("CUP", 1)])),
        );
        let mut both = [told(mug), told(cup)];
        both.sort_unstable();
        assert_eq!(both, ["accepted", "idempotency_mismatch"]);
    }
    assert_eq!(level(&store, "MUG").await.1 + level(&store, "CUP").await.1, 50);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn two_products_at_once_for_one_sku_are_one_and_a_refusal(pool: PgPool) {
    let store = served(&pool).await;
    for round in 0..30 {
        let sku = format!("S{round}");
        let create = |key: &str| store.product_create(keyed(&format!("{key}{round}")), new_product(&sku));
        let (one, two) = tokio::join!(create("one"), create("two"));
        let (made, refused) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(answer::<ProductView>(made).sku.as_str(), sku);
        assert_eq!(code(refused), "sku_taken");
    }
    store.close().await;
}
