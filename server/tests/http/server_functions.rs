//! The server functions, called as a script calls them and as a plain form does.

use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Server, hold};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[sqlx::test(migrations = "../migrations")]
async fn they_read_by_get_and_change_by_post(pool: PgPool) {
    let server = Server::start(&pool).await;
    let created = server.client.form("product_create", "sku=A&name=Mug&price=12.5&currency=GBP").await;
    assert_eq!(created.status, 200, "{}", created.text());
    let product = created.json();
    let id = product["id"].as_str().unwrap();
    assert_eq!(product["price"], json!({"minor": 1250, "currency": "GBP"}));
    let received = format!("product={id}&quantity=1%2C000&reason=received");
    assert_eq!(server.client.form("stock_adjust", &received).await.json()["stock"][0]["on_hand"], 1_000);
    let held = server.client.form("reservation_hold", &format!("product={id}&quantity=6&minutes=10&owner=")).await;
    assert_eq!(held.json()["status"], "held", "{}", held.text());
    let fetched = server.client.get("/api/fn/product_fetch?product=A").await.json();
    assert_eq!(fetched["stock"][0]["reserved"], 6);
    assert_eq!(server.client.get("/api/fn/product_list?q=mu").await.json()["items"][0]["sku"], "A");
    assert_eq!(
        server.client.get("/api/fn/reservation_list?status=held").await.json()["items"][0]["lines"][0]["sku"],
        "A"
    );
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_form_sent_twice_has_one_effect(pool: PgPool) {
    let server = Server::start(&pool).await;
    let id = server.product("A", 10).await["id"].as_str().unwrap().to_owned();
    let form = format!("product={id}&quantity=2&minutes=10&key=page-1%3Areserve");
    let first = server.client.form("reservation_hold", &form).await;
    let again = server.client.form("reservation_hold", &form).await;
    assert_eq!((first.status.as_u16(), &first.bytes), (200, &again.bytes));
    assert_eq!(server.client.get("/api/products/A").await.json()["stock"][0]["reserved"], 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_plain_form_goes_back_to_its_page_with_what_was_wrong(pool: PgPool) {
    let server = Server::start(&pool).await;
    let page = format!("{}/products/new?q=kept", server.client.base);
    let headers = [FORM, ("accept", "text/html"), ("referer", page.as_str())];
    let body = "sku=&name=Mug&price=x&currency=GBP".to_owned();
    let refused = server.client.send_raw(Method::POST, "/api/fn/product_create", &headers, body).await;
    assert_eq!(refused.status.as_u16() / 100, 3, "{}", refused.text());
    let location = refused.header("location").unwrap();
    assert!(location.starts_with(&page) && location.contains("__err="), "{location}");
    let body = "sku=A&name=Mug&price=1&currency=GBP".to_owned();
    let created = server.client.send_raw(Method::POST, "/api/fn/product_create", &headers, body).await;
    assert!(created.header("location").unwrap().ends_with("/products/A"), "{:?}", created.headers);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_they_can_not_take_is_a_problem_and_never_a_500(pool: PgPool) {
    let server = Server::start(&pool).await;
    let id = server.product("A", 3).await["id"].as_str().unwrap().to_owned();
    let long = "x".repeat(10_000);
    let cases = [
        ("product_create", "sku=&name=&price=&currency=".to_owned(), 422, "invalid_input"),
        ("product_create", format!("sku={long}&name=n&price=1&currency=GBP"), 422, "invalid_input"),
        ("product_create", "sku=A&name=n&price=1&currency=GBP".to_owned(), 409, "sku_taken"),
        ("product_create", "sku=%00&name=%F0%9F%98%80&price=1&currency=GBP".to_owned(), 422, "invalid_input"),
        ("reservation_hold", format!("product={id}&quantity=0&minutes=10"), 422, "invalid_input"),
        ("reservation_hold", format!("product={id}&quantity=9223372036854775808&minutes=10"), 422, "invalid_input"),
        ("reservation_hold", format!("product={id}&quantity=4&minutes=10"), 409, "insufficient_stock"),
        ("reservation_hold", "product=NOPE&quantity=1&minutes=10".to_owned(), 422, "unknown_sku"),
        ("reservation_hold", "quantity=1&minutes=10".to_owned(), 400, "malformed"),
        ("reservation_release", "id=1".to_owned(), 404, "not_found"),
        ("reservation_extend", "id=019a0000-0000-7000-8000-000000000001&minutes=5".to_owned(), 404, "not_found"),
        ("stock_adjust", format!("product={id}&quantity=5&reason=stolen"), 422, "invalid_input"),
        ("nothing", String::new(), 404, "not_found"),
    ];
    for (name, body, status, code) in cases {
        let refused = server.client.form(name, &body).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(refused.status.as_u16(), status, "{name} {shown}: {}", refused.text());
        assert_eq!(refused.json()["code"], code, "{name} {shown}: {}", refused.text());
    }
    let large = server.client.form("product_create", &"x".repeat(10_000_000)).await;
    assert_eq!((large.status.as_u16(), large.json()["code"].clone()), (413, json!("too_large")));
    server.client.get("/api/fn/product_create").await;
    assert_eq!(server.client.get("/api/fn/product_create").await.status, 405);
    assert_eq!(server.client.get("/api/fn/product_list?limit=x").await.status, 422);
    assert_eq!(server.client.get("/api/fn/product_list?cursor=x").await.json()["code"], "bad_cursor");
    assert_eq!(server.client.post("/api/reservations", &hold("A", 3)).await.status, 201);
}
