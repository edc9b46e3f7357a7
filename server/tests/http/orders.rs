use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Server, hold};

async fn ordered(server: &Server, body: &Value) -> Value {
    let placed = server.client.post("/api/orders/", body).await;
    assert_eq!(placed.status, 201, "{}", placed.text());
    let order = placed.json();
    assert_eq!(placed.header("location"), Some(format!("/api/orders/{}", order["id"].as_str().unwrap()).as_str()));
    order
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reservation_becomes_an_order_and_goes_its_way(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let held = server.client.post("/api/reservations", &hold("A", 3)).await.json();
    let body = json!({
        "reservation_id": held["id"],
        "customer": {"email": "Ada@Example.com", "name": "Ada"},
        "reference": "web-1042",
    });
    let order = ordered(&server, &body).await;
    assert_eq!(order["status"], "pending");
    assert_eq!(order["total"], json!({"minor": 765, "currency": "GBP"}));
    assert_eq!(order["customer"]["email"], "ada@example.com");
    assert_eq!(order["expires_at"], held["expires_at"]);
    assert_eq!(order["allowed_transitions"], json!(["confirmed", "cancelled"]));
    assert_eq!(order["lines"][0]["allocations"], json!([{"warehouse": "MAIN", "quantity": 3}]));
    let path = format!("/api/orders/{}", order["number"]);
    for (status, version) in [("confirmed", 2), ("processing", 3), ("shipped", 4), ("delivered", 5)] {
        let moved = server.client.patch(&path, &json!({"status": status})).await;
        assert_eq!(moved.status, 200, "{}", moved.text());
        assert_eq!((moved.json()["status"].clone(), moved.json()["version"].clone()), (json!(status), json!(version)));
        assert_eq!(moved.header("etag"), Some(format!("\"{version}\"").as_str()));
    }
    let product = server.client.get("/api/products/A").await.json();
    assert_eq!(product["stock"][0], json!({"warehouse": "MAIN", "on_hand": 7, "reserved": 0, "available": 7}));
    let told = server.client.get(&format!("{path}/audit")).await.json();
    let told: Vec<&str> =
        told["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected =
        ["reservation.held", "order.placed", "order.confirmed", "order.processing", "order.shipped", "order.delivered"];
    assert_eq!(told, expected);
    let again = server.client.post("/api/orders", &body).await.assert_problem(409, "reference_taken");
    assert_eq!(again["reference"], "web-1042");
    server.client.post("/api/orders", &json!({"reservation_id": held["id"]})).await.assert_problem(409, "has_order");
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_step_that_is_not_allowed_says_what_is(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let order = ordered(&server, &json!({"lines": [{"sku": "A", "quantity": 1}], "confirm": true})).await;
    let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
    let refused = server.client.patch(&path, &json!({"status": "delivered"})).await;
    let refused = refused.assert_problem(409, "transition_not_allowed");
    assert_eq!(refused["from"], "confirmed");
    assert_eq!(refused["to"], "delivered");
    assert_eq!(refused["allowed"], json!(["processing", "cancelled"]));
    server.client.patch(&path, &json!({"status": "expired"})).await.assert_problem(409, "transition_not_allowed");
    for (body, field) in [
        (json!({}), "status"),
        (json!({"status": "lost"}), "status"),
        (json!({"note": "a\u{0}b"}), "note"),
        (json!({"status": "shipped", "restock": true}), "restock"),
        (json!({"note": "x", "version": 0}), "version"),
    ] {
        let refused = server.client.patch(&path, &body).await.assert_problem(422, "invalid_input");
        assert_eq!(refused["errors"][0]["field"], field, "{body}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stale_version_is_refused_by_body_or_by_if_match(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let order = ordered(&server, &json!({"lines": [{"sku": "A", "quantity": 1}]})).await;
    let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
    let read = server.client.get(&path).await;
    let etag = read.header("etag").unwrap().to_owned();
    assert_eq!(server.client.patch(&path, &json!({"note": "one", "version": 1})).await.status, 200);
    let stale = server.client.patch(&path, &json!({"note": "two", "version": 1})).await;
    assert_eq!(stale.assert_problem(409, "stale_version")["version"], 2);
    let body = json!({"note": "three"}).to_string();
    let stale = server.client.send(Method::PATCH, &path, &[("if-match", &etag)], Some(body.clone())).await;
    stale.assert_problem(409, "stale_version");
    let matched = server.client.send(Method::PATCH, &path, &[("if-match", "\"2\"")], Some(body)).await;
    assert_eq!(matched.json()["notes"][1]["text"], "three", "{}", matched.text());
    let broken =
        server.client.send(Method::PATCH, &path, &[("if-match", "\"two\"")], Some("{\"note\":\"x\"}".into())).await;
    broken.assert_problem(400, "malformed");
}

#[sqlx::test(migrations = "../migrations")]
async fn orders_are_listed_filtered_and_exported(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 100).await;
    for (quantity, confirm, email) in [(1, true, "a@x.org"), (5, false, "b@x.org"), (3, true, "a@x.org")] {
        let body = json!({
            "lines": [{"sku": "A", "quantity": quantity}],
            "confirm": confirm,
            "customer": {"email": email, "name": "=HYPERLINK(\"x\")"},
        });
        ordered(&server, &body).await;
    }
    let listed = |query: &str| {
        let (client, path) = (server.client.clone(), format!("/api/orders/?{query}"));
        async move {
            let page = client.get(&path).await;
            assert_eq!(page.status, 200, "{}", page.text());
            let items = page.json()["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["items"].as_i64().unwrap()).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed("").await, [3, 5, 1]);
    assert_eq!(listed("sort=highest").await, [5, 3, 1]);
    assert_eq!(listed("status=confirmed").await, [3, 1]);
    assert_eq!(listed("status=confirmed&status=pending").await, [3, 5, 1]);
    assert_eq!(listed("min_total=765&max_total=765").await, [3]);
    assert_eq!(listed("customer=a@x.org&sort=highest").await, [3, 1]);
    assert_eq!(listed("from=2000-01-01&to=2000-01-02").await, [0; 0]);
    for (query, field) in [
        ("status=lost", "status"),
        ("from=2026-02-01&to=2026-01-01", "from"),
        ("min_total=5&max_total=4", "min_total"),
        ("sort=oldest", "sort"),
        ("customer=nobody", "customer"),
    ] {
        let refused = server.client.get(&format!("/api/orders?{query}")).await.assert_problem(422, "invalid_input");
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
    let page = server.client.get("/api/orders?limit=1").await.json();
    let next = page["next"].as_str().unwrap();
    let other = server.client.get(&format!("/api/orders?limit=1&sort=highest&cursor={next}")).await;
    other.assert_problem(400, "cursor_mismatch");

    let csv = server.client.get("/api/orders.csv?status=confirmed").await;
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    let text = csv.text();
    let rows: Vec<&str> = text.lines().collect();
    assert_eq!(rows.len(), 3, "{text}");
    assert!(rows[0].starts_with("number,") && rows[1].contains("'=HYPERLINK"), "{text}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_can_not_be_ordered_is_named(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let cases = [
        (json!({}), 422, "invalid_input"),
        (json!({"reservation_id": "x"}), 422, "invalid_input"),
        (json!({"reservation_id": "019a0000-0000-7000-8000-000000000001"}), 404, "not_found"),
        (json!({"lines": [{"sku": "A", "quantity": 11}]}), 409, "insufficient_stock"),
        (json!({"lines": [{"sku": "NOPE", "quantity": 1}]}), 422, "unknown_sku"),
        (json!({"lines": [{"sku": "A", "quantity": 1}], "customer": {"name": "Ada"}}), 422, "invalid_input"),
        (json!({"lines": [{"sku": "A", "quantity": 1}], "reference": ""}), 422, "invalid_input"),
        (json!({"lines": [{"sku": "A", "quantity": 1}], "paid": true}), 400, "malformed"),
    ];
    for (body, status, code) in cases {
        server.client.post("/api/orders", &body).await.assert_problem(status, code);
    }
    for path in ["/api/orders/1", "/api/orders/0", "/api/orders/x", "/api/orders/1/audit"] {
        server.client.get(path).await.assert_problem(404, "not_found");
    }
    let product = server.client.get("/api/products/A").await.json();
    assert_eq!(product["stock"][0]["reserved"], 0);
}
