//! Many at once: exactly as much is sold as there is, and nobody is told of a deadlock.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::problem::Problem;
use domain::reservation::ReservationView;
use rand::seq::SliceRandom as _;
use sqlx::PgPool;
use store::{Connections, Store, StoreError};

use crate::support::{
    answer, assert_sound, change_to, count, hold_of, level, product, request, served, somebody_waits, told, try_hold,
};

const BUYERS: usize = 50;
const UNITS: i64 = 10;

/// Sends all buyers at once, and counts those who were told that they have it.
async fn rush(buy: impl AsyncFn() -> bool) -> i64 {
    let bought = futures::future::join_all((0..BUYERS).map(|_| buy())).await;
    bought.into_iter().map(i64::from).sum()
}

#[sqlx::test(migrations = "../migrations")]
async fn of_ten_units_fifty_buyers_get_exactly_ten(pool: PgPool) {
    let store = served(&pool).await;
    for round in 0..5 {
        let sku = format!("TICKET-{round}");
        product(&store, &sku, UNITS).await;
        let sold = rush(async || match told(try_hold(&store, &[(&sku, 1)]).await) {
            "accepted" => true,
            refused => {
                assert_eq!(refused, "insufficient_stock");
                false
            }
        });
        assert_eq!(sold.await, UNITS);
        assert_eq!(level(&store, &sku).await, (UNITS, UNITS));
    }
    assert_sound(&store).await;
    store.close().await;
}

/// The negative control: the same rush on a counter that is read and then written, with no lock and no
/// CHECK, must sell more than there is. If it does not, the rush proves nothing.
#[sqlx::test(migrations = "../migrations")]
async fn a_hold_that_waited_for_the_stock_goes_by_what_and_when_it_is_then(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    for (wanted, left) in [(5, 4), (4, 4)] {
        let mut tx = pool.begin().await.unwrap();
        let taken = "update stock set on_hand = $1, version = version + 1";
        sqlx::query(taken).bind(left).execute(&mut *tx).await.unwrap();
        let line = [("MUG", wanted)];
        let (held, then) = tokio::join!(try_hold(&store, &line), async {
            somebody_waits(&pool).await;
            tokio::time::sleep(Duration::from_millis(50)).await;
            let then: DateTime<Utc> = sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut *tx).await.unwrap();
            tx.commit().await.unwrap();
            then
        });
        match held {
            Ok(held) => {
                let held: ReservationView = answer(Ok(held));
                assert!(wanted <= left && held.reservation.created_at.as_datetime() >= then - Duration::from_millis(1));
            }
            Err(StoreError::Refused(Problem::InsufficientStock { shortages })) => {
                assert_eq!((shortages[0].available, wanted), (left, 5));
            }
            Err(error) => panic!("{}", error.in_full()),
        }
    }
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn without_locks_the_same_rush_oversells(pool: PgPool) {
    sqlx::query("create table naive as select 10::bigint as on_hand, 0::bigint as reserved")
        .execute(&pool)
        .await
        .unwrap();
    let crowd = sqlx::postgres::PgPoolOptions::new().max_connections(20);
    let crowd = crowd.connect_with((*pool.connect_options()).clone()).await.unwrap();
    let sold = rush(async || {
        let mut tx = crowd.begin().await.unwrap();
        let reserved = sqlx::query_scalar::<_, i64>("select reserved from naive").fetch_one(&mut *tx).await.unwrap();
        if reserved >= UNITS {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        let taken = sqlx::query("update naive set reserved = $1").bind(reserved + 1);
        taken.execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        true
    });
    let sold = sold.await;
    crowd.close().await;
    assert!(sold > UNITS, "only {sold} were sold: the rush is too slow to see overselling");
}

#[sqlx::test(migrations = "../migrations")]
async fn crossed_baskets_with_changes_and_releases_never_deadlock(pool: PgPool) {
    let store = Connections::new((*pool.connect_options()).clone());
    let store = Connections { connections_max: 20, acquire_timeout: Duration::from_secs(30), ..store };
    let store = store.open().await.unwrap();
    let skus: Vec<String> = (0..12).map(|number| format!("S{number:02}")).collect();
    for sku in &skus {
        product(&store, sku, 60).await;
    }
    let shoppers = (0..500).map(async |number| shop(&store, &skus, number).await);
    let outcomes: Vec<&str> = futures::future::join_all(shoppers).await.into_iter().flatten().collect();
    let known = ["accepted", "insufficient_stock", "not_held"];
    assert!(outcomes.iter().all(|outcome| known.contains(outcome)), "{outcomes:?}");
    assert!(outcomes.contains(&"insufficient_stock"), "there was too much for everybody");
    assert_sound(&store).await;
    store.close().await;
    // A session reports its figures when it ends.
    let figures = "select deadlocks from pg_stat_database where datname = current_database()";
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(count(&pool, figures).await, 0, "a deadlock was met, though nobody was told");
    }
}

/// Holds five products in any order; then changes or releases what it has, or leaves it, some in a race
/// with themselves.
async fn shop(store: &Store, skus: &[String], number: usize) -> Vec<&'static str> {
    let basket = || {
        let mut skus: Vec<&str> = skus.iter().map(String::as_str).collect();
        skus.shuffle(&mut rand::rng());
        skus.into_iter().take(5).map(|sku| (sku, rand::random_range(1..4))).collect::<Vec<_>>()
    };
    let held = store.reservation_hold(request(), hold_of(&basket())).await;
    let Ok(held) = held else { return vec![told(held)] };
    let view: ReservationView = held.read().unwrap();
    let id = view.reservation.id;
    let change = async || told(store.reservation_change(request(), id, change_to(&basket())).await);
    let release = async || told(store.reservation_release(request(), id).await);
    match number % 4 {
        0 => vec![change().await, release().await],
        1 => vec![release().await],
        2 => {
            let (one, two, end) = tokio::join!(change(), change(), release());
            vec![one, two, end]
        }
        _ => {
            let (sweep, one) = tokio::join!(store.reservation_expire_once(10), change());
            sweep.unwrap();
            vec![one]
        }
    }
}
