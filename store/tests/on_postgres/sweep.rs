//! Ending what is overdue.

use domain::actor::{Actor, SystemActor};
use domain::ids::ReservationId;
use domain::journal::{Action, EntryFilter, Subject};
use domain::reservation::ReservationStatus;
use sqlx::PgPool;
use store::Store;

use crate::support::{
    age, assert_sound, change_to, count, entries, hold, hold_of, level, product, request, served, told, try_hold, ttl,
};

const ENDS: &str = "select count(*) from (
        select distinct change_id from journal where action in ('reservation.expired', 'reservation.released')
    ) as ends";

#[sqlx::test(migrations = "../migrations")]
async fn what_is_due_is_ended_and_told_of(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    let due = hold(&store, &[("MUG", 3)]).await.reservation;
    let running = hold(&store, &[("MUG", 2)]).await.reservation;
    let before = store.reservation_expire_once(100).await.unwrap();
    assert_eq!((before.expired, before.next_deadline), (0, Some(due.expires_at)));
    age(&pool, due.id, 660).await;

    let swept = store.reservation_expire_once(100).await.unwrap();
    assert_eq!((swept.expired, swept.set_aside, swept.more), (1, 0, false));
    assert!((60_000..120_000).contains(&swept.lateness_milliseconds), "{}", swept.lateness_milliseconds);
    assert_eq!(swept.next_deadline, Some(running.expires_at));
    assert!(swept.now >= due.created_at);
    assert_eq!(level(&store, "MUG").await, (10, 2));
    let fetched = store.reservation_fetch(due.id).await.unwrap().reservation;
    assert_eq!((fetched.status, fetched.lines), (ReservationStatus::Expired, due.lines));

    let subject = Some(Subject::Reservation(due.id));
    let entry = entries(&store, EntryFilter { subject, ..EntryFilter::default() }).await.swap_remove(0);
    assert_eq!((entry.action, entry.actor), (Action::ReservationExpired, Actor::System(SystemActor::Expiry)));
    assert_eq!((entry.reserved_delta, entry.request_id), (-3, None));

    let again = store.reservation_expire_once(100).await.unwrap();
    assert_eq!((again.expired, again.lateness_milliseconds), (0, 0));
    assert_eq!(count(&pool, ENDS).await, 1);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn with_nothing_to_do_there_is_no_next_deadline(pool: PgPool) {
    let store = Store::new(pool.clone());
    let swept = store.reservation_expire_once(100).await.unwrap();
    assert_eq!((swept.expired, swept.next_deadline, swept.more), (0, None, false));
    product(&store, "MUG", 10).await;
    for _ in 0..5 {
        let id = hold(&store, &[("MUG", 1)]).await.reservation.id;
        age(&pool, id, 600).await;
    }
    let swept = store.reservation_expire_once(3).await.unwrap();
    assert_eq!((swept.expired, swept.more), (3, true));
    let swept = store.reservation_expire_once(3).await.unwrap();
    assert_eq!((swept.expired, swept.more), (2, false));
}

#[sqlx::test(migrations = "../migrations")]
async fn several_sweeps_at_once_end_each_hold_once(pool: PgPool) {
    let store = served(&pool).await;
    for sku in ["A", "B", "C"] {
        product(&store, sku, 1_000).await;
    }
    let baskets = [[("A", 1), ("B", 2)], [("C", 1), ("A", 2)], [("B", 1), ("C", 2)]];
    let holds = (0..300).map(|number| try_hold(&store, &baskets[number % 3]));
    assert!(futures::future::join_all(holds).await.into_iter().all(|held| told(held) == "accepted"));
    sqlx::query("update reservations set created_at = created_at - interval '1 hour', expires_at = expires_at - interval '1 hour'")
        .execute(&pool)
        .await
        .unwrap();
    let servers = [served(&pool).await, served(&pool).await, served(&pool).await, served(&pool).await];
    let sweeps = servers.iter().map(async |server| {
        let mut expired = 0;
        loop {
            let swept = server.reservation_expire_once(70).await.unwrap();
            assert_eq!(swept.set_aside, 0);
            expired += swept.expired;
            if swept.next_deadline.is_none() {
                return expired;
            }
        }
    });
    let expired: usize = futures::future::join_all(sweeps).await.into_iter().sum();
    assert_eq!(expired, 300);
    assert_eq!(count(&pool, ENDS).await, 300);
    for sku in ["A", "B", "C"] {
        assert_eq!(level(&store, sku).await, (1_000, 0));
    }
    assert_sound(&store).await;
    for server in servers.iter().chain([&store]) {
        server.close().await;
    }
}

/// The large numbers are measured by `holdfast bench expire`.
#[sqlx::test(migrations = "../migrations")]
async fn thousands_due_at_one_moment_are_back_while_others_go_on_buying(pool: PgPool) {
    const HOLDS: i64 = 3_000;
    let store = served(&pool).await;
    product(&store, "MUG", HOLDS).await;
    product(&store, "CUP", 100_000).await;
    // As many at once as a lane takes of one product.
    for _ in 0..3 {
        let holds = (0..HOLDS / 3).map(|_| try_hold(&store, &[("MUG", 1)]));
        assert!(futures::future::join_all(holds).await.into_iter().all(|held| told(held) == "accepted"));
    }
    let due = "update reservations
        set created_at = created_at - interval '1 hour', expires_at = clock_timestamp() - interval '1 second'";
    sqlx::query(due).execute(&pool).await.unwrap();
    let server = served(&pool).await;
    let sweep = async {
        let (mut expired, mut rounds) = (0, 0);
        loop {
            let swept = server.reservation_expire_once(500).await.unwrap();
            expired += swept.expired;
            rounds += 1;
            assert_eq!(swept.set_aside, 0);
            if !swept.more && swept.expired == 0 {
                return (expired, rounds);
            }
        }
    };
    let buying = async {
        let mut bought = 0;
        for _ in 0..20 {
            let crowd = (0..20).map(|_| try_hold(&store, &[("CUP", 1)]));
            assert!(futures::future::join_all(crowd).await.into_iter().all(|held| told(held) == "accepted"));
            bought += 20;
        }
        bought
    };
    let ((expired, rounds), bought) = tokio::join!(sweep, buying);
    assert_eq!((expired as i64, bought), (HOLDS, 400));
    assert!(rounds < 20, "{rounds} rounds for {HOLDS} holds");
    assert_eq!((level(&store, "MUG").await, level(&store, "CUP").await), ((HOLDS, 0), (100_000, 400)));
    assert_eq!(count(&pool, ENDS).await, HOLDS);
    assert_sound(&store).await;
    for store in [store, server] {
        store.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_overdue_hold_makes_room_though_nobody_has_swept(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    product(&store, "CUP", 10).await;
    let first = hold(&store, &[("MUG", 10)]).await.reservation.id;
    let elsewhere = hold(&store, &[("CUP", 10)]).await.reservation.id;
    for id in [first, elsewhere] {
        age(&pool, id, 600).await;
    }
    let second = hold(&store, &[("MUG", 4)]).await.reservation.id;
    let told: Vec<(Action, Actor, i64)> = entries(&store, EntryFilter::default())
        .await
        .into_iter()
        .take(2)
        .map(|entry| (entry.action, entry.actor, entry.reserved_delta))
        .collect();
    let expired = (Action::ReservationExpired, Actor::System(SystemActor::Expiry), -10);
    assert_eq!(told, [(Action::ReservationHeld, Actor::Local, 4), expired]);
    assert_eq!(level(&store, "CUP").await, (10, 10), "what is in nobody's way is left to the sweep");

    let change = change_to(&[("MUG", 4), ("CUP", 1)]);
    store.reservation_change(request(), second, change).await.unwrap();
    assert_eq!((level(&store, "MUG").await, level(&store, "CUP").await), ((10, 4), (10, 1)));
    assert_eq!(store.reservation_expire_once(100).await.unwrap().expired, 0);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn overdue_holds_make_room_for_a_crowd_at_once(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 10).await;
    for _ in 0..10 {
        let id = hold(&store, &[("MUG", 1)]).await.reservation.id;
        age(&pool, id, 600).await;
    }
    let sweeps = async {
        for _ in 0..5 {
            store.reservation_expire_once(3).await.unwrap();
        }
    };
    let buyers = futures::future::join_all((0..50).map(|_| try_hold(&store, &[("MUG", 1)])));
    let (bought, ()) = tokio::join!(buyers, sweeps);
    let bought: Vec<&str> = bought.into_iter().map(told).collect();
    assert_eq!(bought.iter().filter(|told| **told == "accepted").count(), 10);
    assert_eq!(bought.iter().filter(|told| **told == "insufficient_stock").count(), 40);
    assert_eq!(count(&pool, ENDS).await, 10);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn at_the_deadline_a_hold_ends_once_whoever_comes_first(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 40).await;
    let mut ids: Vec<ReservationId> = Vec::new();
    for number in 0..40 {
        let hold = domain::reservation::HoldRequest { ttl: ttl(1), ..hold_of(&[("MUG", 1)]) };
        let held = store.reservation_hold(request(), hold).await.unwrap();
        let view: domain::reservation::ReservationView = held.read().unwrap();
        ids.push(view.reservation.id);
        assert!(number < 40);
    }
    // The deadlines lie as far apart as the holds were made: for a while, releases race the sweep.
    let releases = ids.iter().enumerate().map(async |(number, id)| {
        tokio::time::sleep(std::time::Duration::from_millis(700 + 10 * number as u64)).await;
        told(store.reservation_release(request(), *id).await)
    });
    let sweeps = async {
        while store.reservation_expire_once(100).await.unwrap().next_deadline.is_some() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let (released, ()) = tokio::join!(futures::future::join_all(releases), sweeps);
    assert!(released.iter().all(|told| ["accepted", "not_held"].contains(told)), "{released:?}");
    assert_eq!(count(&pool, ENDS).await, 40);
    assert_eq!(level(&store, "MUG").await, (40, 0));
    assert_sound(&store).await;
    store.close().await;
}
