//! Many at once: never more than there is, no deadlock that a client sees, and the sums agree.

use futures::future::join_all;
use rand::seq::SliceRandom as _;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Server, hold};

#[sqlx::test(migrations = "../migrations")]
async fn of_fifty_at_once_ten_get_the_ten_units(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("HOT", 10).await;
    let body = hold("HOT", 1);
    let replies = join_all((0..50).map(|_| server.client.post("/api/reservations", &body))).await;
    let count = |status: u16| replies.iter().filter(|reply| reply.status.as_u16() == status).count();
    assert_eq!((count(201), count(409)), (10, 40));
    for refused in replies.iter().filter(|reply| reply.status != 201) {
        refused.assert_problem(409, "insufficient_stock");
    }
    let product = server.client.get("/api/products/HOT").await.json();
    assert_eq!(product["stock"][0], json!({"warehouse": "MAIN", "on_hand": 10, "reserved": 10, "available": 0}));
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn five_hundred_crossed_baskets_meet_no_deadlock_and_the_sums_agree(pool: PgPool) {
    let server = Server::start(&pool).await;
    let skus: Vec<String> = (0..8).map(|number| format!("S{number}")).collect();
    for sku in &skus {
        server.product(sku, 300).await;
    }
    let baskets: Vec<Value> = (0..500)
        .map(|_| {
            let mut order = skus.clone();
            order.shuffle(&mut rand::rng());
            let lines: Vec<Value> = order.iter().take(5).map(|sku| json!({"sku": sku, "quantity": 1})).collect();
            json!({"lines": lines})
        })
        .collect();
    let replies = join_all(baskets.iter().map(|basket| server.client.post("/api/reservations", basket))).await;
    let held = replies.iter().filter(|reply| reply.status == 201).count();
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.assert_problem(409, "insufficient_stock");
    }
    let mut reserved = 0;
    for sku in &skus {
        let product = server.client.get(&format!("/api/products/{sku}")).await.json();
        reserved += product["stock"][0]["reserved"].as_u64().unwrap();
    }
    assert_eq!(reserved, held as u64 * 5);
    server.assert_balanced().await;
}
