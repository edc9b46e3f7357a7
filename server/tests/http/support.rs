//! A server on a port of its own, and a client for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt as _;
use domain::account::{KeyCreated, KeyRequest};
use domain::actor::{Actor, SystemActor};
use domain::ids::KeyId;
use leptos::config::LeptosOptions;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use server::admission::Admission;
use server::router::router;
use server::state::AppState;
use server::tasks::Tasks;
use sqlx::PgPool;
use store::{Caller, Connections, Fingerprint, Rendered, Request, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::contract::CONTRACT;

/// A running server with its background tasks.
pub(crate) struct Server {
    pub(crate) store: Store,
    pub(crate) client: Client,
    tasks: Option<Tasks>,
}

/// Calls an address, with an API key or without.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) base: String,
    pub(crate) key: Option<String>,
    http: reqwest::Client,
}

/// An answer, read to its end; of one that has none, the first of it.
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
        server.start_tasks();
        server
    }

    pub(crate) async fn start_without_tasks(pool: &PgPool) -> Self {
        Self::start_with(pool, Admission::default()).await
    }

    /// Serves behind a door with other settings.
    pub(crate) async fn start_with(pool: &PgPool, admission: Admission) -> Self {
        Self::start_on(connections(pool), admission).await
    }

    /// Serves on a store with other settings, without the tasks.
    pub(crate) async fn start_on(connections: Connections, admission: Admission) -> Self {
        let store = connections.open().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let base = format!("http://{address}");
        let leptos = LeptosOptions::builder()
            .output_name("holdfast")
            .site_root(concat!(env!("CARGO_MANIFEST_DIR"), "/../public"))
            .build();
        let app = router(AppState::new(store.clone(), leptos, Arc::new(admission), address));
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let key = key(&store, "admin").await;
        Self { store, client: Client::new(base).with_key(&key.1), tasks: None }
    }

    /// Starts the background tasks of a server that was started without.
    pub(crate) fn start_tasks(&mut self) {
        self.tasks = Some(Tasks::start(&self.store));
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

/// The pool of the test has no time-outs: the store makes its own, as the server does.
pub(crate) fn connections(pool: &PgPool) -> Connections {
    Connections::new(pool.connect_options().as_ref().clone())
}

/// A fresh key with this role: its id, and the key itself.
pub(crate) async fn key(store: &Store, role: &str) -> (KeyId, String) {
    let new = KeyRequest::new(&format!("{role} of a test"), role, None).unwrap();
    let created: KeyCreated = store.key_create(asked(), new).await.unwrap().read().unwrap();
    (created.api_key.id, created.key.unwrap().reveal().to_owned())
}

/// A request as a shell makes it.
pub(crate) fn asked<T: Serialize>() -> Request<T> {
    let caller = Caller { actor: Actor::System(SystemActor::Cli), request_id: None };
    let render =
        |answer: &T| Rendered { status: 200, etag: None, location: None, body: serde_json::to_vec(answer).unwrap() };
    Request { caller, key: None, fingerprint: Fingerprint([0; 32]), render }
}

impl Client {
    /// The same, with this key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self.clone() }
    }

    /// The same, without a key.
    pub(crate) fn stranger(&self) -> Self {
        Self { key: None, ..self.clone() }
    }

    pub(crate) fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self { base, key: None, http }
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

    /// Sends JSON, or nothing. As of every call, the answer is held against the document.
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

    /// Opens an answer that is to be read bit by bit.
    pub(crate) async fn open(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        self.respond(Method::GET, path, headers, String::new()).await
    }

    pub(crate) async fn send_raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> Reply {
        let mut response = self.respond(method.clone(), path, headers, body).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let is_endless = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        let bytes = match is_endless {
            true => response.chunk().await.unwrap().unwrap_or_default(),
            false => response.bytes().await.unwrap(),
        };
        let reply = Reply { status, headers, bytes: bytes.to_vec() };
        CONTRACT.check(&method, path, &reply);
        reply
    }

    /// Sends a request to its end before the answer is read, with its path as it stands: other clients read as
    /// they write, and tidy the path. Each of `headers` ends its line. Status and answer.
    pub(crate) async fn send_whole(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (String, String) {
        let headers = format!("content-length: {}\r\nconnection: close\r\n{headers}", body.len());
        self.send_bytes(&[&self.head(method, path, &headers), body].concat()).await
    }

    /// The head of a request, with our key.
    pub(crate) fn head(&self, method: &str, path: &str, headers: &str) -> Vec<u8> {
        let host = self.base.trim_start_matches("http://");
        let key = self.key.as_ref().map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{key}{headers}\r\n").into_bytes()
    }

    /// Sends these bytes and reads until the server closes the connection: the first status, and all that came.
    pub(crate) async fn send_bytes(&self, bytes: &[u8]) -> (String, String) {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        (answer.split(' ').nth(1).unwrap().to_owned(), answer)
    }

    async fn respond(&self, method: Method, path: &str, headers: &[(&str, &str)], body: String) -> reqwest::Response {
        let mut request = self.http.request(method, format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(key) = &self.key {
            request = request.bearer_auth(key);
        }
        request.send().await.unwrap()
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
