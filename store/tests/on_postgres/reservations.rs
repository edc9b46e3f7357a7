//! Holding units, and what a hold can come to.

use domain::allocation::{AllocationReason, Strategy};
use domain::ids::ReservationId;
use domain::journal::{Action, EntryFilter, Subject};
use domain::problem::{Problem, Shortage};
use domain::product::{NewProduct, ProductPatch, ProductView};
use domain::reservation::{HoldRequest, LineInput, ReservationStatus, ReservationView};
use domain::sku::Sku;
use sqlx::PgPool;
use store::{Store, StoreError};

use crate::support::{
    age, answer, assert_sound, by_sku, code, entries, hold, level, product, request, try_hold, ttl, warehouse,
};

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_takes_units_for_ten_minutes_and_reads_back_as_answered(pool: PgPool) {
    let store = Store::new(pool);
    let id = product(&store, "85123A", 10).await;
    let held = hold(&store, &[("85123A", 6)]).await;
    let reservation = &held.reservation;
    assert_eq!(reservation.status, ReservationStatus::Held);
    assert_eq!(reservation.expires_at, reservation.created_at.plus_seconds(600));
    assert_eq!(held.server_time, reservation.created_at);
    assert_eq!((reservation.lines.len(), reservation.lines[0].product_id, reservation.units()), (1, id, 6));
    let allocation = &reservation.lines[0].allocations[0];
    assert_eq!((allocation.warehouse.as_str(), allocation.reason), ("MAIN", AllocationReason::OnlyWarehouse));
    assert_eq!(level(&store, "85123A").await, (10, 6));
    let fetched = store.reservation_fetch(reservation.id).await.unwrap();
    assert_eq!(fetched.reservation, *reservation);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_thousand_lines_are_held_in_their_order_or_not_at_all(pool: PgPool) {
    let store = Store::new(pool.clone());
    let skus: Vec<String> = (0..1_000).map(|number| format!("S{:04}", (number * 617) % 1_000)).collect();
    for sku in &skus {
        product(&store, sku, 0).await;
    }
    let lines: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), 2)).collect();
    let stocked = "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id, product_id,
            warehouse, on_hand_delta, version)
        select id, now(), id, 'local', 'stock.received', 'product', id, id, 'MAIN', 2, 1 from products";
    sqlx::query(stocked).execute(&pool).await.unwrap();
    sqlx::query("update stock set on_hand = 2, version = 1").execute(&pool).await.unwrap();
    crate::support::adjust(&store, "S0500", -1, domain::stock::StockReason::WrittenOff).await.unwrap();

    let refused = try_hold(&store, &lines).await.unwrap_err().problem();
    let sku = Sku::new("S0500").unwrap();
    let shortages = vec![Shortage { sku, requested: 2, available: 1, warehouse: None }];
    assert_eq!(refused, Problem::InsufficientStock { shortages });
    assert_eq!(crate::support::count(&pool, "select sum(reserved)::bigint from stock").await, 0);

    crate::support::receive(&store, "S0500", 1).await;
    let held = hold(&store, &lines).await;
    let held_skus: Vec<&str> = held.reservation.lines.iter().map(|line| line.sku.as_str()).collect();
    assert_eq!(held_skus, skus);
    assert_eq!(store.reservation_fetch(held.reservation.id).await.unwrap().reservation, held.reservation);
    assert_eq!(crate::support::count(&pool, "select sum(reserved)::bigint from stock").await, 2_000);
    store.reservation_release(request(), held.reservation.id).await.unwrap();
    assert_eq!(crate::support::count(&pool, "select sum(reserved)::bigint from stock").await, 0);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn lines_of_one_product_are_summed_before_they_are_decided(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    assert_eq!(code(try_hold(&store, &[("MUG", 6), ("MUG", 5)]).await), "insufficient_stock");
    let held = hold(&store, &[("MUG", 6), ("MUG", 4)]).await;
    assert_eq!((held.reservation.lines.len(), held.reservation.lines[0].quantity), (1, 10));
    assert_eq!(level(&store, "MUG").await, (10, 10));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_can_not_be_held_is_refused_and_named(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    product(&store, "OLD", 10).await;
    let archive = ProductPatch::new(None, None, Some(true), None).unwrap();
    let _: ProductView = answer(store.product_change(request(), &by_sku("OLD"), archive).await);
    let euro = NewProduct::new("EURO", "Priced in euro", domain::money::Money::new(1, "EUR".parse().unwrap()));
    let _: ProductView = answer(store.product_create(request(), euro.unwrap()).await);
    warehouse(&pool, "SHUT", false).await;

    let unknown = try_hold(&store, &[("MUG", 1), ("mug", 1), ("MUG", 1), ("CUP", 1)]).await.unwrap_err().problem();
    assert_eq!(unknown.code(), "unknown_sku");
    let fields: Vec<&str> = unknown.field_errors().iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["lines[1].sku", "lines[3].sku"]);
    assert_eq!(code(try_hold(&store, &[("MUG", 1), ("OLD", 1)]).await), "product_archived");
    assert_eq!(code(try_hold(&store, &[("MUG", 1), ("EURO", 1)]).await), "mixed_currency");
    for (named, expected) in [("SHUT", "warehouse_inactive"), ("NOWHERE", "invalid_input")] {
        let line = LineInput {
            sku: Some("MUG".into()),
            quantity: Some(1),
            warehouse: Some(named.into()),
            ..LineInput::default()
        };
        let hold = HoldRequest::new(&[line], None, None, None).unwrap();
        assert_eq!(code(store.reservation_hold(request(), hold).await), expected);
    }
    assert_eq!(level(&store, "MUG").await, (10, 0));
    assert_eq!(crate::support::count(&pool, "select count(*) from reservations").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_split_over_warehouses_reads_back_as_one_line(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = product(&store, "MUG", 4).await;
    warehouse(&pool, "NORTH", true).await;
    let (delta, reason) = (domain::quantity::StockDelta::new(9).unwrap(), domain::stock::StockReason::Received);
    let north = domain::warehouse::WarehouseCode::new("NORTH").unwrap();
    store.stock_adjust(request(), &by_sku("MUG"), Some(north), delta, reason).await.unwrap();
    let line = LineInput { product_id: Some(id.to_string()), quantity: Some(6), ..LineInput::default() };
    let cases = [
        ("priority", Strategy::Priority, AllocationReason::Priority, vec![("MAIN", 4), ("NORTH", 2)]),
        ("most_stock", Strategy::MostStock, AllocationReason::MostStock, vec![("NORTH", 6)]),
        ("fewest_splits", Strategy::FewestSplits, AllocationReason::FewestSplits, vec![("NORTH", 6)]),
    ];
    for (name, strategy, reason, expected) in cases {
        let hold = HoldRequest::new(std::slice::from_ref(&line), Some(name), Some(60), Some("cart 7")).unwrap();
        let held: ReservationView = answer(store.reservation_hold(request(), hold).await);
        let fetched = store.reservation_fetch(held.reservation.id).await.unwrap().reservation;
        assert_eq!(fetched, held.reservation);
        assert_eq!((fetched.strategy, fetched.owner.as_ref().unwrap().as_str()), (strategy, "cart 7"));
        let taken: Vec<(&str, i64)> =
            fetched.lines[0].allocations.iter().map(|each| (each.warehouse.as_str(), each.quantity)).collect();
        assert_eq!(taken, expected, "{name}");
        assert!(fetched.lines[0].allocations.iter().all(|each| each.reason == reason));
        store.reservation_release(request(), held.reservation.id).await.unwrap();
    }
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_extension_never_shortens_and_ends_after_an_hour(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 1).await;
    let held = hold(&store, &[("MUG", 1)]).await.reservation;
    let extend = async |seconds| store.reservation_extend(request(), held.id, ttl(seconds)).await;
    let same: ReservationView = answer(extend(5).await);
    assert_eq!(same.reservation.expires_at, held.expires_at);
    let later: ReservationView = answer(extend(1_200).await);
    assert_eq!(later.reservation.expires_at, later.server_time.plus_seconds(1_200));
    age(&pool, held.id, 600).await;
    assert_eq!(code(extend(3_600).await), "invalid_input");
    let last: ReservationView = answer(extend(2_990).await);
    assert!(last.reservation.expires_at <= last.reservation.created_at.plus_seconds(3_600));
    let subject = Some(Subject::Reservation(held.id));
    let told = entries(&store, EntryFilter { subject, ..EntryFilter::default() }).await;
    let extended = told.iter().filter(|entry| entry.action == Action::ReservationExtended);
    assert_eq!(extended.count(), 2, "what changed nothing is not told of");
    assert_eq!(level(&store, "MUG").await, (1, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_has_ended_can_not_be_ended_or_changed_again(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    let released = hold(&store, &[("MUG", 4)]).await.reservation.id;
    let answered: ReservationView = answer(store.reservation_release(request(), released).await);
    assert_eq!(answered.reservation.status, ReservationStatus::Released);
    assert_eq!(level(&store, "MUG").await, (10, 0));
    let overdue = hold(&store, &[("MUG", 4)]).await.reservation.id;
    age(&pool, overdue, 600).await;
    let ordered = hold(&store, &[("MUG", 1)]).await.reservation.id;
    let order = sqlx::query("update reservations set order_id = id where id = $1").bind(ordered.as_uuid());
    order.execute(&pool).await.unwrap();
    let unknown = ReservationId::from_uuid(store::ids::change_id().as_uuid());
    let cases = [(released, "not_held"), (overdue, "not_held"), (ordered, "has_order"), (unknown, "not_found")];
    for (id, expected) in cases {
        assert_eq!(code(store.reservation_release(request(), id).await), expected);
        assert_eq!(code(store.reservation_extend(request(), id, ttl(60)).await), expected);
        let change = crate::support::change_to(&[("MUG", 1)]);
        assert_eq!(code(store.reservation_change(request(), id, change).await), expected);
    }
    let refused = store.reservation_release(request(), overdue).await.unwrap_err();
    assert!(matches!(
        refused,
        StoreError::Refused(Problem::NotHeld { reservation_status: ReservationStatus::Expired })
    ));
    assert_eq!(code(store.reservation_fetch(unknown).await), "not_found");
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deadline_that_is_set_wakes_the_sweep(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    let mut deadlines = store.deadlines();
    let held = hold(&store, &[("MUG", 1)]).await.reservation;
    assert!(deadlines.has_changed().unwrap());
    assert_eq!(*deadlines.borrow_and_update(), Some(held.expires_at));
}
