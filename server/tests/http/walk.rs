//! A walk over every route there is: the table of the API, the server functions, the pages. Strangers get
//! nothing but what is declared open, and each role gets exactly its column.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use app::app::App;
use app::ssr::access::server_functions;
use domain::account::{Access, Role};
use leptos_axum::generate_route_list;
use reqwest::Method;
use serde_json::json;
use server::admission::Admission;
use server::config::RateArgs;
use server::rest;
use sqlx::PgPool;
use strum::VariantArray as _;

use crate::support::{Client, Server, key};

const SNAPSHOT: &str = "tests/http/roles.txt";

/// A door: one method on one path.
#[derive(Clone)]
struct Door {
    method: Method,
    path: String,
    access: Access,
}

impl Door {
    /// Every door of the API and of the server functions.
    fn all() -> Vec<Self> {
        let rest = rest::declared().into_iter();
        let rest = rest.map(|route| Self { method: route.method, path: route.path, access: route.access });
        let functions = server_functions().into_iter().map(|function| Self {
            method: function.method,
            path: function.path.to_owned(),
            access: function.access.unwrap_or_else(|| panic!("{} says not whom it is open to", function.path)),
        });
        rest.chain(functions).collect()
    }

    /// Knocks with nothing in hand: whoever is let in is told what is missing.
    async fn knock(&self, client: &Client) -> u16 {
        let headers = [("accept", "application/json")];
        client.send(self.method.clone(), &named(&self.path), &headers, None).await.status.as_u16()
    }
}

/// A path with something in the place of its parameters.
fn named(path: &str) -> String {
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { "nothing" } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

#[sqlx::test(migrations = "../migrations")]
async fn strangers_get_nothing_but_what_is_declared_open(pool: PgPool) {
    // There are more doors than an address may knock on in a minute.
    let unlimited = RateArgs { requests_per_minute_address: 0, ..RateArgs::default() };
    let server = Server::start_with(&pool, Admission::new(None, 0, &unlimited)).await;
    let stranger = server.client.stranger();
    let doors = Door::all();
    let is_open = |method: &Method, path: &str| {
        let mut same = doors.iter().filter(|door| door.path == path);
        same.any(|door| door.access == Access::Anyone && (door.method == *method || *method == Method::HEAD))
    };
    let paths: BTreeSet<&str> = doors.iter().map(|door| door.path.as_str()).collect();
    let unknown = ["/api", "/api/nothing", "/api/fn", "/api/fn/nothing", "/api/products/nothing/nothing"];
    for path in paths.iter().copied().chain(unknown) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] {
            let method: Method = method.parse().unwrap();
            let reply = stranger.send(method.clone(), &named(path), &[], None).await;
            let is_open_path = doors.iter().any(|door| door.path == path && door.access == Access::Anyone);
            match reply.status.as_u16() {
                401 => assert!(!is_open(&method, path), "{method} {path}"),
                405 => assert!(is_open_path, "{method} {path}"),
                status => assert!(is_open(&method, path), "{method} {path} let a stranger in: {status}"),
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_lead_strangers_to_the_sign_in_page(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let pages: Vec<String> = generate_route_list(App).iter().map(|page| page.path().to_owned()).collect();
    assert!(pages.len() > 5, "{pages:?}");
    for path in pages.iter().map(|path| named(path)).chain(["/nothing".to_owned()]) {
        let reply = stranger.get(&path).await;
        if path == "/sign-in" {
            assert_eq!(reply.status, 200);
        } else {
            assert_eq!(reply.status, 303, "{path}");
            assert!(reply.header("location").unwrap().starts_with("/sign-in"), "{path}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn each_role_gets_exactly_its_column(pool: PgPool) {
    let server = Server::start(&pool).await;
    let mut clients = Vec::new();
    for role in Role::VARIANTS {
        let secret = key(&server.store, &role.to_string()).await.1;
        clients.push((*role, server.client.with_key(&secret)));
    }
    let mut table = String::from("stranger  viewer  operator  admin\n");
    for door in Door::all() {
        let stranger = door.knock(&server.client.stranger()).await;
        assert_eq!(stranger == 401, door.access != Access::Anyone, "{} {}: {stranger}", door.method, door.path);
        let mut columns = vec![stranger != 401];
        for (role, client) in &clients {
            let status = door.knock(client).await;
            let expected = match door.access {
                Access::Anyone => true,
                Access::Role(needs) => role.may(needs),
            };
            assert_ne!(status, 401, "{} {} as {role}", door.method, door.path);
            assert_eq!(status != 403, expected, "{} {} as {role}: {status}", door.method, door.path);
            columns.push(status != 403);
        }
        let words: Vec<&str> = columns.iter().map(|may| if *may { "yes" } else { "-" }).collect();
        let [stranger, viewer, operator, admin] = words[..] else { unreachable!() };
        let (method, path) = (&door.method, &door.path);
        writeln!(table, "{stranger:<9} {viewer:<7} {operator:<9} {admin:<6} {method:<6} {path}").unwrap();
    }
    compare(&table);
}

/// The snapshot is what people read. To take a new one: `HOLDFAST_SNAPSHOTS=write make test-rust`.
fn compare(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(SNAPSHOT);
    if std::env::var_os("HOLDFAST_SNAPSHOTS").is_some_and(|what| what == "write") {
        std::fs::write(&path, table).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(table, kept, "{SNAPSHOT} tells other rights: if these are meant, HOLDFAST_SNAPSHOTS=write takes them");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_may_be_made_of_an_order_depends_on_who_asks(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 1).await;
    let order = json!({"lines": [{"sku": "A", "quantity": 1}], "confirm": true});
    let placed = server.client.post("/api/orders", &order).await.json();
    let path = format!("/api/orders/{}", placed["number"]);
    for (role, steps) in [("viewer", json!([])), ("operator", json!(["processing", "cancelled"]))] {
        let client = server.client.with_key(&key(&server.store, role).await.1);
        assert_eq!(client.get(&path).await.json()["allowed_transitions"], steps, "{role}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn files_are_served_from_their_folder_alone(pool: PgPool) {
    let server = Server::start(&pool).await;
    for path in [
        "/../Cargo.toml",
        "/pkg/../../Cargo.toml",
        "/pkg/%2e%2e/%2e%2e/Cargo.toml",
        "/pkg/..%2f..%2fCargo.toml",
        "/pkg/....//Cargo.toml",
        "/pkg/%00",
        "/.git/config",
        "/pkg/",
        "/pkg",
    ] {
        for client in [&server.client, &server.client.stranger()] {
            let reply = client.send_whole("GET", path, "", b"").await;
            assert!(["303", "308", "400", "401", "404"].contains(&reply.0.as_str()), "{path}: {}", reply.0);
            assert!(!reply.1.contains("[package]") && !reply.1.contains("[core]"), "{path}");
        }
    }
}
