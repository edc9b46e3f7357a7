use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::Server;

impl Server {
    async fn warehouse(&self, code: &str, priority: i64) -> Value {
        let body = json!({"code": code, "name": format!("Warehouse {code}"), "priority": priority});
        let made = self.client.post("/api/warehouses", &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        assert_eq!(made.header("location"), Some(format!("/api/warehouses/{code}").as_str()));
        made.json()
    }

    async fn receive(&self, sku: &str, warehouse: &str, units: i64) {
        let body = json!({"warehouse": warehouse, "delta": units, "reason": "received"});
        let received = self.client.post(&format!("/api/products/{sku}/stock"), &body).await;
        assert_eq!(received.status, 200, "{}", received.text());
    }

    async fn stock(&self, sku: &str) -> Vec<(String, i64, i64)> {
        let product = self.client.get(&format!("/api/products/{sku}")).await.json();
        let rows = product["stock"].as_array().unwrap().iter();
        let count = |row: &Value, name: &str| row[name].as_i64().unwrap();
        rows.map(|row| (row["warehouse"].as_str().unwrap().to_owned(), count(row, "on_hand"), count(row, "reserved")))
            .collect()
    }
}

fn row(code: &str, on_hand: i64, reserved: i64) -> (String, i64, i64) {
    (code.to_owned(), on_hand, reserved)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_warehouse_is_made_changed_and_listed_in_the_order_of_drawing(pool: PgPool) {
    let server = Server::start(&pool).await;
    let made = server.warehouse("BER", 2).await;
    assert_eq!(made, json!({"code": "BER", "name": "Warehouse BER", "priority": 2, "active": true}));
    server.warehouse("AMS", 2).await;
    let body = json!({"code": "BER", "name": "Other", "priority": 1});
    let taken = server.client.post("/api/warehouses", &body).await.assert_problem(409, "code_taken");
    assert_eq!(taken["warehouse"], "BER");
    let codes = async || {
        let page = server.client.get("/api/warehouses/").await.json();
        let codes = page["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap().to_owned());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(codes().await, ["MAIN", "AMS", "BER"]);
    let changed = server.client.patch("/api/warehouses/MAIN", &json!({"priority": 9, "name": "Old hall"})).await;
    assert_eq!(changed.json(), json!({"code": "MAIN", "name": "Old hall", "priority": 9, "active": true}));
    assert_eq!(codes().await, ["AMS", "BER", "MAIN"]);
    assert_eq!(server.client.get("/api/warehouses/MAIN/").await.json(), changed.json());
    let next = server.client.get("/api/warehouses?limit=1").await.json()["next"].as_str().unwrap().to_owned();
    let page = server.client.get(&format!("/api/warehouses?limit=1&cursor={next}")).await.json();
    assert_eq!(page["items"][0]["code"], "BER");
    let told = server.client.get("/api/audit?action=warehouse.changed").await.json();
    assert_eq!(told["items"][0]["subject"]["kind"], "warehouse");
    let subject = told["items"][0]["subject"]["id"].as_str().unwrap().to_owned();
    let told = server.client.get(&format!("/api/audit?subject=warehouse:{subject}")).await.json();
    assert_eq!(told["items"].as_array().unwrap().len(), 1);
    assert_eq!(server.client.get("/api/audit?subject=warehouse:MAIN").await.json(), told);
    server.client.get("/api/audit?subject=warehouse:NOPE").await.assert_problem(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_with_a_warehouse_is_said_by_its_field(pool: PgPool) {
    let server = Server::start(&pool).await;
    let fields = async |body: Value| {
        let refused = server.client.post("/api/warehouses", &body).await.assert_problem(422, "invalid_input");
        let errors = refused["errors"].as_array().unwrap().iter();
        errors.map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(fields(json!({"code": "", "name": " ", "priority": 0})).await, ["code", "name", "priority"]);
    assert_eq!(fields(json!({"code": "A".repeat(17), "name": "A", "priority": 1_000_001})).await, ["code", "priority"]);
    assert_eq!(fields(json!({"code": "..", "name": "A", "priority": 1})).await, ["code"]);
    server.client.patch("/api/warehouses/BER", &json!({"active": false})).await.assert_problem(404, "not_found");
    server.client.get("/api/warehouses/BER").await.assert_problem(404, "not_found");
    server.client.patch("/api/warehouses/MAIN", &json!({"code": "M"})).await.assert_problem(400, "malformed");
    server.client.patch("/api/warehouses/MAIN", &json!({"priority": 0})).await.assert_problem(422, "invalid_input");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_warehouse_is_made_once_for_its_key(pool: PgPool) {
    let server = Server::start(&pool).await;
    let body = json!({"code": "B/R", "name": "Berlin", "priority": 2});
    let first = server.client.post_with_key("/api/warehouses", "k", &body).await;
    let again = server.client.post_with_key("/api/warehouses/", "k", &body).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!((&first.bytes, again.header("idempotency-replayed")), (&again.bytes, Some("true")));
    assert_eq!(again.header("location"), Some("/api/warehouses/B%2FR"));
    assert_eq!(server.client.get("/api/warehouses/B%2FR").await.status, 200);
    let other = json!({"code": "AMS", "name": "Amsterdam", "priority": 2});
    server.client.post_with_key("/api/warehouses", "k", &other).await.assert_problem(422, "idempotency_mismatch");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_strategy_says_where_units_are_taken_and_why(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 4).await;
    server.warehouse("BER", 2).await;
    server.warehouse("AMS", 3).await;
    server.receive("A", "BER", 2).await;
    server.receive("A", "AMS", 9).await;
    let part = |code: &str, units: i64, why: &str| json!({"warehouse": code, "quantity": units, "reason": why});
    let cases = [
        (json!({"quantity": 5}), "priority", vec![part("BER", 1, "priority"), part("MAIN", 4, "priority")]),
        (json!({"quantity": 10}), "most_stock", vec![part("AMS", 9, "most_stock"), part("MAIN", 1, "most_stock")]),
        (json!({"quantity": 2}), "fewest_splits", vec![part("MAIN", 2, "fewest_splits")]),
        (json!({"quantity": 5}), "fewest_splits", vec![part("AMS", 5, "fewest_splits")]),
        (json!({"quantity": 2, "warehouse": "BER"}), "most_stock", vec![part("BER", 2, "named")]),
    ];
    for (mut line, strategy, expected) in cases {
        line["sku"] = "A".into();
        let held = server.client.post("/api/reservations", &json!({"lines": [line], "strategy": strategy})).await;
        assert_eq!(held.status, 201, "{}", held.text());
        let held = held.json();
        assert_eq!(held["lines"][0]["allocations"], json!(expected), "{strategy}");
        let id = held["id"].as_str().unwrap();
        assert_eq!(server.client.post(&format!("/api/reservations/{id}/release"), &json!({})).await.status, 200);
    }
    let line = json!({"sku": "A", "quantity": 3, "warehouse": "BER"});
    let short = server.client.post("/api/reservations", &json!({"lines": [line]})).await;
    let short = short.assert_problem(409, "insufficient_stock");
    assert_eq!(
        short["shortages"],
        json!([{"sku": "A", "requested": 3, "available": 2, "warehouse": "BER"}]),
        "another warehouse does not make up for it"
    );
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn shipping_and_returning_move_the_stock_of_the_warehouses_it_was_taken_from(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 4).await;
    server.warehouse("BER", 2).await;
    server.receive("A", "BER", 5).await;
    let order = json!({"lines": [{"sku": "A", "quantity": 6}], "strategy": "priority", "confirm": true});
    let order = server.client.post("/api/orders", &order).await.json();
    let expected = json!([{"warehouse": "BER", "quantity": 2}, {"warehouse": "MAIN", "quantity": 4}]);
    assert_eq!(order["lines"][0]["allocations"], expected);
    assert_eq!(server.stock("A").await, [row("BER", 5, 2), row("MAIN", 4, 4)]);
    let path = format!("/api/orders/{}", order["number"]);
    for (status, stock) in [
        ("processing", [row("BER", 5, 2), row("MAIN", 4, 4)]),
        ("shipped", [row("BER", 3, 0), row("MAIN", 0, 0)]),
        ("returned", [row("BER", 5, 0), row("MAIN", 4, 0)]),
    ] {
        assert_eq!(server.client.patch(&path, &json!({"status": status})).await.status, 200);
        assert_eq!(server.stock("A").await, stock, "{status}");
    }
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn units_are_transferred_all_or_none_and_never_those_that_are_held(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 6).await;
    server.product("B", 6).await;
    server.warehouse("BER", 2).await;
    server.client.post("/api/reservations", &crate::support::hold("A", 4)).await;
    let body = |a: i64| json!({"from": "MAIN", "to": "BER", "lines": [{"sku": "B", "quantity": 6}, {"sku": "A", "quantity": a}]});
    let refused = server.client.post("/api/transfers", &body(3)).await.assert_problem(409, "insufficient_stock");
    let expected = json!([{"sku": "A", "requested": 3, "available": 2, "warehouse": "MAIN"}]);
    assert_eq!(refused["shortages"], expected);
    assert_eq!(server.stock("B").await, [row("MAIN", 6, 0)]);
    let moved = server.client.post_with_key("/api/transfers/", "t", &body(2)).await;
    assert_eq!(moved.status, 201, "{}", moved.text());
    let again = server.client.post_with_key("/api/transfers", "t", &body(2)).await;
    assert_eq!(moved.bytes, again.bytes);
    let moved = moved.json();
    assert_eq!((&moved["from"], &moved["to"]), (&json!("MAIN"), &json!("BER")));
    assert_eq!(moved["lines"], json!([{"sku": "B", "quantity": 6}, {"sku": "A", "quantity": 2}]));
    assert_eq!(server.stock("A").await, [row("BER", 2, 0), row("MAIN", 4, 4)]);
    assert_eq!(server.stock("B").await, [row("BER", 6, 0), row("MAIN", 0, 0)]);
    let told = server.client.get("/api/audit?action=stock.transferred").await.json();
    let told = told["items"].as_array().unwrap();
    assert!(told.iter().all(|entry| entry["change_id"] == moved["change_id"]), "{told:?}");
    assert_eq!(told.iter().map(|entry| entry["on_hand_delta"].as_i64().unwrap()).sum::<i64>(), 0);
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_closed_warehouse_may_be_emptied_and_not_filled(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 6).await;
    server.warehouse("BER", 2).await;
    server.receive("A", "BER", 5).await;
    assert_eq!(server.client.patch("/api/warehouses/BER", &json!({"active": false})).await.status, 200);
    let hold = json!({"lines": [{"sku": "A", "quantity": 7}]});
    let short = server.client.post("/api/reservations", &hold).await.assert_problem(409, "insufficient_stock");
    assert_eq!(short["shortages"][0]["available"], 6);
    assert_eq!(server.client.get("/api/products").await.json()["items"][0]["available"], 6);
    let named = json!({"lines": [{"sku": "A", "quantity": 1, "warehouse": "BER"}]});
    server.client.post("/api/reservations", &named).await.assert_problem(409, "warehouse_inactive");
    let into = json!({"from": "MAIN", "to": "BER", "lines": [{"sku": "A", "quantity": 1}]});
    server.client.post("/api/transfers", &into).await.assert_problem(409, "warehouse_inactive");
    let receive = json!({"warehouse": "BER", "delta": 1, "reason": "received"});
    server.client.post("/api/products/A/stock", &receive).await.assert_problem(409, "warehouse_inactive");
    let out = json!({"from": "BER", "to": "MAIN", "lines": [{"sku": "A", "quantity": 5}]});
    assert_eq!(server.client.post("/api/transfers", &out).await.status, 201);
    assert_eq!(server.client.post("/api/reservations", &hold).await.status, 201);
    let same = json!({"from": "MAIN", "to": "MAIN", "lines": [{"sku": "A", "quantity": 1}]});
    server.client.post("/api/transfers", &same).await.assert_problem(422, "invalid_input");
    let unknown = json!({"from": "MAIN", "to": "BER", "lines": [{"sku": "Z", "quantity": 1}]});
    server.client.post("/api/transfers", &unknown).await.assert_problem(422, "unknown_sku");
    server.assert_balanced().await;
}
