use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Server, hold};

#[sqlx::test(migrations = "../migrations")]
async fn a_product_is_created_found_by_id_and_sku_and_told_of_in_the_journal(pool: PgPool) {
    let server = Server::start(&pool).await;
    let created = server
        .client
        .post(
            "/api/products/",
            &json!({"sku": "A/1 ?", "name": "Mug ☕ 👨‍👩‍👧", "price": {"minor": 1299, "currency": "GBP"}}),
        )
        .await;
    assert_eq!(created.status, 201, "{}", created.text());
    let product = created.json();
    let id = product["id"].as_str().unwrap();
    assert_eq!(created.header("location"), Some(format!("/api/products/{id}").as_str()));
    assert_eq!(product["stock"], json!([{"warehouse": "MAIN", "on_hand": 0, "reserved": 0, "available": 0}]));
    for path in [format!("/api/products/{id}"), "/api/products/A%2F1%20%3F".to_owned()] {
        let found = server.client.get(&path).await.json();
        assert_eq!((found["id"].as_str(), found["name"].as_str()), (Some(id), Some("Mug ☕ 👨‍👩‍👧")));
    }
    let journal = server.client.get(&format!("/api/audit?subject=product:{id}")).await.json();
    assert_eq!(journal["items"][0]["action"], "product.created");
    assert_eq!(server.client.get("/api/audit?subject=product:A%2F1%20%3F").await.json(), journal);
    assert!(journal["items"][0]["actor"].as_str().unwrap().starts_with("key:"), "{journal}");
    assert_eq!(journal["items"][0]["request_id"].as_str(), created.header("x-request-id"));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_unchanged_product_is_not_sent_again(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 3).await;
    let first = server.client.get("/api/products/A").await;
    let etag = first.header("etag").unwrap();
    let again = server.client.send(reqwest::Method::GET, "/api/products/A", &[("if-none-match", etag)], None).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    server.client.post("/api/reservations", &hold("A", 1)).await;
    let changed = server.client.send(reqwest::Method::GET, "/api/products/A", &[("if-none-match", etag)], None).await;
    assert_eq!(changed.status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn products_are_listed_by_sku_page_by_page_and_found_by_the_beginnings_of_words(pool: PgPool) {
    let server = Server::start(&pool).await;
    for number in 0..7 {
        server.product(&format!("SKU-{number}"), number).await;
    }
    let mut walked = Vec::new();
    let mut path = "/api/products?limit=3&q=prod".to_owned();
    loop {
        let page = server.client.get(&path).await.json();
        walked.extend(page["items"].as_array().unwrap().iter().map(|item| item["on_hand"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/products?limit=3&q=prod&cursor={next}");
    }
    assert_eq!(walked, [0, 1, 2, 3, 4, 5, 6]);
    let found = server.client.get("/api/products?q=sku+5").await.json();
    assert_eq!(found["items"][0]["available"], 5);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    let nothing = server.client.get("/api/products?q=%27%26%7C").await.json();
    assert_eq!(nothing["items"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_is_bound_to_its_list(pool: PgPool) {
    let server = Server::start(&pool).await;
    for number in 0..3 {
        server.product(&format!("S{number}"), 0).await;
    }
    let page = server.client.get("/api/products?limit=1").await.json();
    let next = page["next"].as_str().unwrap();
    let other = server.client.get(&format!("/api/products?limit=1&q=p&cursor={next}")).await;
    other.assert_problem(400, "cursor_mismatch");
    let other = server.client.get(&format!("/api/reservations?cursor={next}")).await;
    other.assert_problem(400, "cursor_mismatch");
    server.client.get("/api/products?cursor=nonsense").await.assert_problem(400, "bad_cursor");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_product_is_changed_archived_and_brought_back(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 5).await;
    let patch = json!({"name": "New", "price": {"minor": 1, "currency": "GBP"}, "low_stock_threshold": 2});
    let changed = server.client.patch("/api/products/A", &patch).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["low_stock_threshold"], 2);
    let cleared = server.client.patch("/api/products/A", &json!({"low_stock_threshold": null})).await.json();
    assert_eq!((&cleared["low_stock_threshold"], &cleared["name"]), (&json!(null), &json!("New")));
    server.client.patch("/api/products/A", &json!({"archived": true})).await;
    server.client.post("/api/reservations", &hold("A", 1)).await.assert_problem(409, "product_archived");
    assert_eq!(server.client.get("/api/products").await.json()["items"], json!([]));
    assert_eq!(server.client.get("/api/products?archived=only").await.json()["items"][0]["sku"], "A");
    server.client.patch("/api/products/A", &json!({"archived": false})).await;
    assert_eq!(server.client.post("/api/reservations", &hold("A", 1)).await.status, 201);
}

#[sqlx::test(migrations = "../migrations")]
async fn no_fewer_units_can_be_on_hand_than_are_reserved(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    server.client.post("/api/reservations", &hold("A", 6)).await;
    let change = |delta: i64, reason: &str| {
        let (client, body) = (server.client.clone(), json!({"delta": delta, "reason": reason}));
        async move { client.post("/api/products/A/stock", &body).await }
    };
    assert_eq!(change(-4, "written_off").await.status, 200);
    let refused = change(-1, "adjusted").await.assert_problem(409, "below_reserved");
    assert_eq!((&refused["on_hand"], &refused["reserved"]), (&json!(6), &json!(6)));
    change(-1, "received").await.assert_problem(422, "invalid_input");
    change(1, "written_off").await.assert_problem(422, "invalid_input");
    change(1, "found").await.assert_problem(422, "invalid_input");
    change(0, "adjusted").await.assert_problem(422, "invalid_input");
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn stock_is_read_as_it_was_at_a_time(pool: PgPool) {
    let server = Server::start(&pool).await;
    let client = &server.client;
    server.product("A", 10).await;
    let held = json!({"lines": [{"sku": "A", "quantity": 4}], "owner": "cart-1"});
    let held = client.post("/api/reservations", &held).await.json();
    let at = held["created_at"].as_str().unwrap();
    let entries = client.get("/api/audit?sku=A&action=stock.received").await.json();
    let received_at = entries["items"][0]["at"].as_str().unwrap();

    let then = client.get(&format!("/api/products/A?at={received_at}")).await;
    assert_eq!(then.status, 200, "{}", then.text());
    let (etag, then) = (then.header("etag").unwrap().to_owned(), then.json());
    assert_eq!(
        (&then["stock"][0]["available"], &then["as_of"], &then["held_by"]),
        (&json!(10), &json!(received_at), &json!([]))
    );
    let now = client.get(&format!("/api/products/A?at={at}")).await.json();
    assert_eq!((&now["stock"][0]["on_hand"], &now["stock"][0]["reserved"]), (&json!(10), &json!(4)));
    let holder = &now["held_by"][0];
    assert_eq!(
        (&holder["reservation_id"], &holder["owner"], &holder["quantity"]),
        (&held["id"], &json!("cart-1"), &json!(4))
    );
    assert!(now["version"].as_i64() > then["version"].as_i64());
    let known = [("if-none-match", etag.as_str())];
    let path = format!("/api/products/A?at={received_at}");
    assert_eq!(client.send(Method::GET, &path, &known, None).await.status, 304);

    client.get("/api/products/A?at=yesterday").await.assert_problem(422, "invalid_input");
    client.get("/api/products/A?at=2999-01-01T00:00:00Z").await.assert_problem(422, "invalid_input");
    client.get(&format!("/api/products/NOPE?at={at}")).await.assert_problem(404, "not_found");
    client.get("/api/products/A?when=now").await.assert_problem(400, "malformed");
}
