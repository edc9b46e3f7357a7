//! A server that is killed while holds are open: they still hold afterwards, and end on time.

use std::process::Stdio;
use std::time::Duration;

use serde_json::json;
use sqlx::PgPool;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::support::{Client, hold, key};

/// The real program on the test's database.
pub(crate) async fn serve(pool: &PgPool) -> (Child, Client) {
    let mut url: url::Url = std::env::var("DATABASE_URL").unwrap().parse().unwrap();
    url.set_path(pool.connect_options().get_database().unwrap());
    let mut child = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .env("DATABASE_URL", url.as_str())
        .env_remove("DATABASE_APP_URL")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = loop {
        let line = lines.next_line().await.unwrap().expect("the server says where it is");
        if line.contains("http://") {
            break line;
        }
    };
    let base = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    let store = store::Store::new(pool.clone());
    (child, Client::new(base).with_key(&key(&store, "admin").await.1))
}

#[sqlx::test(migrations = "../migrations")]
async fn holds_outlive_a_killed_server_and_end_on_time(pool: PgPool) {
    let (mut killed, client) = serve(&pool).await;
    let body = json!({"sku": "A", "name": "n", "price": {"minor": 1, "currency": "GBP"}});
    assert_eq!(client.post("/api/products", &body).await.status, 201);
    client.post("/api/products/A/stock", &json!({"delta": 10, "reason": "received"})).await;
    let short = json!({"lines": [{"sku": "A", "quantity": 4}], "ttl_seconds": 4});
    let short = client.post("/api/reservations", &short).await.json();
    let long = client.post("/api/reservations", &hold("A", 5)).await.json();
    killed.kill().await.unwrap();

    let (mut served, client) = serve(&pool).await;
    let reserved = async || client.get("/api/products/A").await.json()["stock"][0]["reserved"].as_i64().unwrap();
    let expires_at: domain::time::Timestamp = short["expires_at"].as_str().unwrap().parse().unwrap();
    let started: domain::time::Timestamp = {
        let path = format!("/api/reservations/{}", long["id"].as_str().unwrap());
        client.get(&path).await.json()["server_time"].as_str().unwrap().parse().unwrap()
    };
    let left_milliseconds = expires_at.milliseconds_since(started);
    assert!(left_milliseconds > 500, "the restart took too long to tell: {left_milliseconds} ms left");
    assert_eq!(reserved().await, 9);
    tokio::time::sleep(Duration::from_millis(left_milliseconds.unsigned_abs() + 500)).await;
    assert_eq!(reserved().await, 5);
    let path = format!("/api/reservations/{}", short["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.json()["status"], "expired");
    served.kill().await.unwrap();
}
