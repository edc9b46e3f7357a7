//! Rows that contradict each other: set aside or reported, and never in the way of the others.

use domain::ids::ReservationId;
use sqlx::PgPool;
use store::Store;

use crate::support::{age, assert_sound, code, count, hold, level, product, try_hold};

const SET_ASIDE: &str = "select count(*) from reservations where status = 'held' and set_aside_at is not null
    and set_aside_reason <> ''";

/// Five overdue holds of one unit; something is done to the third of them.
async fn five_with_one_spoilt(store: &Store, pool: &PgPool, spoil: &'static str) -> ReservationId {
    product(store, "MUG", 5).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        let id = hold(store, &[("MUG", 1)]).await.reservation.id;
        age(pool, id, 600).await;
        ids.push(id);
    }
    assert_eq!(sqlx::query(spoil).bind(ids[2].as_uuid()).execute(pool).await.unwrap().rows_affected(), 1);
    ids[2]
}

#[sqlx::test(migrations = "../migrations")]
async fn a_row_that_can_not_be_ended_is_set_aside_and_the_rest_go_on(pool: PgPool) {
    let spoils = [
        // More than is reserved.
        "update reservation_lines set quantity = 1000 where reservation_id = $1",
        // The domain does not read it.
        "update reservations set owner = ' padded ' where id = $1",
        // There is nothing that it holds.
        "delete from reservation_lines where reservation_id = $1",
        // In a warehouse where there is no stock.
        "update reservation_lines set warehouse = 'NOWHERE' where reservation_id = $1",
        // Its product is not there.
        "update reservation_lines set product_id = reservation_id where reservation_id = $1",
    ];
    let store = Store::new(pool.clone());
    for spoil in spoils {
        five_with_one_spoilt(&store, &pool, spoil).await;
        let swept = store.reservation_expire_once(100).await.unwrap();
        assert_eq!((swept.expired, swept.set_aside), (4, 1), "{spoil}");
        assert_eq!(swept.next_deadline, None, "it is not picked again: {spoil}");
        assert_eq!(count(&pool, SET_ASIDE).await, 1, "{spoil}");
        assert_eq!(level(&store, "MUG").await, (5, 1), "its units stay until somebody has looked: {spoil}");
        let again = store.reservation_expire_once(100).await.unwrap();
        assert_eq!((again.expired, again.set_aside, again.more), (0, 0, false), "{spoil}");
        assert_eq!(count(&pool, "select count(*) from journal where action = 'reservation.expired'").await, 4);
        start_over(&pool).await;
    }
}

async fn start_over(pool: &PgPool) {
    let mut tx = pool.begin().await.unwrap();
    for statement in [
        "alter table journal disable trigger user",
        "truncate journal, reservation_lines, reservations, stock, products, idempotency_keys",
        "alter table journal enable trigger user",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn bad_rows_at_the_head_do_not_stop_a_short_sweep(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 5).await;
    for _ in 0..5 {
        let id = hold(&store, &[("MUG", 1)]).await.reservation.id;
        age(&pool, id, 600).await;
    }
    let head = "delete from reservation_lines where reservation_id in (
        select id from reservations order by expires_at, id limit 3)";
    sqlx::query(head).execute(&pool).await.unwrap();
    let mut ended = (0, 0);
    for _ in 0..4 {
        let swept = store.reservation_expire_once(2).await.unwrap();
        ended = (ended.0 + swept.expired, ended.1 + swept.set_aside);
    }
    assert_eq!(ended, (2, 3));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_bad_overdue_hold_is_set_aside_by_whom_it_is_in_the_way_of(pool: PgPool) {
    let store = Store::new(pool.clone());
    let spoil = "update reservation_lines set quantity = 1000 where reservation_id = $1";
    five_with_one_spoilt(&store, &pool, spoil).await;
    assert_eq!(code(try_hold(&store, &[("MUG", 5)]).await), "insufficient_stock");
    assert_eq!(count(&pool, SET_ASIDE).await, 1);
    hold(&store, &[("MUG", 4)]).await;
    assert_eq!(level(&store, "MUG").await, (5, 5));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_row_that_disagrees_is_found_by_the_proof(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = product(&store, "MUG", 5).await;
    product(&store, "CUP", 5).await;
    hold(&store, &[("MUG", 2)]).await;
    assert_sound(&store).await;
    let tampers = [
        ("update stock set on_hand = on_hand + 1", "update stock set on_hand = on_hand - 1"),
        ("update stock set reserved = reserved + 1", "update stock set reserved = reserved - 1"),
        ("update stock set version = version + 1", "update stock set version = version - 1"),
        ("update reservation_lines set quantity = 3", "update reservation_lines set quantity = 2"),
        ("update reservations set status = 'released'", "update reservations set status = 'held'"),
        ("update reservation_lines set warehouse = 'NOWHERE'", "update reservation_lines set warehouse = 'MAIN'"),
    ];
    for (tamper, mend) in tampers {
        sqlx::query(tamper).execute(&pool).await.unwrap();
        let found = store.verify_stock(10).await.unwrap();
        assert!(found.iter().any(|row| row.product_id == id), "{tamper}");
        assert_eq!(store.verify_stock(1).await.unwrap().len(), 1);
        sqlx::query(mend).execute(&pool).await.unwrap();
        assert_sound(&store).await;
    }
    sqlx::query("delete from stock where product_id = $1").bind(id.as_uuid()).execute(&pool).await.unwrap();
    let found = store.verify_stock(10).await.unwrap();
    assert_eq!((found.len(), found[0].product_id, found[0].held), (1, id, 2));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_in_a_place_without_stock_is_found_by_the_proof(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = product(&store, "MUG", 5).await;
    let held = hold(&store, &[("MUG", 2)]).await.reservation.id;
    let astray = "insert into reservation_lines (product_id, reservation_id, warehouse, line, quantity, reason)
        values ($1, $2, 'NOWHERE', 1, 7, 'priority')";
    sqlx::query(astray).bind(id.as_uuid()).bind(held.as_uuid()).execute(&pool).await.unwrap();
    let found = store.verify_stock(10).await.unwrap();
    assert_eq!((found.len(), found[0].warehouse.as_str(), found[0].held), (1, "NOWHERE", 7));
}
