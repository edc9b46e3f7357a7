use futures::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Server, hold};

#[sqlx::test(migrations = "../migrations")]
async fn a_replay_is_the_first_answer_byte_for_byte(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let first = server.client.post_with_key("/api/reservations", "k1", &hold("A", 3)).await;
    let again = server.client.post_with_key("/api/reservations/", "k1", &hold("A", 3)).await;
    assert_eq!((first.status, &first.bytes), (again.status, &again.bytes));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    let other = server.client.post_with_key("/api/reservations", "k1", &hold("A", 4)).await;
    other.assert_problem(422, "idempotency_mismatch");
    let received = json!({"delta": 1, "reason": "received"});
    let elsewhere = server.client.post_with_key("/api/products/A/stock", "k1", &received).await;
    elsewhere.assert_problem(422, "idempotency_mismatch");
    let product = server.client.get("/api/products/A").await.json();
    assert_eq!(product["stock"][0]["reserved"], 3);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_spelling_of_a_body_does_not_make_it_another_request(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let spelled = |body: &str| {
        let (client, body) = (server.client.clone(), body.to_owned());
        async move { client.send(reqwest::Method::POST, "/api/reservations", &[("idempotency-key", "k")], Some(body)).await }
    };
    let first = spelled(r#"{"lines":[{"sku":"A","quantity":2}]}"#).await;
    let again = spelled(r#"{ "ttl_seconds": 600, "lines": [ {"quantity": 2.0, "sku": "A"} ] }"#).await;
    assert_eq!(first.bytes, again.bytes);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_refusal_is_not_kept(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 0).await;
    let refused = server.client.post_with_key("/api/reservations", "k", &hold("A", 1)).await;
    refused.assert_problem(409, "insufficient_stock");
    server.client.post("/api/products/A/stock", &json!({"delta": 1, "reason": "received"})).await;
    let held = server.client.post_with_key("/api/reservations", "k", &hold("A", 1)).await;
    assert_eq!(held.status, 201, "{}", held.text());
}

#[sqlx::test(migrations = "../migrations")]
async fn twins_sent_at_once_have_one_effect_and_identical_answers_a_hundred_times(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 1_000).await;
    for round in 0..100 {
        let key = format!("round {round}");
        let body = hold("A", 1);
        let twins = join_all([(); 2].map(|()| server.client.post_with_key("/api/reservations", &key, &body))).await;
        assert_eq!(twins[0].status, 201, "{}", twins[0].text());
        assert_eq!((twins[0].status, &twins[0].bytes), (twins[1].status, &twins[1].bytes));
    }
    let product = server.client.get("/api/products/A").await.json();
    assert_eq!(product["stock"][0]["reserved"], 100);
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn twins_that_create_a_product_both_learn_of_the_one(pool: PgPool) {
    let server = Server::start(&pool).await;
    for round in 0..30 {
        let body = json!({"sku": format!("S{round}"), "name": "x", "price": {"minor": 1, "currency": "GBP"}});
        let key = format!("product {round}");
        let twins = join_all([(); 3].map(|()| server.client.post_with_key("/api/products", &key, &body))).await;
        for twin in &twins {
            assert_eq!((twin.status.as_u16(), &twin.bytes), (201, &twins[0].bytes), "{}", twin.text());
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_has_printable_ascii_characters(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let long = "k".repeat(256);
    for key in ["", long.as_str(), "a\tb"] {
        let refused = server.client.post_with_key("/api/reservations", key, &hold("A", 1)).await;
        refused.assert_problem(400, "malformed");
    }
    let longest = "k".repeat(255);
    assert_eq!(server.client.post_with_key("/api/reservations", &longest, &hold("A", 1)).await.status, 201);
}
