//! Whoever sends a body gets to see the answer to it, also where nobody read it.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::timeout;

use crate::support::{Server, key};

const SOON: Duration = Duration::from_secs(10);
static LARGE: [u8; 5_000_000] = [b'x'; 5_000_000];
const JSON: &str = "content-type: application/json\r\n";
const FORM: &str = "content-type: application/x-www-form-urlencoded\r\naccept: application/json\r\n";

#[sqlx::test(migrations = "../migrations")]
async fn a_large_body_is_answered_once_all_of_it_is_sent(pool: PgPool) {
    let server = Server::start(&pool).await;
    let viewer = server.client.with_key(&key(&server.store, "viewer").await.1);
    let stranger = server.client.stranger();
    let elsewhere = format!("{JSON}sec-fetch-site: cross-site\r\n");
    let cases = [
        (&server.client, "POST", "/api/products", JSON, "413"),
        (&server.client, "POST", "/api/fn/product_create", FORM, "413"),
        (&viewer, "POST", "/api/products", JSON, "403"),
        (&viewer, "POST", "/api/fn/product_create", FORM, "403"),
        (&stranger, "POST", "/api/products", JSON, "401"),
        (&stranger, "POST", "/api/fn/product_create", FORM, "401"),
        (&server.client, "POST", "/api/products", &elsewhere, "403"),
        (&server.client, "POST", "/api/nothing", JSON, "404"),
        (&server.client, "PUT", "/api/products", JSON, "405"),
        (&server.client, "GET", "/api/products", JSON, "200"),
    ];
    for (client, method, path, headers, expected) in cases {
        let (status, answer) = client.send_whole(method, path, headers, &LARGE).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn the_connection_of_a_refused_body_serves_the_next_request(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let refused = stranger.head("POST", "/api/products", &format!("content-length: {}\r\n", LARGE.len()));
    let next = server.client.head("GET", "/api/products", "connection: close\r\n");
    let (status, answers) = server.client.send_bytes(&[&refused, &LARGE[..], &next].concat()).await;
    assert_eq!((status.as_str(), answers.matches("HTTP/1.1 200").count()), ("401", 1), "{answers}");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_coming_is_not_waited_for(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    let asking = "expect: 100-continue\r\nconnection: close\r\n";
    // The client asks before it sends, or says that it will send more than is ever thrown away.
    let cases = [
        (&stranger, "/api/products", "content-length: 5000", "401"),
        (&stranger, "/api/products", "transfer-encoding: chunked", "401"),
        (&stranger, "/api/fn/product_create", "content-length: 5000", "401"),
        (&server.client, "/api/products", "content-length: 5000000", "413"),
        (&server.client, "/api/fn/product_create", "content-length: 100000", "413"),
    ];
    for (client, path, length, expected) in cases {
        let head = client.head("POST", path, &format!("{length}\r\n{asking}"));
        let (status, answer) = timeout(SOON, client.send_bytes(&head)).await.unwrap();
        assert_eq!(status, expected, "{path} {length}: {answer}");
    }
    let head = server.client.head("POST", "/api/products", "content-length: 100000000\r\n");
    let (status, answer) = timeout(SOON, server.client.send_bytes(&head)).await.unwrap();
    assert_eq!(status, "413", "{answer}");
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_asked_first_and_was_told_to_go_on_sees_the_answer(pool: PgPool) {
    let server = Server::start(&pool).await;
    let headers = "expect: 100-continue\r\ntransfer-encoding: chunked\r\nconnection: close\r\n";
    let head = server.client.head("POST", "/api/products", headers);
    let chunk = [format!("{:x}\r\n", LARGE.len()).as_bytes(), &LARGE, b"\r\n0\r\n\r\n"].concat();
    let (status, answer) = server.client.send_bytes(&[head, chunk].concat()).await;
    assert_eq!((status.as_str(), answer.matches("HTTP/1.1 413").count()), ("100", 1), "{answer}");
}
