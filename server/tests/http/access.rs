//! The door: who is let in, who is not, and how often.

use std::time::{Duration, Instant};

use domain::account::{SignIn, UserChange, UserRequest};
use domain::actor::Actor;
use domain::ids::UserId;
use reqwest::Method;
use serde_json::json;
use server::admission::Admission;
use server::config::RateArgs;
use sqlx::PgPool;
use store::accounts::{Origin, SessionToken};
use store::{Caller, Store};

use crate::support::{Client, Reply, Server, asked, hold, key};

const PASSWORD: &str = "tin mug with a blue rim";

/// A user, and a session of theirs.
async fn signed_in(store: &Store, email: &str, role: &str) -> (UserId, SessionToken) {
    let new = UserRequest::new(email, "Somebody", role, Some(PASSWORD), None).unwrap();
    store.user_create(asked(), new).await.unwrap();
    let origin = Origin { address: [127, 0, 0, 1].into(), request_id: None };
    let opened = store.session_open(origin, &SignIn::new(email, PASSWORD).unwrap(), None).await.unwrap();
    (opened.user.id, opened.token)
}

async fn with_cookie(client: &Client, method: Method, path: &str, cookie: &str, body: Option<String>) -> Reply {
    client.stranger().send(method, path, &[("cookie", cookie)], body).await
}

fn cookie(token: &SessionToken) -> String {
    format!("theme=dark; holdfast={}", token.reveal())
}

/// Asks until the answer has this status, and says how long that took.
async fn until(status: u16, ask: impl AsyncFn() -> Reply) -> Duration {
    let began = Instant::now();
    while ask().await.status.as_u16() != status {
        assert!(began.elapsed() < Duration::from_secs(5), "it did not come to {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

#[sqlx::test(migrations = "../migrations")]
async fn strangers_get_no_further_than_the_sign_in_page(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let api = [
        (Method::GET, "/api/products"),
        (Method::POST, "/api/reservations"),
        (Method::GET, "/api/orders.csv"),
        (Method::GET, "/api/users"),
        (Method::DELETE, "/api/keys/1"),
        (Method::GET, "/api/fn/product_list"),
        (Method::POST, "/api/fn/product_create"),
        (Method::GET, "/api"),
        (Method::GET, "/api/nothing"),
        (Method::GET, "/metrics"),
    ];
    for (method, path) in api {
        let refused = stranger.send(method, path, &[], None).await;
        refused.assert_problem(401, "unauthenticated");
        assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"holdfast\""), "{path}");
    }
    for (path, to) in [
        ("/", "/sign-in"),
        ("/orders?status=shipped&sort=highest", "/sign-in?next=%2Forders%3Fstatus%3Dshipped%26sort%3Dhighest"),
        ("/nothing", "/sign-in?next=%2Fnothing"),
        // However it is written, one comes back to a path of this server.
        ("//evil.example", "/sign-in?next=%2Fevil.example"),
        ("/\\evil.example", "/sign-in?next=%2Fevil.example"),
    ] {
        let sent = stranger.get(path).await;
        assert_eq!((sent.status.as_u16(), sent.header("location")), (303, Some(to)), "{path}");
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(stranger.get(path).await.status, 200, "{path}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_valid_key_is_refused_whatever_it_looks_like(pool: PgPool) {
    let server = Server::start(&pool).await;
    let (_, secret) = key(&server.store, "admin").await;
    let (_, token) = signed_in(&server.store, "ada@example.com", "admin").await;
    let (basic, cut, token) = (format!("Basic {secret}"), format!("Bearer {}", &secret[..70]), cookie(&token));
    for value in ["", "Bearer", "Bearer ", "Bearer hf_", &basic, &cut, secret.as_str(), "Bearer \u{1F511}"] {
        let headers = [("authorization", value), ("cookie", token.as_str())];
        let refused = server.client.stranger().send(Method::GET, "/api/products", &headers, None).await;
        refused.assert_problem(401, "unauthenticated");
    }
    let (spaced, bearer) = (format!("bearer  {secret}"), format!("Bearer {secret}"));
    let get = async |headers: &[(&str, &str)]| {
        server.client.stranger().send(Method::GET, "/api/products", headers, None).await
    };
    assert_eq!(get(&[("authorization", &spaced)]).await.status, 200);
    assert_eq!(get(&[("authorization", &bearer), ("authorization", &bearer)]).await.status, 401, "one key at a time");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_key_is_refused_at_once_here_and_within_a_second_elsewhere(pool: PgPool) {
    let (here, there) = (Server::start(&pool).await, Server::start(&pool).await);
    let (id, secret) = key(&here.store, "operator").await;
    let (at_here, at_there) = (here.client.with_key(&secret), there.client.with_key(&secret));
    for client in [&at_here, &at_there] {
        assert_eq!(client.get("/api/products").await.status, 200);
    }
    let revoked = here.client.send(Method::DELETE, &format!("/api/keys/{id}"), &[], None).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    at_here.get("/api/products").await.assert_problem(401, "unauthenticated");
    let took = until(401, async || at_there.get("/api/products").await).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_is_worth_nothing_after_sign_out_on_any_server(pool: PgPool) {
    let (here, there) = (Server::start(&pool).await, Server::start(&pool).await);
    let (id, token) = signed_in(&here.store, "ada@example.com", "operator").await;
    let cookie = cookie(&token);
    let ask = async |server: &Server| with_cookie(&server.client, Method::GET, "/api/products", &cookie, None).await;
    assert_eq!((ask(&here).await.status.as_u16(), ask(&there).await.status.as_u16()), (200, 200));
    let caller = Caller { actor: Actor::User(id), request_id: None };
    here.store.session_close(caller, token).await.unwrap();
    ask(&here).await.assert_problem(401, "unauthenticated");
    let took = until(401, async || ask(&there).await).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_deactivated_user_is_out_on_every_server_within_a_second(pool: PgPool) {
    let (here, there) = (Server::start(&pool).await, Server::start(&pool).await);
    let (id, token) = signed_in(&here.store, "ada@example.com", "operator").await;
    let cookie = cookie(&token);
    let ask = async || with_cookie(&there.client, Method::GET, "/api/products", &cookie, None).await;
    assert_eq!(ask().await.status, 200);
    let change = UserChange::new(None, None, None, None, Some(false)).unwrap();
    here.store.user_change(asked(), id, change).await.unwrap();
    let took = until(401, ask).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_journal_names_whoever_did_it(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let (id, token) = signed_in(&server.store, "ada@example.com", "operator").await;
    let (key_id, secret) = key(&server.store, "operator").await;
    let body = hold("A", 1).to_string();
    let by_user = with_cookie(&server.client, Method::POST, "/api/reservations", &cookie(&token), Some(body)).await;
    let by_key = server.client.with_key(&secret).post("/api/reservations", &hold("A", 1)).await;
    for (reply, actor) in [(by_user, format!("user:{id}")), (by_key, format!("key:{key_id}"))] {
        assert_eq!(reply.status, 201, "{}", reply.text());
        let path = format!("/api/audit?subject=reservation:{}", reply.json()["id"].as_str().unwrap());
        let told = server.client.get(&path).await.json();
        assert_eq!(told["items"][0]["actor"], actor);
        assert_eq!(told["items"][0]["request_id"], reply.header("x-request-id").unwrap());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn another_sites_page_changes_nothing_with_somebodys_session(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let (_, token) = signed_in(&server.store, "ada@example.com", "operator").await;
    let cookie = cookie(&token);
    let own = server.client.base.clone();
    let post = async |headers: &[(&str, &str)]| {
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("cookie", cookie.as_str())]).collect();
        let body = Some(hold("A", 1).to_string());
        server.client.stranger().send(Method::POST, "/api/reservations", &headers, body).await
    };
    let cross_site: [&[(&str, &str)]; 4] = [
        &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
    ];
    for headers in cross_site {
        post(headers).await.assert_problem(403, "cross_site");
    }
    let own_site: [&[(&str, &str)]; 3] = [&[], &[("sec-fetch-site", "same-origin")], &[("origin", own.as_str())]];
    for headers in own_site {
        assert_eq!(post(headers).await.status, 201, "{headers:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn behind_tls_only_the_cookie_that_no_other_host_can_set_counts(pool: PgPool) {
    let public = "https://stock.example.com".parse().unwrap();
    let server = Server::start_with(&pool, Admission::new(Some(&public), 1, &RateArgs::default())).await;
    let (_, token) = signed_in(&server.store, "ada@example.com", "operator").await;
    let host = format!("__Host-holdfast={}", token.reveal());
    let ask = async |cookie: &str| with_cookie(&server.client, Method::GET, "/api/products", cookie, None).await;
    assert_eq!(ask(&cookie(&token)).await.status, 401);
    let known = ask(&host).await;
    assert_eq!(known.status, 200);
    assert!(known.header("strict-transport-security").unwrap().starts_with("max-age=63072000"));
    let headers = [("cookie", host.as_str()), ("origin", "https://stock.example.com")];
    let body = Some(hold("NOPE", 1).to_string());
    let sent = server.client.stranger().send(Method::POST, "/api/reservations", &headers, body).await;
    sent.assert_problem(422, "unknown_sku");
}

#[sqlx::test(migrations = "../migrations")]
async fn every_answer_tells_browsers_what_to_beware_of(pool: PgPool) {
    let server = Server::start(&pool).await;
    let expected = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ];
    for path in ["/api/products", "/api/nothing", "/healthz", "/", "/pkg/nothing.js"] {
        for client in [&server.client, &server.client.stranger()] {
            let reply = client.get(path).await;
            for (name, value) in expected {
                assert_eq!(reply.header(name), Some(value), "{name} of {path}");
            }
            assert!(reply.header("permissions-policy").is_some(), "{path}");
            assert!(reply.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
            assert_eq!(reply.header("strict-transport-security"), None, "plain HTTP: {path}");
        }
    }
    assert_eq!(server.client.get("/api/users").await.header("cache-control"), Some("no-store"));
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_asks_too_often_is_told_when_to_come_back(pool: PgPool) {
    let rates = RateArgs {
        requests_per_minute_key: 4,
        requests_per_minute_user: 3,
        requests_per_minute_address: 20,
        ..RateArgs::default()
    };
    let server = Server::start_with(&pool, Admission::new(None, 0, &rates)).await;
    let first = key(&server.store, "viewer").await.1;
    let second = key(&server.store, "viewer").await.1;
    for secret in [first, second] {
        let client = server.client.with_key(&secret);
        limited(4, async || client.get("/api/products").await).await;
    }
    let (_, token) = signed_in(&server.store, "ada@example.com", "viewer").await;
    let cookie = cookie(&token);
    limited(3, async || with_cookie(&server.client, Method::GET, "/api/products", &cookie, None).await).await;

    let mut strangers = Vec::new();
    for _ in 0..25 {
        strangers.push(server.client.stranger().get("/api/products").await.status.as_u16());
    }
    assert_eq!(strangers.last(), Some(&429), "{strangers:?}");
    assert_eq!(server.client.stranger().get("/healthz").await.status, 200, "whoever watches it is not counted");
}

/// So many requests are answered, the next one is not.
async fn limited(times: usize, ask: impl AsyncFn() -> Reply) {
    for _ in 0..times {
        assert_eq!(ask().await.status, 200);
    }
    let refused = ask().await;
    refused.assert_problem(429, "rate_limited");
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

#[sqlx::test(migrations = "../migrations")]
async fn headers_have_a_limit(pool: PgPool) {
    let server = Server::start(&pool).await;
    let large = "x".repeat(33 * 1024);
    let refused = server.client.send(Method::GET, "/api/products", &[("x-large", large.as_str())], None).await;
    let problem = refused.assert_problem(431, "headers_too_large");
    assert_eq!(problem["max_bytes"], json!(32 * 1024));
}
