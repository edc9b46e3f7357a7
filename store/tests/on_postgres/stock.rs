//! What is on hand, and how it changes.

use domain::ids::ProductId;
use domain::journal::{Action, EntryFilter, Subject};
use domain::problem::Problem;
use domain::product::{ProductRef, ProductView};
use domain::quantity::StockDelta;
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;
use sqlx::PgPool;
use store::{Answered, Store, StoreError};

use crate::support::{
    adjust, answer, assert_sound, by_sku, code, count, entries, hold, level, product, receive, request, served,
    somebody_waits, told, try_hold, warehouse,
};

async fn adjust_in(store: &Store, sku: &str, code: &str, delta: i64) -> Result<Answered, StoreError> {
    let warehouse = WarehouseCode::new(code).unwrap();
    let delta = StockDelta::new(delta).unwrap();
    store.stock_adjust(request(), &by_sku(sku), Some(warehouse), delta, StockReason::Adjusted).await
}

#[sqlx::test(migrations = "../migrations")]
async fn every_change_of_stock_is_told_with_its_level_and_version(pool: PgPool) {
    let store = Store::new(pool);
    let id = product(&store, "MUG", 0).await;
    receive(&store, "MUG", 10).await;
    adjust(&store, "MUG", -2, StockReason::Adjusted).await.unwrap();
    adjust(&store, "MUG", 1, StockReason::Adjusted).await.unwrap();
    let view: ProductView = answer(adjust(&store, "MUG", -4, StockReason::WrittenOff).await);
    assert_eq!((view.total().on_hand, view.version), (5, 5));

    let told = entries(&store, EntryFilter { product: Some(id), ..EntryFilter::default() }).await;
    let moves: Vec<_> =
        told.iter().rev().skip(1).map(|entry| (entry.action, entry.on_hand_delta, entry.version)).collect();
    let expected = [
        (Action::StockReceived, 10, Some(1)),
        (Action::StockAdjusted, -2, Some(2)),
        (Action::StockAdjusted, 1, Some(3)),
        (Action::StockWrittenOff, -4, Some(4)),
    ];
    assert_eq!(moves, expected);
    let last = &told[0];
    assert_eq!(last.subject, Subject::Product(id));
    assert_eq!((last.sku.as_ref().unwrap().as_str(), last.warehouse.as_ref().unwrap().as_str()), ("MUG", "MAIN"));
    assert_eq!(last.before, Some(serde_json::json!({"on_hand": 9, "reserved": 0})));
    assert_eq!(last.after, Some(serde_json::json!({"on_hand": 5, "reserved": 0})));
    assert!(last.request_id.is_some());
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn no_less_may_be_on_hand_than_is_reserved(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    hold(&store, &[("MUG", 7)]).await;
    let refused = adjust(&store, "MUG", -4, StockReason::WrittenOff).await.unwrap_err().problem();
    let expected = Problem::BelowReserved {
        sku: domain::sku::Sku::new("MUG").unwrap(),
        warehouse: WarehouseCode::main(),
        on_hand: 10,
        reserved: 7,
    };
    assert_eq!(refused, expected);
    adjust(&store, "MUG", -3, StockReason::WrittenOff).await.unwrap();
    assert_eq!(level(&store, "MUG").await, (7, 7));
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_delta_that_can_not_be_is_refused_and_leaves_nothing_behind(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 1).await;
    warehouse(&pool, "NORTH", true).await;
    let cases = [
        (adjust(&store, "MUG", -1, StockReason::Received).await, "invalid_input"),
        (adjust(&store, "MUG", 1, StockReason::WrittenOff).await, "invalid_input"),
        (adjust(&store, "CUP", 1, StockReason::Received).await, "not_found"),
        (adjust_in(&store, "MUG", "NOWHERE", 1).await, "invalid_input"),
        (adjust_in(&store, "MUG", "NORTH", -1).await, "below_reserved"),
    ];
    for (result, expected) in cases {
        assert_eq!(code(result), expected);
    }
    let unknown = ProductRef::Id(ProductId::from_uuid(store::ids::change_id().as_uuid()));
    let delta = StockDelta::new(1).unwrap();
    let result = store.stock_adjust(request(), &unknown, None, delta, StockReason::Received).await;
    assert_eq!(code(result), "not_found");
    assert_eq!(entries(&store, EntryFilter::default()).await.len(), 2, "created and received");
    assert_eq!(count(&pool, "select count(*) from stock").await, 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_largest_counts_are_kept_exactly(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "SAND", 0).await;
    for _ in 0..3 {
        receive(&store, "SAND", StockDelta::MAX).await;
    }
    assert_eq!(level(&store, "SAND").await, (3 * StockDelta::MAX, 0));
    sqlx::query("update stock set on_hand = 9223372036854775800").execute(&pool).await.unwrap();
    assert_eq!(code(adjust(&store, "SAND", 8, StockReason::Received).await), "invalid_input");
    adjust(&store, "SAND", 7, StockReason::Received).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn stock_that_came_to_a_new_place_while_a_hold_waited_is_not_taken_unlocked(pool: PgPool) {
    let store = served(&pool).await;
    let id = product(&store, "MUG", 0).await;
    warehouse(&pool, "NORTH", true).await;
    let mut arrival = pool.begin().await.unwrap();
    sqlx::query("select from stock for update").execute(&mut *arrival).await.unwrap();
    let lines = [("MUG", 5)];
    let arrives = async {
        somebody_waits(&pool).await;
        let north = sqlx::query("insert into stock (product_id, warehouse, on_hand) values ($1, 'NORTH', 5)");
        north.bind(id.as_uuid()).execute(&mut *arrival).await.unwrap();
        arrival.commit().await.unwrap();
    };
    let (waited, ()) = tokio::join!(try_hold(&store, &lines), arrives);
    assert_eq!(code(waited), "insufficient_stock", "the row was not there when the locks were taken");
    hold(&store, &lines).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn first_stock_in_a_new_warehouse_meets_holds_in_flight(pool: PgPool) {
    let store = served(&pool).await;
    warehouse(&pool, "NORTH", true).await;
    for round in 0..25 {
        let sku = format!("MUG-{round}");
        product(&store, &sku, 2).await;
        let lines = [(sku.as_str(), 3)];
        let firsts = [adjust_in(&store, &sku, "NORTH", 5), adjust_in(&store, &sku, "NORTH", 5)];
        let holds = (0..8).map(|_| try_hold(&store, &lines));
        let (firsts, holds) = tokio::join!(futures::future::join_all(firsts), futures::future::join_all(holds));
        assert!(firsts.into_iter().all(|first| told(first) == "accepted"));
        for hold in holds {
            assert!(["accepted", "insufficient_stock"].contains(&told(hold)));
        }
    }
    assert_sound(&store).await;
    store.close().await;
}
