//! A server on a port of its own, and a client for it.

use std::time::Duration;

use axum::serve::ListenerExt as _;
use leptos::config::LeptosOptions;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::router::router;
use server::state::AppState;
use server::tasks::Tasks;
use sqlx::PgPool;
use store::{Connections, Store};
use tokio::net::TcpListener;

/// A running server with its background tasks.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) client: Client,
    tasks: Option<Tasks>,
}

/// Calls an address.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) base: String,
    http: reqwest::Client,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Server {
    /// Serves with the sweep running.
    pub(crate) async fn start(pool: &PgPool) -> Self {
        let mut server = Self::start_without_tasks(pool).await;
        server.tasks = Some(Tasks::start(&server.store));
        server
    }

    pub(crate) async fn start_without_tasks(pool: &PgPool) -> Self {
        // The pool of the test has no time-outs: the store makes its own, as the server does.
        let options = pool.connect_options().as_ref().clone();
        let store = Connections::new(options).open().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let leptos = LeptosOptions::builder().output_name("holdfast").build();
        let app = router(AppState { store: store.clone(), leptos });
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        tokio::spawn(async move { axum::serve(listener, app.into_make_service()).await });
        Self { store, client: Client::new(base), tasks: None }
    }

    /// A product with so many units on hand.
    pub(crate) async fn product(&self, sku: &str, on_hand: i64) -> Value {
        let body = json!({"sku": sku, "name": format!("Product {sku}"), "price": {"minor": 255, "currency": "GBP"}});
        let created = self.client.post("/api/products", &body).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text());
        if on_hand == 0 {
            return created.json();
        }
        let received = json!({"delta": on_hand, "reason": "received"});
        let product = self.client.post(&format!("/api/products/{sku}/stock"), &received).await;
        assert_eq!(product.status, StatusCode::OK, "{}", product.text());
        product.json()
    }

    /// Stock equals the journal, and what is reserved is held.
    pub(crate) async fn assert_balanced(&self) {
        assert_eq!(self.store.verify_stock(10).await.unwrap(), []);
    }
}

impl Drop for Server {
    /// The test's database is dropped next, which waits for connections that are still open.
    fn drop(&mut self) {
        let (store, tasks) = (self.store.clone(), self.tasks.take());
        tokio::spawn(async move {
            if let Some(tasks) = tasks {
                tasks.stop().await;
            }
            store.close().await;
        });
    }
}

impl Client {
    pub(crate) fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { base, http }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[], Some(body.to_string())).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, &[], Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, &[], Some(body.to_string())).await
    }

    pub(crate) async fn post_with_key(&self, path: &str, key: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, &[("idempotency-key", key)], Some(body.to_string())).await
    }

    /// Calls a server function as a script does.
    pub(crate) async fn form(&self, function: &str, body: &str) -> Reply {
        let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")];
        self.send_raw(Method::POST, &format!("/api/fn/{function}"), &headers, body.to_owned()).await
    }

    /// Sends JSON, or nothing.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Reply {
        let json = body.is_some().then_some(("content-type", "application/json"));
        let headers: Vec<(&str, &str)> = json.into_iter().chain(headers.iter().copied()).collect();
        self.send_raw(method, path, &headers, body.unwrap_or_default()).await
    }

    pub(crate) async fn send_raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        Reply {
            status: response.status(),
            headers: response.headers().clone(),
            bytes: response.bytes().await.unwrap().to_vec(),
        }
    }
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Asserts a problem with this code, complete in its form.
    pub(crate) fn assert_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["status"], status, "{body}");
        assert!(body["type"].as_str().unwrap().ends_with(code), "{body}");
        assert!(!body["title"].as_str().unwrap().is_empty() && !body["detail"].as_str().unwrap().is_empty(), "{body}");
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{body}");
        body
    }
}

/// A hold of one line.
pub(crate) fn hold(sku: &str, quantity: i64) -> Value {
    json!({"lines": [{"sku": sku, "quantity": quantity}]})
}
