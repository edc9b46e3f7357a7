//! Warehouses: what can be changed of them, and what that does to what is reserved.

use domain::decide::Confirm;
use domain::journal::{Action, EntryFilter, Subject};
use domain::order::{OrderChange, OrderRef, OrderRequest, OrderView};
use domain::page::Limit;
use domain::quantity::StockDelta;
use domain::reservation::{LineInput, ReservationView};
use domain::stock::StockReason;
use domain::warehouse::{NewWarehouse, Warehouse, WarehouseCode, WarehousePatch};
use sqlx::PgPool;
use store::{Answered, Store, StoreError};

use crate::support::{
    answer, assert_sound, by_sku, code, count, entries, hold, keyed, product, request, served, told, try_hold,
};

pub(crate) fn named(code: &str) -> WarehouseCode {
    WarehouseCode::new(code).unwrap()
}

pub(crate) async fn make(store: &Store, code: &str, priority: i64) -> Warehouse {
    let new = NewWarehouse::new(code, &format!("Warehouse {code}"), priority).unwrap();
    answer(store.warehouse_create(request(), new).await)
}

pub(crate) async fn change(
    store: &Store,
    code: &str,
    priority: Option<i64>,
    active: Option<bool>,
) -> Result<Answered, StoreError> {
    let patch = WarehousePatch::new(None, priority, active).unwrap();
    store.warehouse_change(request(), named(code), patch).await
}

pub(crate) async fn receive_in(store: &Store, sku: &str, code: &str, units: i64) -> Result<Answered, StoreError> {
    let delta = StockDelta::new(units).unwrap();
    store.stock_adjust(request(), &by_sku(sku), Some(named(code)), delta, StockReason::Received).await
}

/// On hand and reserved of a product in a warehouse.
pub(crate) async fn level_in(store: &Store, sku: &str, code: &str) -> (i64, i64) {
    let view = store.product_fetch(&by_sku(sku)).await.unwrap();
    let stock = view.stock.iter().find(|stock| stock.warehouse.as_str() == code);
    stock.map_or((0, 0), |stock| (stock.on_hand, stock.reserved))
}

fn taken(view: &ReservationView) -> Vec<(&str, i64)> {
    view.reservation.lines[0].allocations.iter().map(|part| (part.warehouse.as_str(), part.quantity)).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_warehouse_is_made_once_for_a_code_changed_and_told_of(pool: PgPool) {
    let store = Store::new(pool.clone());
    let made = make(&store, "BER", 2).await;
    assert_eq!((made.priority, made.active), (2, true));
    let again = NewWarehouse::new("BER", "Other", 1).unwrap();
    assert_eq!(code(store.warehouse_create(request(), again).await), "code_taken");

    let renamed = WarehousePatch::new(Some("Berlin"), Some(1), None).unwrap();
    let after: Warehouse = answer(store.warehouse_change(request(), named("BER"), renamed.clone()).await);
    assert_eq!((after.name.as_str(), after.priority, after.active), ("Berlin", 1, true));
    let same: Warehouse = answer(store.warehouse_change(request(), named("BER"), renamed.clone()).await);
    assert_eq!(same, after);
    assert_eq!(store.warehouse_fetch(named("BER")).await.unwrap(), after);
    assert_eq!(code(store.warehouse_change(request(), named("AMS"), renamed).await), "not_found");
    assert_eq!(code(store.warehouse_fetch(named("AMS")).await), "not_found");
    change(&store, "BER", None, Some(false)).await.unwrap();
    change(&store, "BER", None, Some(true)).await.unwrap();

    let told = entries(&store, EntryFilter::default()).await;
    let actions: Vec<Action> = told.iter().rev().map(|entry| entry.action).collect();
    let expected =
        [Action::WarehouseCreated, Action::WarehouseChanged, Action::WarehouseDeactivated, Action::WarehouseActivated];
    assert_eq!(actions, expected, "what changed nothing is not told");
    assert!(told.iter().all(|entry| entry.subject == told[0].subject));
    assert!(matches!(told[0].subject, Subject::Warehouse(_)));
    assert_eq!(told[2].before.as_ref().unwrap()["name"], "Warehouse BER");
    assert_eq!(told[2].after.as_ref().unwrap()["name"], "Berlin");
    let names = store.journal_name(told).await.unwrap();
    assert!(names.iter().all(|named| named.subject_name.as_deref() == Some("BER")));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_warehouse_is_made_once_for_a_key_and_twins_get_one_answer(pool: PgPool) {
    let store = served(&pool).await;
    let twin = || {
        let new = NewWarehouse::new("BER", "Berlin", 2).unwrap();
        store.warehouse_create(keyed("make-ber"), new)
    };
    let (left, right) = tokio::join!(twin(), twin());
    let (left, right) = (left.unwrap(), right.unwrap());
    assert_eq!(left.rendered, right.rendered);
    assert_eq!(u8::from(left.replayed) + u8::from(right.replayed), 1);
    assert_eq!(count(&pool, "select count(*) from journal").await, 1);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_list_stands_in_the_order_of_drawing_and_pages_both_ways(pool: PgPool) {
    let store = Store::new(pool);
    for (code, priority) in [("C", 3), ("B", 2), ("A", 3), ("D", 2)] {
        make(&store, code, priority).await;
    }
    let limit = Limit::new(2).unwrap();
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = store.warehouse_list(limit, cursor.as_deref()).await.unwrap();
        pages.push(page.items.iter().map(|each| each.code.to_string()).collect::<Vec<_>>());
        cursor = page.next;
        if cursor.is_none() {
            let back = store.warehouse_list(limit, page.prev.as_deref()).await.unwrap();
            assert_eq!(back.items.iter().map(|each| each.code.to_string()).collect::<Vec<_>>(), pages[1]);
            break;
        }
    }
    assert_eq!(pages, [vec!["MAIN", "B"], vec!["D", "A"], vec!["C"]]);
    assert_eq!(code(store.warehouse_list(limit, Some("nonsense")).await), "bad_cursor");
}

#[sqlx::test(migrations = "../migrations")]
async fn holds_are_drawn_in_the_order_of_the_moment(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    make(&store, "BER", 2).await;
    receive_in(&store, "MUG", "BER", 10).await.unwrap();
    assert_eq!(taken(&hold(&store, &[("MUG", 4)]).await), [("MAIN", 4)]);
    change(&store, "MAIN", Some(3), None).await.unwrap();
    assert_eq!(taken(&hold(&store, &[("MUG", 4)]).await), [("BER", 4)]);
    assert_eq!(taken(&hold(&store, &[("MUG", 8)]).await), [("BER", 6), ("MAIN", 2)]);
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_warehouse_that_is_not_active_is_passed_by_and_what_is_held_there_goes_its_way(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 0).await;
    make(&store, "BER", 2).await;
    receive_in(&store, "MUG", "BER", 10).await.unwrap();
    let released = hold(&store, &[("MUG", 3)]).await.reservation;
    let line = LineInput { sku: Some("MUG".into()), quantity: Some(4), ..LineInput::default() };
    let order = OrderRequest::new(None, Some(&[line]), None, None, None, Confirm::Now).unwrap();
    let order: OrderView = answer(store.order_place(request(), order).await);
    change(&store, "BER", None, Some(false)).await.unwrap();

    assert_eq!(told(try_hold(&store, &[("MUG", 1)]).await), "insufficient_stock");
    assert_eq!(told(receive_in(&store, "MUG", "BER", 1).await), "warehouse_inactive");
    let stats = store.stats_refresh_once().await.unwrap();
    assert_eq!((stats.on_hand, stats.reserved, stats.available), (10, 7, 0));
    let listed = store.product_list(&Default::default(), Limit::default(), None).await.unwrap().items;
    assert_eq!((listed[0].on_hand, listed[0].reserved, listed[0].available), (10, 7, 0));

    store.reservation_release(request(), released.id).await.unwrap();
    assert_eq!(level_in(&store, "MUG", "BER").await, (10, 4));
    for status in ["processing", "shipped", "returned"] {
        let step = OrderChange::new(Some(status), None, None, None).unwrap();
        store.order_proceed(request(), &OrderRef::Id(order.order.id), step).await.unwrap();
        let expected = if status == "shipped" { (6, 0) } else { (10, if status == "returned" { 0 } else { 4 }) };
        assert_eq!(level_in(&store, "MUG", "BER").await, expected, "{status}");
    }
    change(&store, "BER", None, Some(true)).await.unwrap();
    assert_eq!(taken(&hold(&store, &[("MUG", 10)]).await), [("BER", 10)]);
    assert_sound(&store).await;
}
