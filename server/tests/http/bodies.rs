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
        let (status, answer) = client.written(method, path, headers, &LARGE).await;
        assert_eq!(status, expected, "{method} {path}: {answer}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_not_coming_is_not_waited_for(pool: PgPool) {
    let server = Server::start(&pool).await;
    let stranger = server.client.stranger();
    // The client asks before it sends, or says that it will send more than is ever thrown away.
    for headers in [
        "expect: 100-continue\r\ncontent-length: 5000\r\n",
        "content-length: 100000000\r\n",
        "expect: 100-continue\r\ntransfer-encoding: chunked\r\n",
    ] {
        let answered = stranger.written_as("POST", "/api/products", headers, b"");
        let (status, answer) = timeout(SOON, answered).await.unwrap();
        assert_eq!(status, "401", "{headers}: {answer}");
    }
}
