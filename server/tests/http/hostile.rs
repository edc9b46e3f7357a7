//! Texts that were made to do harm, in every field of every server function that changes something: they
//! are stored and shown as text, or refused at their field.

use std::collections::BTreeSet;

use app::ssr::access::server_functions;
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{Client, Reply, Server, hold};

/// What a page would run, were it not shown as text.
const MARKUP: &str = "\"'><img src=x onerror=alert(1)><script>alert(1)</script></textarea>{{7*7}}";

const PASSWORD: &str = "a password of this test";

fn texts() -> [String; 7] {
    [
        MARKUP.to_owned(),
        "'; drop table users; -- ' or 1=1".to_owned(),
        "a\r\nSet-Cookie: owned=1\r\n\r\n<b>".to_owned(),
        "\u{202E}exe.gnp\u{2066}\u{200B}\u{FEFF}".to_owned(),
        "a\0b".to_owned(),
        "ä".repeat(10_000),
        "%00%0d%0a../../etc/passwd\\u0000${jndi:ldap://x}".to_owned(),
    ]
}

/// What exists before.
struct House {
    product: String,
    reservation: String,
    order: String,
    user: String,
    key: String,
}

/// A session of an admin, as a cookie.
async fn signed_in(server: &Server) -> String {
    let user = json!({"email": "ada@example.com", "name": "Ada", "role": "admin", "password": PASSWORD});
    let user = server.client.post("/api/users", &user).await;
    assert_eq!(user.status, 201, "{}", user.text());
    let body = encoded(&[("email", "ada@example.com"), ("password", PASSWORD)]);
    let opened = server.client.stranger().form("session_open", &body).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

async fn house(server: &Server) -> House {
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let product = id(&server.product("A", 1_000).await);
    let reservation = id(&server.client.post("/api/reservations", &hold("A", 1)).await.json());
    let east = json!({"code": "EAST", "name": "East", "priority": 2});
    assert_eq!(server.client.post("/api/warehouses", &east).await.status, 201);
    let order = json!({"lines": [{"sku": "A", "quantity": 1}]});
    let order = id(&server.client.post("/api/orders", &order).await.json());
    let user = json!({"email": "bea@example.com", "name": "Bea", "role": "viewer"});
    let user = id(&server.client.post("/api/users", &user).await.json());
    let key = id(&server.client.post("/api/keys", &json!({"name": "till", "role": "viewer"})).await.json());
    House { product, reservation, order, user, key }
}

/// Every server function that changes something, with fields that it would take.
fn forms(house: &House) -> Vec<(&'static str, Vec<(&'static str, &str)>)> {
    let House { product, reservation, order, user, key } = house;
    vec![
        ("chaos_start", vec![("attempts", "0"), ("stock", "1"), ("clients", "1"), ("guards", "on")]),
        ("chaos_stop", vec![]),
        ("key_create", vec![("name", "shop"), ("role", "viewer"), ("expires", "")]),
        ("key_revoke", vec![("id", key)]),
        ("order_place", vec![("reservation", reservation), ("email", ""), ("reference", ""), ("confirm", "later")]),
        ("order_proceed", vec![("order", order), ("to", ""), ("version", ""), ("note", "a note"), ("restock", "")]),
        ("password_change", vec![("current", "not the one it is"), ("new", "another password of this test")]),
        ("product_archive", vec![("product", product), ("archived", "false")]),
        (
            "product_change",
            vec![
                ("product", product),
                ("name", "Mug"),
                ("price", "1"),
                ("currency", "GBP"),
                ("low_stock_threshold", ""),
            ],
        ),
        ("product_create", vec![("sku", "B"), ("name", "Mug"), ("price", "1"), ("currency", "GBP")]),
        ("reservation_extend", vec![("id", reservation), ("minutes", "10")]),
        ("reservation_hold", vec![("product", product), ("quantity", "1"), ("minutes", "10"), ("owner", "cart")]),
        ("reservation_release", vec![("id", reservation)]),
        ("session_close", vec![]),
        ("session_close_all", vec![]),
        ("session_open", vec![("email", "ada@example.com"), ("password", "wrong")]),
        ("session_open_by_link", vec![("link", "x")]),
        ("stock_adjust", vec![("product", product), ("quantity", "1"), ("reason", "received"), ("warehouse", "MAIN")]),
        ("stock_transfer", vec![("product", product), ("from", "MAIN"), ("to", "EAST"), ("quantity", "1")]),
        ("theme_set", vec![("theme", "dark")]),
        ("user_activate", vec![("user", user), ("active", "true")]),
        ("user_change", vec![("user", user), ("name", "Bea"), ("email", "bea@example.com"), ("role", "viewer")]),
        ("user_create", vec![("name", "Cleo"), ("email", "cleo@example.com"), ("role", "viewer"), ("password", "")]),
        ("user_password_set", vec![("user", user), ("password", "short")]),
        ("warehouse_activate", vec![("warehouse", "EAST"), ("active", "true")]),
        ("warehouse_change", vec![("warehouse", "EAST"), ("name", "East"), ("priority", "2")]),
        ("warehouse_create", vec![("code", "WEST"), ("name", "West"), ("priority", "3")]),
    ]
}

fn encoded(fields: &[(&str, &str)]) -> String {
    serde_html_form::to_string(fields).unwrap()
}

/// Sends a form as a script does, or as a page without one.
async fn send(client: &Client, cookie: &str, function: &str, accept: &str, body: String) -> Reply {
    let page = format!("{}/settings", client.base);
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept", accept),
        ("referer", page.as_str()),
        ("cookie", cookie),
    ];
    client.send_raw(Method::POST, &format!("/api/fn/{function}"), &headers, body).await
}

#[sqlx::test(migrations = "../migrations")]
async fn hostile_text_is_kept_as_text_or_refused_at_its_field(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let cookie = signed_in(&server).await;
    let house = house(&server).await;
    let forms = forms(&house);
    let known: BTreeSet<&str> = forms.iter().map(|(name, _)| *name).collect();
    let functions = server_functions();
    let changes = functions.iter().filter(|function| function.method == Method::POST);
    let exist: BTreeSet<&str> = changes.map(|function| function.path.trim_start_matches("/api/fn/")).collect();
    assert_eq!(known, exist, "each form is to be tried");

    for (function, fields) in &forms {
        // Signing in would replace the session.
        let cookie = if function.starts_with("session_") { "" } else { cookie.as_str() };
        for (field, text) in fields.iter().flat_map(|(field, _)| texts().map(|text| (*field, text))) {
            let sent: Vec<(&str, &str)> = fields
                .iter()
                .map(|(name, value)| (*name, if *name == field { text.as_str() } else { value }))
                .collect();
            let told = || format!("{function} {field} {:?}", text.chars().take(20).collect::<String>());
            let answer = send(&stranger, cookie, function, "application/json", encoded(&sent)).await;
            assert!(answer.status.is_success() || answer.status.is_client_error(), "{} {}", told(), answer.text());
            assert!(answer.header("set-cookie").is_none_or(|set| !set.contains("owned")), "{}", told());
            if answer.status == 422 {
                let body = answer.json();
                let mut named = body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap());
                let is_ours = |name: &str| fields.iter().any(|(field, _)| *field == name);
                assert!(named.all(is_ours), "{} {body}", told());
            }
            let back = send(&stranger, cookie, function, "text/html", encoded(&sent)).await;
            assert!(back.status.is_redirection(), "{} {}", told(), back.status);
            assert!(!back.header("location").unwrap().contains("alert(1)<"), "{}", told());
        }
    }
    assert_nothing_runs(&stranger, &cookie, &house).await;
    server.assert_balanced().await;
}

/// The pages show what was stored, and what is asked for in their addresses, as text.
async fn assert_nothing_runs(client: &Client, cookie: &str, house: &House) {
    let asked = encoded(&[("q", MARKUP), ("customer", MARKUP), ("sku", MARKUP), ("owner", MARKUP), ("actor", MARKUP)]);
    let pages = [
        "/".to_owned(),
        format!("/products?{asked}"),
        "/products".to_owned(),
        format!("/products/{}", house.product),
        format!("/reservations?status=all&{asked}"),
        "/reservations?status=all".to_owned(),
        format!("/reservations/{}", house.reservation),
        format!("/orders?{asked}"),
        "/orders".to_owned(),
        format!("/orders/{}", house.order),
        format!("/audit?{}", encoded(&[("sku", MARKUP), ("cursor", MARKUP)])),
        "/audit".to_owned(),
        "/settings".to_owned(),
        format!("/settings/users/{}", house.user),
        format!("/nowhere?{asked}"),
    ];
    let mut shown = 0;
    for page in &pages {
        let headers = [("cookie", cookie), ("accept", "text/html")];
        let answer = client.send_raw(Method::GET, page, &headers, String::new()).await;
        assert!(!answer.status.is_server_error(), "{page}");
        let html = answer.text();
        for harm in ["<img src=x", "<script>alert", "</textarea>{{"] {
            assert!(!html.contains(harm), "{page} has {harm}");
        }
        shown += html.matches("&lt;script&gt;alert(1)").count();
    }
    // What was stored is there to be seen: the test looks at the right places.
    assert!(shown > 5, "{shown}");
}
