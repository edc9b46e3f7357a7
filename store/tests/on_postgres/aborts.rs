//! Callers who leave: what they began goes on to its end, and no transaction stays open behind them.

use std::time::Duration;

use sqlx::PgPool;
use store::Store;

use crate::support::{adjust, assert_sound, count, hold, hold_of, level, product, request, served, somebody_waits};

const AT_WORK: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' and state <> 'idle'";

/// Waits until what was begun has come to its end: no session has run anything, or had a transaction open,
/// for a while.
async fn settled(pool: &PgPool) {
    let mut quiet = 0;
    for _ in 0..400 {
        quiet = if count(pool, AT_WORK).await == 0 { quiet + 1 } else { 0 };
        if quiet == 10 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} sessions stay in a transaction", count(pool, AT_WORK).await);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thousand_callers_who_leave_in_the_middle_leave_nothing_open(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 100_000).await;
    let (callers, per_wave) = (1_000, 50);
    let mut left_early = 0;
    for _ in 0..callers / per_wave {
        let wave = (0..per_wave).map(async |number| {
            let store = store.clone();
            let caller = tokio::spawn(async move { call(&store, number).await });
            let patience = Duration::from_micros(rand::random_range(0..40_000));
            tokio::time::sleep(patience).await;
            caller.abort();
            caller.await.is_err_and(|error| error.is_cancelled())
        });
        left_early += futures::future::join_all(wave).await.into_iter().filter(|left| *left).count();
    }
    assert!(left_early > callers / 4, "only {left_early} left early: they were too patient to show anything");
    settled(&pool).await;
    let held = hold(&store, &[("MUG", 1)]).await;
    assert_eq!(held.reservation.units(), 1, "the pool still serves");
    let (_, reserved) = level(&store, "MUG").await;
    assert_eq!(count(&pool, "select count(*) from reservations where status = 'held'").await, reserved);
    assert_sound(&store).await;
    store.close().await;
}

async fn call(store: &Store, number: usize) {
    match number % 5 {
        0 => drop(adjust(store, "MUG", 1, domain::stock::StockReason::Received).await),
        1 => {
            if let Ok(held) = store.reservation_hold(request(), hold_of(&[("MUG", 1)])).await {
                let view: domain::reservation::ReservationView = held.read().unwrap();
                drop(store.reservation_release(request(), view.reservation.id).await);
            }
        }
        2 => {
            let sku = store::ids::product_id().to_string();
            drop(store.product_create(request(), crate::support::new_product(&sku)).await);
        }
        3 => drop(store.reservation_expire_once(10).await),
        _ => drop(store.reservation_hold(request(), hold_of(&[("MUG", 1)])).await),
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_caller_began_is_done_though_nobody_waits_for_it(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 10).await;
    let mut blocker = pool.begin().await.unwrap();
    sqlx::query("select from stock for update").execute(&mut *blocker).await.unwrap();
    let caller = tokio::spawn({
        let store = store.clone();
        async move { store.reservation_hold(request(), hold_of(&[("MUG", 3)])).await }
    });
    somebody_waits(&pool).await;
    caller.abort();
    assert!(caller.await.is_err());
    blocker.rollback().await.unwrap();
    settled(&pool).await;
    assert_eq!(level(&store, "MUG").await, (10, 3));
    assert_sound(&store).await;
    store.close().await;
}
