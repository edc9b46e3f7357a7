//! What the server tells of itself, and what it tells whoever finds it full.

use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use serde_json::json;
use server::admission::Admission;
use sqlx::PgPool;
use store::Connections;

use crate::support::{Server, connections, hold, key};

/// The value of a line that begins so.
fn figure(text: &str, begins: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.starts_with(begins))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[sqlx::test(migrations = "../migrations")]
async fn the_figures_tell_of_commands_lanes_and_lateness(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("MUG", 3).await;
    let soon = json!({"lines": [{"sku": "MUG", "quantity": 3}], "ttl_seconds": 1});
    assert_eq!(server.client.post("/api/reservations", &soon).await.status, 201);
    server.client.post("/api/reservations", &hold("MUG", 1)).await.assert_problem(409, "insufficient_stock");
    let (_, viewer) = key(&server.store, "viewer").await;
    let scraper = server.client.with_key(&viewer);
    let began = Instant::now();
    let text = loop {
        let told = scraper.get("/metrics").await;
        assert_eq!(told.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
        let text = told.text();
        if figure(&text, "holdfast_expiry_lateness_seconds_count").is_some_and(|count| count > 0.0) {
            break text;
        }
        assert!(began.elapsed() < Duration::from_secs(5), "nothing has expired: {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    // The other tests of this process are counted, too.
    for begins in [
        "holdfast_commands_total{command=\"hold\",outcome=\"accepted\"}",
        "holdfast_commands_total{command=\"hold\",outcome=\"insufficient_stock\"}",
        "holdfast_batch_commands_count",
        "holdfast_batch_seconds_sum",
        "holdfast_commit_seconds_bucket{le=\"0.1\"}",
        "holdfast_lane_wait_seconds_count",
        "holdfast_http_requests_total{status=\"2xx\"}",
        "holdfast_http_request_seconds_count",
        "holdfast_database_connections{state=\"idle\"}",
    ] {
        assert!(figure(&text, begins).is_some_and(|value| value > 0.0), "{begins}: {text}");
    }
    assert_eq!(figure(&text, "holdfast_lane_waiting_commands{lane=\"0\"}"), Some(0.0));
    let documented = include_str!("../../../docs/metrics.md");
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let name = line.split(' ').next().unwrap();
        assert!(documented.contains(&format!("`{name}`")), "{name} is not in docs/metrics.md");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_full_lane_answers_503_at_once_and_says_when_to_come_again(pool: PgPool) {
    let few = Connections { lanes: 1, lane_waiting_max: 20, ..connections(&pool) };
    let server = Server::start_on(few, Admission::default()).await;
    server.product("HOT", 1_000).await;
    // From now on what it is called is remembered.
    assert_eq!(server.client.post("/api/reservations", &hold("HOT", 1)).await.status, 201);
    let mut blocker = pool.begin().await.unwrap();
    sqlx::query("select from stock for update").execute(&mut *blocker).await.unwrap();
    let body = hold("HOT", 1);
    let crowd = join_all((0..60).map(async |_| {
        let began = Instant::now();
        let reply = server.client.post("/api/reservations", &body).await;
        (reply, began.elapsed())
    }));
    let release = async {
        tokio::time::sleep(Duration::from_millis(1_000)).await;
        blocker.rollback().await.unwrap();
    };
    let (crowd, ()) = join(crowd, release).await;
    let (mut held, mut refused) = (0, 0);
    for (reply, took) in crowd {
        if reply.status == 201 {
            held += 1;
            continue;
        }
        reply.assert_problem(503, "busy");
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert!(took < Duration::from_millis(800), "told after {took:?}");
        refused += 1;
    }
    // Those of the batch under way, and half of the lane.
    assert!(held >= 11 && refused >= 20, "{held} held, {refused} refused");
    server.assert_balanced().await;
}
