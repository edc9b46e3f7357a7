//! Pages as a browser gets them: who sees which, and what they may run.

use axum::http::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{Client, Reply, Server, key};

async fn page(client: &Client, path: &str) -> Reply {
    client.send_raw(Method::GET, path, &[("accept", "text/html")], String::new()).await
}

#[sqlx::test(migrations = "../migrations")]
async fn strangers_are_led_to_the_sign_in_page_and_back(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let led = page(&stranger, "/orders?status=pending&sort=highest").await;
    assert_eq!((led.status.as_u16(), led.text().as_str()), (303, ""));
    assert_eq!(led.header("location"), Some("/sign-in?next=%2Forders%3Fstatus%3Dpending%26sort%3Dhighest"));
    assert_eq!(page(&stranger, "/").await.header("location"), Some("/sign-in"));
    let form = page(&stranger, "/sign-in?next=%2Forders").await;
    assert_eq!(form.status, 200);
    assert_eq!(form.header("cache-control"), Some("no-store"));
    assert!(form.text().contains("<form") && !form.text().contains("aria-label=\"Places\""));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_form_that_comes_too_late_is_led_to_the_sign_in_page_with_what_was_typed(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let from = format!("{}/orders/1?list=x", server.client.base);
    let headers =
        [("content-type", "application/x-www-form-urlencoded"), ("accept", "text/html"), ("referer", from.as_str())];
    for (note, is_kept) in [("Ring twice.".to_owned(), true), ("long ".repeat(500), false)] {
        // Fields that are cut are not enough to be too much: several are.
        let body: String = (0..12).map(|field| format!("note{field}={note}&")).collect();
        let back = stranger.send_raw(Method::POST, "/api/fn/order_proceed", &headers, body).await;
        assert_eq!(back.status, 303);
        let location = back.header("location").unwrap();
        let path = location.strip_prefix(server.client.base.as_str()).unwrap_or(location).to_owned();
        let led = page(&stranger, &path).await;
        let to = led.header("location").unwrap().to_owned();
        assert!(to.starts_with("/sign-in?next=%2Forders%2F1%3Flist%3Dx"), "{to}");
        assert_eq!((to.contains("__err"), to.contains("why=unsent")), (is_kept, !is_kept), "{to}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_page_that_is_not_open_to_a_role_says_so(pool: PgPool) {
    let server = Server::start(&pool).await;
    let operator = server.client.with_key(&key(&server.store, "operator").await.1);
    let closed = page(&operator, "/products/new").await;
    assert_eq!(closed.status, 403);
    assert!(closed.text().contains("This takes the role admin.") && !closed.text().contains("name=\"sku\""));
    assert_eq!(page(&server.client, "/products/new").await.status, 200);
    assert_eq!(page(&operator, "/products").await.status, 200);
    assert_eq!(page(&operator, "/nowhere").await.status, 404);
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_written_into_a_page_runs_but_what_has_its_nonce(pool: PgPool) {
    let server = Server::start(&pool).await;
    let product = server.product("A", 10).await["id"].as_str().unwrap().to_owned();
    let order = json!({"lines": [{"sku": "A", "quantity": 1}]});
    let number = server.client.post("/api/orders", &order).await.json()["number"].to_string();
    let pages = ["/", "/products", "/products/new", "/reservations", "/orders", "/audit", "/settings", "/nowhere"];
    let pages = pages.map(str::to_owned).into_iter().chain([
        format!("/products/{product}"),
        format!("/orders/{number}"),
        "/sign-in?link=x".to_owned(),
    ]);
    let mut nonces = Vec::new();
    for path in pages {
        let answer = page(&server.client, &path).await;
        let policy = answer.header("content-security-policy").unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe-inline"), "{path}: {policy}");
        let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        let html = answer.text();
        let scripts = html.matches("<script").count();
        assert_eq!(scripts, html.matches(&format!("nonce=\"{nonce}\"")).count(), "{path}");
        assert!(scripts > 0, "{path}");
        assert!(!html.contains("<style") && !html.contains(" style="), "{path} has a style in it");
        let handlers = ["onclick", "onload", "onerror", "onsubmit", "oninput", "onchange"];
        assert!(handlers.iter().all(|name| !html.contains(&format!(" {name}="))), "{path} has a handler in it");
        nonces.push(nonce);
    }
    let count = nonces.len();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), count);
}

/// Leptos lets a request find what belongs to the one that its thread worked for last.
#[sqlx::test(migrations = "../migrations")]
async fn a_file_takes_nothing_of_the_page_that_is_rendered_beside_it(pool: PgPool) {
    let server = Server::start(&pool).await;
    let file = || async {
        let file = page(&server.client, "/favicon.svg").await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, Some("image/svg+xml")));
        assert!(!file.header("content-security-policy").unwrap().contains("nonce"));
    };
    let shown = || async {
        let shown = page(&server.client, "/products").await;
        assert!(shown.header("content-security-policy").unwrap().contains("nonce"));
    };
    for _ in 0..20 {
        futures::join!(shown(), file(), file(), shown(), file(), shown(), file(), file());
    }
}
