use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Server, hold};

fn available(product: &Value) -> i64 {
    product["stock"][0]["available"].as_i64().unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn units_are_held_and_back_on_sale_once_the_time_is_over(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("85123A", 10).await;
    let body = json!({"lines": [{"sku": "85123A", "quantity": 6}], "ttl_seconds": 2, "owner": "cart-1"});
    let held = server.client.post("/api/reservations", &body).await;
    assert_eq!(held.status, 201, "{}", held.text());
    let reservation = held.json();
    let id = reservation["id"].as_str().unwrap().to_owned();
    assert_eq!(reservation["status"], "held");
    assert_eq!(
        reservation["lines"][0]["allocations"],
        json!([{"warehouse": "MAIN", "quantity": 6, "reason": "only_warehouse"}])
    );
    assert_eq!(available(&server.client.get("/api/products/85123A").await.json()), 4);

    tokio::time::sleep(Duration::from_millis(2_400)).await;
    assert_eq!(available(&server.client.get("/api/products/85123A").await.json()), 10);
    assert_eq!(server.client.get(&format!("/api/reservations/{id}")).await.json()["status"], "expired");
    let journal = server.client.get(&format!("/api/audit?subject=reservation:{id}")).await.json();
    let told: Vec<(&str, &str)> = journal["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].as_str().unwrap(), entry["actor"].as_str().unwrap()))
        .collect();
    assert_eq!(told[0], ("reservation.expired", "system:expiry"));
    assert!(told[1].0 == "reservation.held" && told[1].1.starts_with("key:"), "{told:?}");
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn duplicate_lines_are_summed_before_they_are_checked(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let lines = json!({"lines": [{"sku": "A", "quantity": 6}, {"sku": "A", "quantity": 6}]});
    let refused = server.client.post("/api/reservations", &lines).await.assert_problem(409, "insufficient_stock");
    assert_eq!(refused["shortages"], json!([{"sku": "A", "requested": 12, "available": 10}]));
    let lines = json!({"lines": [{"sku": "A", "quantity": 4}, {"sku": "A", "quantity": 6}]});
    let held = server.client.post("/api/reservations", &lines).await.json();
    assert_eq!(held["lines"].as_array().unwrap().len(), 1);
    assert_eq!(held["lines"][0]["quantity"], 10);
}

#[sqlx::test(migrations = "../migrations")]
async fn all_lines_are_held_or_none_and_every_shortage_is_named(pool: PgPool) {
    let server = Server::start(&pool).await;
    for (sku, units) in [("A", 10), ("B", 1), ("C", 0)] {
        server.product(sku, units).await;
    }
    let lines: Vec<Value> = ["A", "B", "C"].map(|sku| json!({"sku": sku, "quantity": 2})).into();
    let refused = server.client.post("/api/reservations", &json!({"lines": lines})).await;
    let refused = refused.assert_problem(409, "insufficient_stock");
    let expected = json!([
        {"sku": "B", "requested": 2, "available": 1},
        {"sku": "C", "requested": 2, "available": 0},
    ]);
    assert_eq!(refused["shortages"], expected);
    assert_eq!(available(&server.client.get("/api/products/A").await.json()), 10);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_owners_own_hold_never_blocks_the_owner(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let held = server.client.post("/api/reservations", &hold("A", 10)).await.json();
    let path = format!("/api/reservations/{}", held["id"].as_str().unwrap());
    let more = server.client.put(&path, &hold("A", 11)).await;
    more.assert_problem(409, "insufficient_stock");
    assert_eq!(server.client.get(&path).await.json()["lines"][0]["quantity"], 10);
    let fewer = server.client.put(&path, &hold("A", 7)).await;
    assert_eq!(fewer.status, 200, "{}", fewer.text());
    assert_eq!(fewer.json()["expires_at"], held["expires_at"]);
    assert_eq!(available(&server.client.get("/api/products/A").await.json()), 3);
    let same = server.client.put(&path, &hold("A", 10)).await;
    assert_eq!(same.json()["lines"][0]["quantity"], 10);
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_hold_is_extended_never_shortened_and_released_once(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let held = server.client.post("/api/reservations", &hold("A", 1)).await.json();
    let path = format!("/api/reservations/{}", held["id"].as_str().unwrap());
    let shorter = server.client.post(&format!("{path}/extend"), &json!({"ttl_seconds": 1})).await.json();
    assert_eq!(shorter["expires_at"], held["expires_at"]);
    let longer = server.client.post(&format!("{path}/extend"), &json!({"ttl_seconds": 1_200})).await.json();
    assert!(longer["expires_at"].as_str() > held["expires_at"].as_str());
    let beyond = server.client.post(&format!("{path}/extend"), &json!({"ttl_seconds": 3_600})).await;
    beyond.assert_problem(422, "invalid_input");
    let released = server.client.send(reqwest::Method::POST, &format!("{path}/release/"), &[], None).await;
    assert_eq!((released.status.as_u16(), released.json()["status"].clone()), (200, json!("released")));
    for (call, body) in [("release", json!({})), ("extend", json!({"ttl_seconds": 5}))] {
        let refused = server.client.post(&format!("{path}/{call}"), &body).await;
        assert_eq!(refused.assert_problem(409, "not_held")["reservation_status"], "released");
    }
    server.client.put(&path, &hold("A", 1)).await.assert_problem(409, "not_held");
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn reservations_are_listed_soonest_deadline_first_by_status_sku_and_owner(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 100).await;
    server.product("B", 100).await;
    for (sku, ttl_seconds, owner) in [("A", 300, "x"), ("B", 100, "y"), ("A", 200, "y")] {
        let body = json!({"lines": [{"sku": sku, "quantity": 1}], "ttl_seconds": ttl_seconds, "owner": owner});
        assert_eq!(server.client.post("/api/reservations", &body).await.status, 201);
    }
    let listed = |query: &str| {
        let (client, path) = (server.client.clone(), format!("/api/reservations?{query}"));
        async move {
            let page = client.get(&path).await.json();
            let items = page["items"].as_array().unwrap().clone();
            items
                .iter()
                .map(|item| format!("{}{}", item["lines"][0]["sku"].as_str().unwrap(), item["owner"].as_str().unwrap()))
                .collect::<Vec<_>>()
        }
    };
    assert_eq!(listed("status=held").await, ["By", "Ay", "Ax"]);
    assert_eq!(listed("sort=latest").await, ["Ax", "Ay", "By"]);
    assert_eq!(listed("sku=A").await, ["Ay", "Ax"]);
    assert_eq!(listed("owner=y&status=held").await, ["By", "Ay"]);
    assert_eq!(listed("status=released").await, [""; 0]);
    assert_eq!(listed("sku=NOPE").await, [""; 0]);
}

#[sqlx::test(migrations = "../migrations")]
async fn an_overdue_hold_makes_room_even_where_no_sweep_runs(pool: PgPool) {
    let server = Server::start_without_tasks(&pool).await;
    server.product("A", 1).await;
    let body = json!({"lines": [{"sku": "A", "quantity": 1}], "ttl_seconds": 1});
    let first = server.client.post("/api/reservations", &body).await.json();
    server.client.post("/api/reservations", &body).await.assert_problem(409, "insufficient_stock");
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let path = format!("/api/reservations/{}", first["id"].as_str().unwrap());
    assert_eq!(server.client.get(&path).await.json()["status"], "expired");
    server.client.post(&format!("{path}/release"), &json!({})).await.assert_problem(409, "not_held");
    assert_eq!(server.client.post("/api/reservations", &body).await.status, 201);
    server.assert_balanced().await;
}
