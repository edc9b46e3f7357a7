//! The chaos test itself: it proves what is so, finds out what is not, and leaves nothing behind.

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Json, Router};
use domain::chaos::{ChaosLimits, ChaosPlan, ChaosRun, CheckKind, Guards, Phase};
use serde_json::{Value, json};
use server::admission::Admission;
use server::chaos::{self, Afterwards, Progress, Target};
use server::config::RateArgs;
use server::wire::{Credentials, Door};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::support::{Client, Server, key};

fn plan(attempts: u32, stock: u32, clients: u32) -> ChaosPlan {
    ChaosPlan::new(attempts, stock, clients, Guards::On, ChaosLimits::COMMAND).unwrap()
}

fn door(client: &Client) -> Door {
    Door::new(client.base.parse().unwrap(), Credentials::key(client.key.as_deref()))
}

async fn ran(plan: ChaosPlan, clients: &[&Client], afterwards: Afterwards) -> ChaosRun {
    let progress = Arc::new(Progress::new(plan));
    let doors = clients.iter().map(|client| door(client)).collect();
    chaos::run(plan, Target::Servers(doors), afterwards, &progress, &CancellationToken::new()).await;
    progress.snapshot()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_crowd_is_served_in_every_bad_way_and_the_proof_holds(pool: PgPool) {
    let server = Server::start(&pool).await;
    let run = ran(plan(200, 20, 50), &[&server.client], Afterwards::PutAway).await;
    assert!(run.passes(), "{run:?}");
    let verdict = run.verdict.unwrap();
    assert_eq!((verdict.sold, verdict.oversold), (20, 0));
    assert_eq!(run.counts.won + run.counts.refused + run.counts.gave_back, 200);
    assert!(verdict.sold > 0 && run.counts.gave_back > 0, "{:?}", run.counts);

    let sku = run.sku.unwrap();
    let product = server.client.get(&format!("/api/products/{sku}")).await.json();
    assert_eq!(product["archived"], true);
    let stock = &product["stock"][0];
    assert_eq!((&stock["on_hand"], &stock["reserved"]), (&json!(0), &json!(0)));
    let open = server.client.get("/api/orders?status=confirmed&status=pending").await.json();
    assert_eq!(open["items"], json!([]));
    server.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn two_servers_on_one_database_sell_no_more_than_one(pool: PgPool) {
    let (one, other) = (Server::start(&pool).await, Server::start(&pool).await);
    let run = ran(plan(300, 30, 40), &[&one.client, &other.client], Afterwards::Keep).await;
    assert!(run.passes(), "{run:?}");
    let product = one.client.get(&format!("/api/products/{}", run.sku.unwrap())).await.json();
    assert_eq!((&product["archived"], &product["stock"][0]["reserved"]), (&json!(false), &json!(30)));
    one.assert_balanced().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_run_that_is_stopped_puts_its_things_away(pool: PgPool) {
    let server = Server::start(&pool).await;
    let plan = plan(20_000, 20_000, 4);
    let (progress, stop) = (Arc::new(Progress::new(plan)), CancellationToken::new());
    let doors = vec![door(&server.client)];
    let running = tokio::spawn({
        let (progress, stop) = (progress.clone(), stop.clone());
        async move { chaos::run(plan, Target::Servers(doors), Afterwards::PutAway, &progress, &stop).await }
    });
    while progress.counts().1.won < 10 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), running).await.unwrap().unwrap();
    let run = progress.snapshot();
    assert_eq!((run.phase, run.verdict.is_none()), (Phase::Stopped, true), "{:?}", run.trouble);
    let product = server.client.get(&format!("/api/products/{}", run.sku.unwrap())).await.json();
    assert_eq!(product["archived"], true);
    server.assert_balanced().await;
}

/// A shop that sells to whoever comes: ten units, as often as anybody asks.
async fn liar() -> String {
    let orders = Arc::new(AtomicU32::new(0));
    let number = move || orders.fetch_add(1, Ordering::Relaxed);
    let id = "019a0000-0000-7000-8000-000000000001";
    let at = "2026-11-22T17:12:52.000Z";
    let product = json!({
        "id": id, "sku": "X", "name": "n", "price": {"minor": 1, "currency": "GBP"}, "archived": false,
        "low_stock_threshold": null, "version": 1, "as_of": at, "created_at": at,
        "stock": [{"warehouse": "MAIN", "on_hand": 10, "reserved": 10, "available": 0}],
    });
    let empty = || async { Json(json!({"items": [], "next": null, "prev": null})) };
    let made = |value: Value| move || async { (axum::http::StatusCode::CREATED, Json(value)) };
    let hold = json!({"id": id, "expires_at": "2026-11-22T17:12:53.000Z", "server_time": at, "status": "expired"});
    let order = move || async move {
        let id = format!("order {}", number());
        (axum::http::StatusCode::CREATED, Json(json!({"id": id, "status": "confirmed"})))
    };
    let app = Router::new()
        .route("/api/products", post(made(product.clone())))
        .route("/api/products/{sku}", get(made(product.clone())).patch(made(product.clone())))
        .route("/api/products/{sku}/stock", post(made(product)))
        .route("/api/reservations", get(empty).post(made(hold.clone())))
        .route("/api/reservations/{id}", get(made(hold.clone())))
        .route("/api/reservations/{id}/release", post(made(hold)))
        .route("/api/orders", post(order))
        .route("/api/audit", get(empty));
    // Reads are answered with 200.
    let app =
        app.layer(axum::middleware::from_fn(async |request: axum::extract::Request, next: axum::middleware::Next| {
            let is_read = request.method() == axum::http::Method::GET;
            let mut response = next.run(request).await;
            if is_read {
                *response.status_mut() = axum::http::StatusCode::OK;
            }
            response
        }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

#[tokio::test]
async fn a_shop_that_sells_what_it_has_not_is_found_out() {
    let run = ran(plan(40, 10, 10), &[&Client::new(liar().await)], Afterwards::Keep).await;
    assert!(!run.passes());
    let verdict = run.verdict.unwrap();
    assert!(verdict.oversold > 10, "{verdict}");
    for kind in [CheckKind::SoldIsStock, CheckKind::CountersAgree, CheckKind::JournalAgrees, CheckKind::TwinsAgree] {
        assert!(verdict.checks.iter().any(|check| check.kind == kind && !check.passed), "{kind:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_server_runs_one_at_a_time_and_shows_how_it_stands(pool: PgPool) {
    let server = Server::start(&pool).await;
    let before = server.client.get("/api/fn/chaos_fetch").await;
    assert_eq!((before.status.as_u16(), before.json()), (200, Value::Null));
    let form = "attempts=60&stock=10&clients=20&key=page-1%3Achaos%3A0";
    let started = server.client.form("chaos_start", form).await;
    assert_eq!(started.status, 200, "{}", started.text());
    // The same form again is the same run; another one has to wait.
    assert_eq!(server.client.form("chaos_start", form).await.status, 200);
    let other = server.client.form("chaos_start", "attempts=60&stock=10&clients=20").await;
    assert_eq!((other.status.as_u16(), &other.json()["code"]), (409, &json!("chaos_under_way")));
    let run = loop {
        let run: ChaosRun = serde_json::from_value(server.client.get("/api/fn/chaos_fetch").await.json()).unwrap();
        if !run.phase.is_under_way() {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(run.passes(), "{run:?}");
    assert_eq!(run.squares.0.len(), 60);

    let control = server.client.form("chaos_start", "attempts=60&stock=5&clients=8&guards=off").await;
    assert_eq!(control.status, 200, "{}", control.text());
    let refused = server.client.form("chaos_start", "attempts=20001&stock=x&clients=8").await;
    assert_eq!(refused.status, 422);
    let fields = [0, 1].map(|place| refused.json()["errors"][place]["field"].clone());
    assert_eq!(fields, ["attempts", "stock"]);
}

async fn holdfast(arguments: &[&str], pool: &PgPool) -> Output {
    let mut url: url::Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    url.set_path(pool.connect_options().get_database().unwrap());
    Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(arguments)
        .env("DATABASE_URL", url.as_str())
        .env_remove("DATABASE_APP_URL")
        .env_remove("HOLDFAST_API_KEY")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_command_says_by_its_status_what_was_proved(pool: PgPool) {
    let server = Server::start(&pool).await;
    let key = server.client.key.clone().unwrap();
    let proved = holdfast(&["chaos", "--url", &server.client.base, "--key", &key, "--json"], &pool).await;
    assert!(proved.status.success(), "{proved:?}");
    let outcome: Value = serde_json::from_slice(&proved.stdout).unwrap();
    assert_eq!((&outcome["passes"], &outcome["verdict"]["sold"]), (&json!(true), &json!(10)));
    assert!(outcome["summary"].as_str().unwrap().starts_with("10 sold of 10, "), "{outcome}");

    let control = holdfast(&["chaos", "--without-guards"], &pool).await;
    let said = String::from_utf8_lossy(&control.stdout).into_owned();
    assert!(control.status.success() && said.contains(" oversold"), "{control:?}");
    // One buyer at a time can't oversell: the control shows nothing, and says so.
    let blunt = holdfast(&["chaos", "--without-guards", "--clients", "1"], &pool).await;
    assert!(!blunt.status.success(), "{blunt:?}");
    let lying = holdfast(&["chaos", "--url", &liar().await], &pool).await;
    assert!(!lying.status.success(), "{lying:?}");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_admins_run_it_and_a_run_is_not_held_up_by_how_often_they_may_ask(pool: PgPool) {
    // Ten times fewer than the run needs.
    let rates = RateArgs { requests_per_minute_key: 30, ..RateArgs::default() };
    let mut server = Server::start_with(&pool, Admission::new(None, 0, &rates)).await;
    server.start_tasks();
    let operator = Client::new(server.client.base.clone()).with_key(&key(&server.store, "operator").await.1);
    operator.form("chaos_start", "attempts=2&stock=1&clients=1").await.assert_problem(403, "forbidden");
    assert_eq!(server.client.stranger().get("/api/fn/chaos_fetch").await.status, 401);

    let started = server.client.form("chaos_start", "attempts=100&stock=20&clients=20").await;
    assert_eq!(started.status, 200, "{}", started.text());
    let run = loop {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let run: ChaosRun = serde_json::from_value(server.client.get("/api/fn/chaos_fetch").await.json()).unwrap();
        if !run.phase.is_under_way() {
            break run;
        }
    };
    assert!(run.passes(), "{run:?}");
}
