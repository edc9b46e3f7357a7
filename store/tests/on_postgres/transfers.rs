//! Units that move between warehouses: all or nothing, told of so that it nets to zero, and never those
//! that somebody holds.

use domain::journal::{Action, EntryFilter};
use domain::problem::{Problem, Shortage};
use domain::reservation::LineInput;
use domain::sku::Sku;
use domain::transfer::{TransferRequest, TransferView};
use futures::future::join_all;
use sqlx::PgPool;
use store::{Answered, Store, StoreError};

use crate::support::{age, answer, assert_sound, code, count, entries, hold, keyed, product, request, served, told};
use crate::warehouses::{change, level_in, make, named, receive_in};

fn moving(from: &str, to: &str, lines: &[(&str, i64)]) -> TransferRequest {
    let line = |(sku, units): &(&str, i64)| LineInput {
        sku: Some((*sku).to_owned()),
        quantity: Some(*units),
        ..LineInput::default()
    };
    TransferRequest::new(from, to, &lines.iter().map(line).collect::<Vec<_>>()).unwrap()
}

async fn transfer(store: &Store, from: &str, to: &str, lines: &[(&str, i64)]) -> Result<Answered, StoreError> {
    store.stock_transfer(request(), moving(from, to, lines)).await
}

#[sqlx::test(migrations = "../migrations")]
async fn what_leaves_one_warehouse_comes_into_the_other_under_one_change(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 10).await;
    product(&store, "CUP", 5).await;
    make(&store, "BER", 2).await;
    let moved: TransferView = answer(transfer(&store, "MAIN", "BER", &[("MUG", 2), ("CUP", 5), ("MUG", 1)]).await);
    let lines: Vec<(&str, i64)> = moved.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
    assert_eq!(lines, [("MUG", 3), ("CUP", 5)], "the lines of one product are summed");
    assert_eq!((level_in(&store, "MUG", "MAIN").await, level_in(&store, "MUG", "BER").await), ((7, 0), (3, 0)));
    assert_eq!((level_in(&store, "CUP", "MAIN").await, level_in(&store, "CUP", "BER").await), ((0, 0), (5, 0)));

    let told = entries(&store, EntryFilter { action: Some(Action::StockTransferred), ..Default::default() }).await;
    assert_eq!(told.len(), 4, "out and in, for each product");
    assert!(told.iter().all(|entry| entry.change_id == moved.change_id && entry.at == moved.at));
    for sku in ["MUG", "CUP"] {
        let of = told.iter().filter(|entry| entry.sku.as_ref().unwrap().as_str() == sku);
        assert_eq!(of.map(|entry| entry.on_hand_delta).sum::<i64>(), 0);
    }
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_reserved_stays_where_it_is(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    product(&store, "CUP", 10).await;
    make(&store, "BER", 2).await;
    let held = hold(&store, &[("MUG", 7)]).await.reservation;
    let refused = transfer(&store, "MAIN", "BER", &[("CUP", 1), ("MUG", 4)]).await.unwrap_err().problem();
    let sku = Sku::new("MUG").unwrap();
    let short = Shortage { sku, requested: 4, available: 3, warehouse: Some(named("MAIN")) };
    assert_eq!(refused, Problem::InsufficientStock { shortages: vec![short] });
    assert_eq!(level_in(&store, "CUP", "BER").await, (0, 0), "all or nothing");
    assert_eq!(count(&pool, "select count(*) from stock where warehouse = 'BER'").await, 0);
    transfer(&store, "MAIN", "BER", &[("MUG", 3)]).await.unwrap();
    assert_eq!(level_in(&store, "MUG", "MAIN").await, (7, 7));
    // A hold whose time is over makes way, whether or not it was ended yet.
    age(&pool, held.id, 601).await;
    transfer(&store, "MAIN", "BER", &[("MUG", 7)]).await.unwrap();
    assert_eq!((level_in(&store, "MUG", "MAIN").await, level_in(&store, "MUG", "BER").await), ((0, 0), (10, 0)));
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_transfer_that_can_not_be_is_refused(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    make(&store, "BER", 2).await;
    receive_in(&store, "MUG", "BER", 2).await.unwrap();
    change(&store, "BER", None, Some(false)).await.unwrap();
    let cases = [
        (transfer(&store, "MAIN", "NOWHERE", &[("MUG", 1)]).await, "invalid_input"),
        (transfer(&store, "NOWHERE", "MAIN", &[("MUG", 1)]).await, "invalid_input"),
        (transfer(&store, "MAIN", "BER", &[("MUG", 1)]).await, "warehouse_inactive"),
        (transfer(&store, "MAIN", "BER", &[("CUP", 1)]).await, "unknown_sku"),
        (transfer(&store, "BER", "MAIN", &[("MUG", 3)]).await, "insufficient_stock"),
    ];
    for (result, expected) in cases {
        assert_eq!(code(result), expected);
    }
    transfer(&store, "BER", "MAIN", &[("MUG", 2)]).await.unwrap();
    assert_eq!(level_in(&store, "MUG", "BER").await, (0, 0), "it may be emptied");
    sqlx::query("update stock set on_hand = 9223372036854775806 where warehouse = 'MAIN'")
        .execute(&pool)
        .await
        .unwrap();
    change(&store, "BER", None, Some(true)).await.unwrap();
    receive_in(&store, "MUG", "BER", 2).await.unwrap();
    assert_eq!(code(transfer(&store, "BER", "MAIN", &[("MUG", 2)]).await), "invalid_input");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_transfer_is_carried_out_once_for_its_key(pool: PgPool) {
    let store = served(&pool).await;
    product(&store, "MUG", 10).await;
    make(&store, "BER", 2).await;
    let twin = || store.stock_transfer(keyed("move"), moving("MAIN", "BER", &[("MUG", 6)]));
    let (left, right) = tokio::join!(twin(), twin());
    assert_eq!(left.unwrap().rendered, right.unwrap().rendered);
    assert_eq!(level_in(&store, "MUG", "BER").await, (6, 0));
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn crossed_transfers_and_holds_never_wait_for_each_other_and_lose_no_unit(pool: PgPool) {
    let stores = [served(&pool).await, served(&pool).await];
    let skus: Vec<String> = (0..4).map(|number| format!("MUG-{number}")).collect();
    make(&stores[0], "AMS", 2).await;
    make(&stores[0], "BER", 3).await;
    for sku in &skus {
        product(&stores[0], sku, 20).await;
        receive_in(&stores[0], sku, "AMS", 20).await.unwrap();
    }
    let places = ["MAIN", "AMS", "BER"];
    let rush = (0..90_usize).map(|number| {
        let (store, skus) = (&stores[number % 2], &skus);
        async move {
            let mut lines: Vec<(&str, i64)> = skus.iter().map(|sku| (sku.as_str(), 1 + number as i64 % 3)).collect();
            if number % 2 == 0 {
                lines.reverse();
            }
            if number % 3 == 0 {
                told(crate::support::try_hold(store, &lines).await)
            } else {
                told(transfer(store, places[number % 3], places[(number + 1 + number / 3 % 2) % 3], &lines).await)
            }
        }
    });
    for outcome in join_all(rush).await {
        assert!(["accepted", "insufficient_stock"].contains(&outcome), "{outcome}");
    }
    assert_eq!(count(&pool, "select sum(on_hand)::bigint from stock").await, 160);
    assert_eq!(
        count(&pool, "select sum(on_hand_delta)::bigint from journal where action = 'stock.transferred'").await,
        0
    );
    assert_sound(&stores[0]).await;
    for store in stores {
        store.close().await;
    }
}
