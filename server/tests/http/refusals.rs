//! Bad input is refused with a typed problem, never with a 500, and changes nothing.

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Server, hold};

#[sqlx::test(migrations = "../migrations")]
async fn what_can_not_be_read_is_malformed(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "7",
        r#"{"lines": [{"sku": "A", "quantity": 1}], "ttl": 5}"#,
        r#"{"lines": [{"sku": "A", "quantity": 1, "size": "L"}]}"#,
        r#"{"lines": [{"sku": "A", "quantity": 1}]} trailing"#,
        "{\"lines\": [{\"sku\": \"\u{1}\", \"quantity\": 1}]}",
    ];
    for body in bodies {
        let refused = server.client.send(Method::POST, "/api/reservations", &[], Some(body.to_owned())).await;
        refused.assert_problem(400, "malformed");
    }
    server.client.get("/api/products?page=2").await.assert_problem(400, "malformed");
    server.client.get("/api/reservations?status=held&status=expired").await.assert_problem(400, "malformed");
}

#[sqlx::test(migrations = "../migrations")]
async fn quantities_outside_their_range_are_named(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let ten_to_thirty = "1".to_owned() + &"0".repeat(30);
    let quantities = [
        "0",
        "-1",
        "1000001",
        "9223372036854775808",
        "-9223372036854775809",
        &ten_to_thirty,
        "1e30",
        "1.5",
        "\"six\"",
        "true",
        "null",
    ];
    for quantity in quantities {
        let body = format!(r#"{{"lines": [{{"sku": "A", "quantity": 1}}, {{"sku": "A", "quantity": {quantity}}}]}}"#);
        let refused = server.client.send(Method::POST, "/api/reservations", &[], Some(body)).await;
        let problem = refused.assert_problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], "lines[1].quantity", "{quantity}: {problem}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn texts_that_are_not_acceptable_are_named(pool: PgPool) {
    let server = Server::start(&pool).await;
    let product = |sku: &str, name: &str, currency: &str| json!({"sku": sku, "name": name, "price": {"minor": 1, "currency": currency}});
    let long = "x".repeat(10_000);
    let cases: Vec<(Value, &str)> = vec![
        (product(&long, "n", "GBP"), "sku"),
        (product("a\u{0}b", "n", "GBP"), "sku"),
        (product("a\nb", "n", "GBP"), "sku"),
        (product("\u{202E}321", "n", "GBP"), "sku"),
        (product("", "n", "GBP"), "sku"),
        (product(" A", "n", "GBP"), "sku"),
        (product("A", "", "GBP"), "name"),
        (product("A", &long, "GBP"), "name"),
        (product("A", "a\u{0}b", "GBP"), "name"),
        (product("A", "n", "gbp"), "price.currency"),
        (product("A", "n", "XXX"), "price.currency"),
        (json!({"sku": 5, "name": "n", "price": {"minor": 1, "currency": "GBP"}}), "sku"),
        (json!({"sku": "A", "name": "n", "price": {"minor": "1", "currency": "GBP"}}), "price.minor"),
        (json!({"sku": "A", "name": "n", "price": {"minor": -1, "currency": "GBP"}}), "price"),
    ];
    for (body, field) in cases {
        let problem = server.client.post("/api/products", &body).await.assert_problem(422, "invalid_input");
        assert_eq!(problem["errors"][0]["field"], field, "{body}");
    }
    assert_eq!(server.client.get("/api/products").await.json()["items"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn reservations_name_what_is_wrong_with_them(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let yen = json!({"sku": "Y", "name": "Yen", "price": {"minor": 1, "currency": "JPY"}});
    assert_eq!(server.client.post("/api/products", &yen).await.status, 201);
    let line = |line: Value| json!({"lines": [line]});
    let cases = [
        (line(json!({"sku": "NOPE", "quantity": 1})), "unknown_sku", "lines[0].sku"),
        (
            line(json!({"product_id": "019a0000-0000-7000-8000-000000000001", "quantity": 1})),
            "unknown_sku",
            "lines[0].product_id",
        ),
        (line(json!({"product_id": "nonsense", "quantity": 1})), "invalid_input", "lines[0].product_id"),
        (line(json!({"quantity": 1})), "invalid_input", "lines[0].sku"),
        (line(json!({"sku": "A"})), "invalid_input", "lines[0].quantity"),
        (line(json!({"sku": "A", "quantity": 1, "warehouse": "MOON"})), "invalid_input", "lines[0].warehouse"),
        (line(json!({"sku": "x".repeat(10_000), "quantity": 1})), "invalid_input", "lines[0].sku"),
        (json!({"lines": []}), "invalid_input", "lines"),
        (json!({"lines": vec![json!({"sku": "A", "quantity": 1}); 1_001]}), "invalid_input", "lines"),
        (json!({"lines": [{"sku": "A", "quantity": 1}], "ttl_seconds": 3_601}), "invalid_input", "ttl_seconds"),
        (json!({"lines": [{"sku": "A", "quantity": 1}], "strategy": "nearest"}), "invalid_input", "strategy"),
        (json!({"lines": [{"sku": "A", "quantity": 1}], "owner": "\u{0}"}), "invalid_input", "owner"),
    ];
    for (body, code, field) in cases {
        let problem = server.client.post("/api/reservations", &body).await.assert_problem(422, code);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let mixed = json!({"lines": [{"sku": "A", "quantity": 1}, {"sku": "Y", "quantity": 1}]});
    server.client.post("/api/reservations", &mixed).await.assert_problem(422, "mixed_currency");
    let thousand = json!({"lines": vec![json!({"sku": "A", "quantity": 1}); 1_000]});
    server.client.post("/api/reservations", &thousand).await.assert_problem(409, "insufficient_stock");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_there_is_not_found_and_methods_are_told(pool: PgPool) {
    let server = Server::start(&pool).await;
    let id = "019a0000-0000-7000-8000-000000000001";
    let unknown = [
        "/api/products/NOPE".to_owned(),
        format!("/api/products/{id}"),
        "/api/products/%00".to_owned(),
        format!("/api/products/{}", "x".repeat(5_000)),
        format!("/api/reservations/{id}"),
        "/api/reservations/1".to_owned(),
        "/api/nothing".to_owned(),
        "/api/fn/nothing".to_owned(),
        "/api".to_owned(),
    ];
    for path in unknown {
        server.client.get(&path).await.assert_problem(404, "not_found");
    }
    server.client.get("/api/products/%FF").await.assert_problem(400, "malformed");
    for (method, path) in [
        (Method::DELETE, "/api/products"),
        (Method::PATCH, "/api/reservations"),
        (Method::GET, "/api/reservations/1/extend"),
    ] {
        let refused = server.client.send(method, path, &[], None).await;
        refused.assert_problem(405, "method_not_allowed");
        assert!(refused.header("allow").is_some());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn bodies_that_are_too_large_or_no_json_are_refused(pool: PgPool) {
    let server = Server::start(&pool).await;
    let large = "x".repeat(10_000_000);
    server.client.send(Method::POST, "/api/products", &[], Some(large)).await.assert_problem(413, "too_large");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let refused = server.client.send_raw(Method::POST, "/api/products", &form, "sku=A".to_owned()).await;
    refused.assert_problem(415, "unsupported_media_type");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_parameter_that_says_nothing_is_not_taken_for_one_that_is_not_there(pool: PgPool) {
    let server = Server::start(&pool).await;
    for query in ["/api/orders?status=", "/api/orders?from=&limit=5", "/api/products?q", "/api/audit?sku="] {
        let reply = server.client.get(query).await;
        assert_eq!((reply.status.as_u16(), reply.json()["code"].as_str()), (400, Some("malformed")), "{query}");
        assert!(reply.json()["detail"].as_str().unwrap().contains("is empty"), "{query}");
    }
    assert_eq!(server.client.get("/api/orders?").await.status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn limits_are_one_to_two_hundred(pool: PgPool) {
    let server = Server::start(&pool).await;
    for limit in ["0", "201", "-1", "x", "99999999999999999999"] {
        let problem = server.client.get(&format!("/api/products?limit={limit}")).await;
        assert_eq!(problem.assert_problem(422, "invalid_input")["errors"][0]["field"], "limit");
    }
    assert_eq!(server.client.get("/api/products?limit=200").await.status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sku_is_taken_once(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 1).await;
    let body = json!({"sku": "A", "name": "n", "price": {"minor": 1, "currency": "GBP"}});
    assert_eq!(server.client.post("/api/products", &body).await.assert_problem(409, "sku_taken")["sku"], "A");
    let other_case = json!({"sku": "a", "name": "n", "price": {"minor": 1, "currency": "GBP"}});
    assert_eq!(server.client.post("/api/products", &other_case).await.status, 201);
    assert_eq!(server.client.post("/api/reservations", &hold("A", 1)).await.status, 201);
}
