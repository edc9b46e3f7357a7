//! A client that leaves in the middle of its request leaves no open transaction behind.

use std::time::Duration;

use sqlx::PgPool;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::support::{Server, hold};

#[sqlx::test(migrations = "../migrations")]
async fn a_thousand_clients_that_leave_leave_nothing_open(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 1_000_000).await;
    let address = server.client.base.trim_start_matches("http://").to_owned();
    let key = server.client.key.clone().unwrap();
    let body = hold("A", 1).to_string();
    let request = format!(
        "POST /api/reservations HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    for batch in 0..50_u64 {
        let leaving = (0..20_u64).map(|number| {
            let (address, request) = (address.clone(), request.clone());
            async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                // Somewhere between the arrival and the answer.
                tokio::time::sleep(Duration::from_micros((batch * 20 + number) % 97 * 100)).await;
                drop(stream);
            }
        });
        futures::future::join_all(leaving).await;
    }
    let mut open = i64::MAX;
    for _ in 0..50 {
        open = sqlx::query_scalar(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        if open == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(open, 0, "sessions idle in transaction");
    let served = server.client.post("/api/reservations", &hold("A", 1)).await;
    assert_eq!(served.status, 201, "{}", served.text());
    server.assert_balanced().await;
}
