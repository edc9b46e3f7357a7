//! Deciding a hold anew, its own units counted as free.

use domain::journal::{Action, EntryFilter, Subject};
use domain::product::{ProductPatch, ProductView};
use domain::quantity::StockDelta;
use domain::reservation::{ChangeRequest, LineInput, ReservationView};
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;
use sqlx::PgPool;
use store::{Answered, Store, StoreError};

use crate::support::{
    age, answer, assert_sound, by_sku, change_to, code, entries, hold, level, product, request, try_hold, warehouse,
};

async fn change(store: &Store, id: domain::ids::ReservationId, lines: &[(&str, i64)]) -> Result<Answered, StoreError> {
    store.reservation_change(request(), id, change_to(lines)).await
}

#[sqlx::test(migrations = "../migrations")]
async fn the_owner_of_the_last_units_is_not_blocked_by_them(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    let held = hold(&store, &[("MUG", 10)]).await.reservation;
    for (units, reserved) in [(10, 10), (7, 7), (10, 10)] {
        let changed: ReservationView = answer(change(&store, held.id, &[("MUG", units)]).await);
        assert_eq!(changed.reservation.units(), units);
        assert_eq!(changed.reservation.expires_at, held.expires_at, "its deadline stays");
        assert_eq!(level(&store, "MUG").await, (10, reserved));
    }
    let subject = Some(Subject::Reservation(held.id));
    let told = entries(&store, EntryFilter { subject, ..EntryFilter::default() }).await;
    let moves: Vec<(Action, i64)> = told.iter().rev().map(|entry| (entry.action, entry.reserved_delta)).collect();
    use Action::{ReservationChanged, ReservationHeld};
    assert_eq!(moves, [(ReservationHeld, 10), (ReservationChanged, -3), (ReservationChanged, 3)]);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refused_change_leaves_the_old_hold(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    product(&store, "CUP", 1).await;
    let held = hold(&store, &[("MUG", 4)]).await.reservation;
    hold(&store, &[("MUG", 3)]).await;
    for lines in [&[("MUG", 8)][..], &[("MUG", 1), ("CUP", 2)], &[("CUP", 2)]] {
        assert_eq!(code(change(&store, held.id, lines).await), "insufficient_stock");
    }
    assert_eq!(code(change(&store, held.id, &[("TEA", 1)]).await), "unknown_sku");
    assert_eq!(store.reservation_fetch(held.id).await.unwrap().reservation, held);
    assert_eq!((level(&store, "MUG").await, level(&store, "CUP").await), ((10, 7), (1, 0)));
    answer::<ReservationView>(change(&store, held.id, &[("MUG", 7)]).await);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn products_come_and_go_in_one_change(pool: PgPool) {
    let store = Store::new(pool);
    for sku in ["A", "B", "C"] {
        product(&store, sku, 5).await;
    }
    let held = hold(&store, &[("A", 5), ("B", 2)]).await.reservation;
    let changed: ReservationView = answer(change(&store, held.id, &[("C", 1), ("B", 2), ("C", 2)]).await);
    let lines: Vec<(&str, i64)> =
        changed.reservation.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("C", 3), ("B", 2)]);
    assert_eq!(store.reservation_fetch(held.id).await.unwrap().reservation, changed.reservation);
    assert_eq!(level(&store, "A").await, (5, 0));
    hold(&store, &[("A", 5)]).await;
    let subject = Some(Subject::Reservation(held.id));
    let told = entries(&store, EntryFilter { subject, ..EntryFilter::default() }).await;
    let moved = told.iter().filter(|entry| entry.action == Action::ReservationChanged);
    assert_eq!(moved.count(), 2, "an entry for A and one for C; B did not move");
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_to_what_is_held_already_is_not_told_of(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 3).await;
    product(&store, "CUP", 3).await;
    // Drawn on after the main warehouse, though its code comes before.
    warehouse(&pool, "AISLE", true).await;
    let (aisle, delta) = (WarehouseCode::new("AISLE").unwrap(), StockDelta::new(3).unwrap());
    store.stock_adjust(request(), &by_sku("MUG"), Some(aisle), delta, StockReason::Received).await.unwrap();
    let held = hold(&store, &[("MUG", 5), ("CUP", 1)]).await.reservation;
    let changed: ReservationView = answer(change(&store, held.id, &[("MUG", 2), ("CUP", 1), ("MUG", 3)]).await);
    assert_eq!(changed.reservation, held);
    let subject = Some(Subject::Reservation(held.id));
    let told = entries(&store, EntryFilter { subject, ..EntryFilter::default() }).await;
    assert!(told.iter().all(|entry| entry.action == Action::ReservationHeld), "{told:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_deadline_and_strategy_are_taken_with_the_lines(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 5).await;
    let held = hold(&store, &[("MUG", 5)]).await.reservation;
    let line = LineInput { sku: Some("MUG".into()), quantity: Some(5), ..LineInput::default() };
    let asked =
        |ttl_seconds| ChangeRequest::new(std::slice::from_ref(&line), Some("most_stock"), Some(ttl_seconds)).unwrap();
    let changed: ReservationView = answer(store.reservation_change(request(), held.id, asked(60)).await);
    assert_eq!(changed.reservation.expires_at, changed.server_time.plus_seconds(60));
    assert_eq!(store.reservation_fetch(held.id).await.unwrap().reservation, changed.reservation);
    assert_eq!(level(&store, "MUG").await, (5, 5));
    age(&pool, held.id, 30).await;
    assert_eq!(code(store.reservation_change(request(), held.id, asked(3_600)).await), "invalid_input");
    assert_eq!(code(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_keeps_what_was_archived_since(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 5).await;
    product(&store, "CUP", 5).await;
    let held = hold(&store, &[("MUG", 3)]).await.reservation;
    for sku in ["MUG", "CUP"] {
        let archive = ProductPatch::new(None, None, Some(true), None).unwrap();
        let _: ProductView = answer(store.product_change(request(), &by_sku(sku), archive).await);
    }
    answer::<ReservationView>(change(&store, held.id, &[("MUG", 2)]).await);
    assert_eq!(code(change(&store, held.id, &[("MUG", 2), ("CUP", 1)]).await), "product_archived");
    assert_eq!(level(&store, "MUG").await, (5, 2));
}
