//! Holds that a lane decides on what it remembers: written by one statement, and only where all of it is still so.

use std::time::Duration;

use domain::problem::Problem;
use domain::reservation::ReservationView;
use futures::future::join_all;
use sqlx::{PgPool, Postgres, Transaction};
use store::{Answered, Connections, Store, StoreError};
use tokio::task::JoinHandle;

use crate::cut::Cutter;
use crate::products;
use crate::support::{
    age, answer, assert_sound, code, count, hold, hold_of, keyed, level, product, receive, request, somebody_waits,
    try_hold,
};
use crate::warehouses::{change, level_in, make, receive_in};

async fn one_lane(pool: &PgPool) -> Store {
    lane(Connections::new((*pool.connect_options()).clone())).await
}

async fn lane(connections: Connections) -> Store {
    Connections { lanes: 1, ..connections }.open().await.unwrap()
}

/// Whether the last that a lane said to the database was the statement that writes, and no commit after it. Of statements
/// Postgres shows the beginning.
async fn said_no_more_than_it_wrote(pool: &PgPool) -> bool {
    let lanes = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'holdfast' and state = 'idle'
            and query like '%what is remembered%'";
    count(pool, lanes).await > 0
}

/// Whether the last that a lane said to the database was the question that comes before a refusal, and no end of a
/// transaction after it.
async fn said_no_more_than_it_asked(pool: &PgPool) -> bool {
    let lanes = "select count(*) from pg_stat_activity
        where datname = current_database() and application_name = 'holdfast' and state = 'idle'
            and query like '%in the way of refusals%'";
    count(pool, lanes).await > 0
}

/// A store that remembers the product, of which three units are held.
async fn who_remembers(pool: &PgPool, sku: &str) -> Store {
    let store = one_lane(pool).await;
    for _ in 0..3 {
        hold(&store, &[(sku, 1)]).await;
    }
    assert!(said_no_more_than_it_wrote(pool).await, "the third hold took the long way");
    store
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_of_what_is_remembered_is_one_statement(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 10).await;
    let mut held: Vec<ReservationView> = Vec::new();
    for _ in 0..5 {
        held.push(hold(&store, &[("MUG", 1)]).await);
    }
    assert!(said_no_more_than_it_wrote(&pool).await);
    assert_eq!(level(&store, "MUG").await, (10, 5));
    for one in held {
        let stored = store.reservation_fetch(one.reservation.id).await.unwrap().reservation;
        assert_eq!(stored, one.reservation);
    }
    let by_the_clock = "select count(*) from reservations
        where created_at between clock_timestamp() - interval '1 minute' and clock_timestamp()";
    assert_eq!(count(&pool, by_the_clock).await, 5);
    assert_eq!(code(try_hold(&store, &[("MUG", 6)]).await), "insufficient_stock");
    assert!(said_no_more_than_it_asked(&pool).await);
    hold(&store, &[("MUG", 5)]).await;
    assert!(said_no_more_than_it_wrote(&pool).await);
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    assert!(said_no_more_than_it_asked(&pool).await);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_crowd_on_what_is_remembered_gets_what_is_there(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 200).await;
    product(&store, "CUP", 200).await;
    store.close().await;
    let store = who_remembers(&pool, "MUG").await;
    hold(&store, &[("CUP", 1)]).await;
    let baskets = [&[("MUG", 1)][..], &[("MUG", 1), ("CUP", 1)]];
    let crowd = async |buyers: usize| {
        let holds = (0..buyers).map(|number| try_hold(&store, baskets[number % 2]));
        join_all(holds).await.into_iter().filter(Result::is_ok).count()
    };
    // The first ends a transaction that finding out about CUP has begun.
    assert_eq!(crowd(20).await, 20);
    assert_eq!(crowd(100).await, 100);
    assert!(said_no_more_than_it_wrote(&pool).await, "a crowd took the long way");
    assert_eq!(crowd(200).await, 200 - 3 - 120);
    assert_eq!(level(&store, "MUG").await, (200, 200));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_another_server_did_counts_at_once(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 10).await;
    let store = who_remembers(&pool, "MUG").await;
    hold(&other, &[("MUG", 5)]).await;
    assert_eq!(code(try_hold(&store, &[("MUG", 3)]).await), "insufficient_stock");
    hold(&store, &[("MUG", 2)]).await;
    receive(&other, "MUG", 1).await;
    hold(&store, &[("MUG", 1)]).await;

    receive(&other, "MUG", 100).await;
    for _ in 0..20 {
        let crowd = [&store, &other].map(|server| try_hold(server, &[("MUG", 3)]));
        join_all(crowd).await;
    }
    assert_eq!(level(&store, "MUG").await, (111, 11 + 99));
    assert_sound(&store).await;
    store.close().await;
    other.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_others_write_too_is_read_until_it_is_found_as_it_was_left(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 100).await;
    let store = who_remembers(&pool, "MUG").await;
    receive(&other, "MUG", 1).await;
    other.close().await;
    // One finds that something has changed, and reads; the next reads at once, and finds all as it was left; the third is
    // written from memory, in the transaction that the second has begun.
    for alone in [false, false, false, true] {
        hold(&store, &[("MUG", 1)]).await;
        assert_eq!(said_no_more_than_it_wrote(&pool).await, alone);
    }
    assert_eq!(level(&store, "MUG").await, (101, 7));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_archived_product_is_not_sold_from_memory(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 10).await;
    let store = who_remembers(&pool, "MUG").await;
    products::change(&other, "MUG", products::archive(true)).await;
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "product_archived");
    products::change(&other, "MUG", products::archive(false)).await;
    hold(&store, &[("MUG", 1)]).await;
    // By somebody with a console, who does not count versions.
    sqlx::query("update products set archived = true").execute(&pool).await.unwrap();
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "product_archived");
    assert_sound(&store).await;
    store.close().await;
    other.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn warehouses_are_chosen_as_they_are_now(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 10).await;
    make(&other, "BER", 2).await;
    receive_in(&other, "MUG", "BER", 10).await.unwrap();
    let store = who_remembers(&pool, "MUG").await;
    assert_eq!(level_in(&store, "MUG", "MAIN").await, (10, 3));

    change(&other, "BER", Some(1), None).await.unwrap();
    change(&other, "MAIN", Some(2), None).await.unwrap();
    hold(&store, &[("MUG", 1)]).await;
    assert_eq!(level_in(&store, "MUG", "BER").await, (10, 1), "it comes first now");

    change(&other, "BER", None, Some(false)).await.unwrap();
    hold(&store, &[("MUG", 1)]).await;
    assert_eq!(level_in(&store, "MUG", "MAIN").await, (10, 4));
    assert_eq!(code(try_hold(&store, &[("MUG", 7)]).await), "insufficient_stock");

    // A stock row that was not there when the product was read.
    make(&other, "ROM", 1).await;
    hold(&store, &[("MUG", 1)]).await;
    hold(&store, &[("MUG", 1)]).await;
    receive_in(&other, "MUG", "ROM", 10).await.unwrap();
    hold(&store, &[("MUG", 1)]).await;
    assert_eq!(level_in(&store, "MUG", "ROM").await, (10, 1));
    assert_sound(&store).await;
    store.close().await;
    other.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_crowd_that_finds_nothing_left_writes_nothing(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 3).await;
    product(&store, "CUP", 30).await;
    store.close().await;
    let store = who_remembers(&pool, "MUG").await;
    let all_rows = "select (select count(*) from reservations) + (select count(*) from journal)
        + (select count(*) from idempotency_keys) + (select sum(version)::bigint from stock)";
    let before = count(&pool, all_rows).await;
    let refused = join_all((0..100).map(|_| try_hold(&store, &[("MUG", 1)]))).await;
    for answer in refused {
        let problem = answer.unwrap_err().problem();
        let Problem::InsufficientStock { shortages } = problem else { panic!("{problem:?}") };
        assert_eq!((shortages[0].requested, shortages[0].available), (1, 0));
    }
    assert!(said_no_more_than_it_asked(&pool).await);
    assert_eq!(count(&pool, all_rows).await, before);

    // Some of a crowd are refused and others not.
    hold(&store, &[("CUP", 1)]).await;
    let mixed = (0..20).map(|number| try_hold(&store, if number % 2 == 0 { &[("MUG", 1)] } else { &[("CUP", 1)] }));
    let outcomes = join_all(mixed).await;
    assert!(outcomes.iter().enumerate().all(|(number, outcome)| outcome.is_ok() == (number % 2 == 1)));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nobody_is_refused_for_what_was_so(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 3).await;
    let store = who_remembers(&pool, "MUG").await;
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    receive(&other, "MUG", 1).await;
    let held = hold(&store, &[("MUG", 1)]).await;
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    other.reservation_release(request(), held.reservation.id).await.unwrap();
    hold(&store, &[("MUG", 1)]).await;

    // In another warehouse.
    make(&other, "BER", 2).await;
    receive_in(&other, "MUG", "BER", 1).await.unwrap();
    let held = hold(&store, &[("MUG", 1)]).await;
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    // Held too long, and not swept yet.
    age(&pool, held.reservation.id, 3600).await;
    hold(&store, &[("MUG", 1)]).await;
    assert_eq!(level_in(&store, "MUG", "BER").await, (1, 1));

    // Read, and found as it was left.
    for _ in 0..3 {
        assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    }
    assert!(said_no_more_than_it_asked(&pool).await);
    sqlx::query("update stock set on_hand = on_hand + 1 where warehouse = 'BER'").execute(&pool).await.unwrap();
    hold(&store, &[("MUG", 1)]).await;
    sqlx::query("update products set archived = true").execute(&pool).await.unwrap();
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "product_archived");
    store.close().await;
    other.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_carried_out_elsewhere_is_not_refused_from_memory(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 10).await;
    let store = who_remembers(&pool, "MUG").await;
    let first = other.reservation_hold(keyed("k"), hold_of(&[("MUG", 7)])).await.unwrap();
    for _ in 0..4 {
        assert_eq!(code(try_hold(&store, &[("MUG", 7)]).await), "insufficient_stock");
    }
    assert!(said_no_more_than_it_asked(&pool).await);
    let again = store.reservation_hold(keyed("k"), hold_of(&[("MUG", 7)])).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.rendered, first.rendered);
    assert_sound(&store).await;
    store.close().await;
    other.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_that_another_server_has_used_is_answered_as_there(pool: PgPool) {
    let other = one_lane(&pool).await;
    product(&other, "MUG", 10).await;
    let store = who_remembers(&pool, "MUG").await;
    let first = other.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await.unwrap();
    // It has been told of the level, but not of the key.
    hold(&store, &[("MUG", 1)]).await;
    hold(&store, &[("MUG", 1)]).await;
    let again = store.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.rendered, first.rendered);
    assert_eq!(level(&store, "MUG").await, (10, 6));
    assert_sound(&store).await;
    store.close().await;
    other.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_statement_whose_answer_is_lost_happens_once(pool: PgPool) {
    let cutter = Cutter::start(&pool).await;
    let store = lane(Connections::new(cutter.options(&pool))).await;
    product(&store, "MUG", 30).await;
    for round in 0..5 {
        for _ in 0..3 {
            hold(&store, &[("MUG", 1)]).await;
        }
        assert!(said_no_more_than_it_wrote(&pool).await);
        cutter.cut(1);
        // With and without a key; the last takes all that is left, so that what is found must be its own.
        let units = if round == 4 { 30 - 4 * 4 - 3 } else { 1 };
        let lines = [("MUG", units)];
        if round % 2 == 0 {
            hold(&store, &lines).await;
        } else {
            let key = format!("key {round}");
            let held = store.reservation_hold(keyed(&key), hold_of(&lines)).await;
            answer::<ReservationView>(held);
        }
        assert_eq!(cutter.done(), round + 1);
        assert_eq!(count(&pool, "select count(*) from reservations").await, 4 * (round as i64 + 1));
    }
    assert_eq!(level(&store, "MUG").await, (30, 30), "each happened once");
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn where_the_database_stays_away_the_outcome_of_a_statement_is_unknown(pool: PgPool) {
    let cutter = Cutter::start(&pool).await;
    let store = lane(Connections::new(cutter.options(&pool))).await;
    product(&store, "MUG", 10).await;
    for _ in 0..3 {
        hold(&store, &[("MUG", 1)]).await;
    }
    cutter.cut_for_good();
    let held = store.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await;
    assert_eq!(held.unwrap_err().problem().code(), "outcome_unknown");
    let elsewhere = one_lane(&pool).await;
    assert!(elsewhere.reservation_hold(keyed("k"), hold_of(&[("MUG", 1)])).await.unwrap().replayed);
    assert_eq!(level(&elsewhere, "MUG").await, (10, 4));
    assert_sound(&elsewhere).await;
    elsewhere.close().await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn levels_changed_by_hand_are_not_written_over(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 10).await;
    store.close().await;
    let store = who_remembers(&pool, "MUG").await;
    // By somebody with a console, who counts no versions and tells nobody.
    sqlx::query("update stock set on_hand = 5").execute(&pool).await.unwrap();
    assert_eq!(code(try_hold(&store, &[("MUG", 3)]).await), "insufficient_stock");
    hold(&store, &[("MUG", 2)]).await;
    assert_eq!(count(&pool, "select on_hand * 100 + reserved from stock").await, 505);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_remembered_from_one_connection_to_the_next(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 100).await;
    store.close().await;
    let store = who_remembers(&pool, "MUG").await;
    let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and application_name = 'holdfast' and query like '%what is remembered%'";
    assert_eq!(count(&pool, kill).await, 1);
    // The first finds the connection broken, and reads on another; the second ends the transaction that this has begun.
    for alone in [false, false, true] {
        hold(&store, &[("MUG", 1)]).await;
        assert_eq!(said_no_more_than_it_wrote(&pool).await, alone);
    }
    assert_eq!(level(&store, "MUG").await, (100, 6));
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_lock_held_elsewhere_is_waited_for_and_what_came_of_it_counts(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 10).await;
    store.close().await;
    for is_kept in [false, true] {
        let store = who_remembers(&pool, "MUG").await;
        let (_, reserved) = level(&store, "MUG").await;
        let mut blocker = pool.begin().await.unwrap();
        sqlx::query("update stock set reserved = on_hand, version = version + 1").execute(&mut *blocker).await.unwrap();
        let held = tokio::spawn({
            let store = store.clone();
            async move { store.reservation_hold(request(), hold_of(&[("MUG", 1)])).await }
        });
        somebody_waits(&pool).await;
        // Longer than the clock is counted on.
        tokio::time::sleep(Duration::from_millis(150)).await;
        let waited_until = store.clock().await.unwrap();
        if is_kept {
            blocker.commit().await.unwrap();
            assert_eq!(code(held.await.unwrap()), "insufficient_stock");
            assert_eq!(level(&store, "MUG").await, (10, 10));
        } else {
            blocker.rollback().await.unwrap();
            let held: ReservationView = answer(held.await.unwrap());
            assert!(held.reservation.created_at >= waited_until, "its time began while it waited");
            assert_eq!(level(&store, "MUG").await, (10, reserved + 1));
            assert_sound(&store).await;
        }
        store.close().await;
    }
}

/// A hold that waits for a lock, and a crowd that comes meanwhile: more than the lane lets wait undecided.
async fn behind_a_lock(
    pool: &PgPool,
    store: &Store,
    crowd: usize,
) -> (Transaction<'static, Postgres>, Vec<JoinHandle<Result<Answered, StoreError>>>) {
    let mut blocker = pool.begin().await.unwrap();
    sqlx::query("update stock set on_hand = on_hand - 100, version = version + 1")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let hold_one = || {
        let store = store.clone();
        tokio::spawn(async move { store.reservation_hold(request(), hold_of(&[("MUG", 1)])).await })
    };
    let mut holds = vec![hold_one()];
    somebody_waits(pool).await;
    holds.extend((0..crowd).map(|_| hold_one()));
    tokio::time::sleep(Duration::from_millis(20)).await;
    while store.load().lanes_waiting.iter().sum::<usize>() >= 32 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    (blocker, holds)
}

async fn accepted(holds: Vec<JoinHandle<Result<Answered, StoreError>>>) -> i64 {
    let mut accepted = 0;
    for hold in holds {
        match hold.await.unwrap() {
            Ok(_) => accepted += 1,
            refused => assert_eq!(code(refused), "insufficient_stock"),
        }
    }
    accepted
}

#[sqlx::test(migrations = "../migrations")]
async fn who_comes_while_a_batch_is_under_way_gets_what_that_leaves_behind(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 310).await;
    store.close().await;
    let store = who_remembers(&pool, "MUG").await;
    let (blocker, holds) = behind_a_lock(&pool, &store, 120).await;
    blocker.rollback().await.unwrap();
    assert_eq!(accepted(holds).await, 121);
    assert_eq!(level(&store, "MUG").await, (310, 124));
    assert_sound(&store).await;

    // What the first rested on is no longer so, and neither is what the others rested on it.
    let (blocker, holds) = behind_a_lock(&pool, &store, 120).await;
    blocker.commit().await.unwrap();
    assert_eq!(accepted(holds).await, 210 - 124);
    assert_eq!(count(&pool, "select on_hand * 1000 + reserved from stock").await, 210_210);
    assert_eq!(count(&pool, "select count(*) from reservations").await, 210);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn who_leaves_before_the_batch_has_changed_nothing(pool: PgPool) {
    let store = one_lane(&pool).await;
    product(&store, "MUG", 400).await;
    store.close().await;
    let store = who_remembers(&pool, "MUG").await;
    let (blocker, mut holds) = behind_a_lock(&pool, &store, 120).await;
    for hold in holds.drain(1..) {
        hold.abort();
        assert!(hold.await.unwrap_err().is_cancelled());
    }
    // Longer than what was decided ahead stands.
    tokio::time::sleep(Duration::from_millis(100)).await;
    blocker.rollback().await.unwrap();
    assert_eq!(accepted(holds).await, 1);
    hold(&store, &[("MUG", 1)]).await;
    assert_eq!(level(&store, "MUG").await, (400, 5));
    assert_sound(&store).await;
    store.close().await;
}
