//! `/api/events`: what is committed is told, in order and once, to whoever reads, on any server.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use server::admission::Admission;
use sqlx::PgPool;
use store::Connections;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::support::{Client, Server, connections, hold, key};

const SOON: Duration = Duration::from_secs(20);

/// One event of a stream.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// Reads a stream of events.
pub(crate) struct Events {
    response: reqwest::Response,
    text: String,
}

impl Events {
    pub(crate) async fn open(client: &Client, query: &str, last_event_id: Option<i64>) -> Self {
        let id = last_event_id.map(|id| id.to_string());
        let headers: Vec<(&str, &str)> = id.iter().map(|id| ("last-event-id", id.as_str())).collect();
        let response = client.open(&format!("/api/events{query}"), &headers).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next block; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = timeout(SOON, self.response.chunk()).await.expect("nothing comes").ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The position from which it goes on, where it was opened without one.
    pub(crate) async fn begun(&mut self) -> i64 {
        self.block().await.unwrap().strip_prefix("retry: 1000\nid: ").unwrap().parse().unwrap()
    }

    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            let block = self.block().await?;
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
            if let Some(name) = field("event: ") {
                let id = field("id: ").unwrap().parse().unwrap();
                let data = serde_json::from_str(field("data: ").unwrap()).unwrap();
                return Some(Event { id, name: name.to_owned(), data });
            }
        }
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        while events.len() < count {
            events.push(self.next().await.unwrap());
        }
        events
    }

    /// Asserts that nothing comes for a moment.
    async fn nothing(&mut self) {
        let nothing = timeout(Duration::from_millis(300), self.next()).await;
        assert!(nothing.is_err(), "{nothing:?}");
    }
}

fn actions(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.data["action"].as_str().unwrap()).collect()
}

/// The journal, oldest first, as the audit log shows it.
async fn journal(client: &Client) -> Vec<Value> {
    let mut items = client.get("/api/audit?limit=200").await.json()["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_committed_is_told_as_the_audit_log_has_it(pool: PgPool) {
    let server = Server::start(&pool).await;
    server.product("A", 10).await;
    let mut now = Events::open(&server.client, "", None).await;
    let begun = now.begun().await;
    assert_eq!(server.client.post("/api/reservations", &hold("A", 2)).await.status, 201);
    assert_eq!(server.client.post("/api/reservations", &hold("A", 20)).await.status, 409);
    assert_eq!(server.client.patch("/api/products/A", &json!({"name": "B"})).await.status, 200);
    let told = now.take(2).await;
    assert_eq!(actions(&told), ["reservation.held", "product.changed"]);
    let table = journal(&server.client).await;
    let mut all = Events::open(&server.client, "?after=0", None).await;
    // The key that the test asks with comes first.
    let from_the_start = all.take(5).await;
    assert_eq!(from_the_start.iter().map(|event| event.data.clone()).collect::<Vec<_>>(), table);
    assert!(from_the_start.iter().all(|event| event.name == "entry" && event.data["position"] == event.id));
    assert_eq!(from_the_start[3..], told);
    assert_eq!(begun, from_the_start[2].id);
    let mut again = Events::open(&server.client, "?after=0", Some(from_the_start[3].id)).await;
    assert_eq!(again.take(1).await, from_the_start[4..], "the header is newer than the address");
    again.nothing().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_is_told_of_the_products_and_orders_it_names(pool: PgPool) {
    let server = Server::start(&pool).await;
    let client = &server.client;
    let id = server.product("A", 10).await["id"].as_str().unwrap().to_owned();
    server.product("B", 10).await;
    let order = json!({"lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": 1}]});
    let order = client.post("/api/orders", &order).await.json();
    let number = order["number"].as_i64().unwrap();
    let open = async |query: &str| Events::open(client, query, None).await;
    let mut of_a = open(&format!("?product={id}")).await;
    let mut of_b = open("?product=B").await;
    let mut of_both = open("?product=A&product=B").await;
    let mut of_order = open(&format!("?order={number}")).await;
    let mut of_b_in_order = open(&format!("?order={}&product=B", order["id"].as_str().unwrap())).await;
    for events in [&mut of_a, &mut of_b, &mut of_both, &mut of_order, &mut of_b_in_order] {
        events.begun().await;
    }
    client.post("/api/reservations", &hold("A", 1)).await;
    client.post("/api/reservations", &hold("B", 1)).await;
    client.patch(&format!("/api/orders/{number}"), &json!({"status": "confirmed"})).await;
    client.patch(&format!("/api/orders/{number}"), &json!({"status": "cancelled"})).await;
    assert_eq!(actions(&of_a.take(2).await), ["reservation.held", "order.cancelled"]);
    assert_eq!(actions(&of_b.take(2).await), ["reservation.held", "order.cancelled"]);
    assert_eq!(of_both.take(4).await.len(), 4);
    let expected = ["order.confirmed", "order.cancelled", "order.cancelled"];
    assert_eq!(actions(&of_order.take(3).await), expected, "of both products");
    assert_eq!(actions(&of_b_in_order.take(1).await), ["order.cancelled"]);
    for events in [&mut of_a, &mut of_b, &mut of_both, &mut of_order, &mut of_b_in_order] {
        events.nothing().await;
    }
    // That a hold lasts longer moves no stock: who follows the hold is told.
    let held = client.post("/api/reservations", &hold("A", 1)).await.json();
    let held = held["id"].as_str().unwrap();
    let mut of_hold = open(&format!("?reservation={held}")).await;
    of_hold.begun().await;
    client.post("/api/reservations", &hold("A", 1)).await;
    client.post(&format!("/api/reservations/{held}/extend"), &json!({"ttl_seconds": 3_000})).await;
    assert_eq!(actions(&of_hold.take(1).await), ["reservation.extended"]);
    // From the beginning an order tells what its page tells.
    let mut whole = open(&format!("?after=0&order={number}")).await;
    let audit = client.get(&format!("/api/orders/{number}/audit")).await.json();
    let audit = audit["items"].as_array().unwrap().clone();
    let told: Vec<Value> = whole.take(audit.len()).await.into_iter().map(|event| event.data).collect();
    assert_eq!(told, audit);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_can_not_be_followed_is_refused(pool: PgPool) {
    let server = Server::start(&pool).await;
    let cases = [
        ("?product=NOPE", 404, "not_found"),
        ("?order=1", 404, "not_found"),
        ("?order=x", 404, "not_found"),
        ("?reservation=x", 404, "not_found"),
        ("?reservation=019a0000-0000-7000-8000-000000000001", 404, "not_found"),
        ("?after=-1", 422, "invalid_input"),
        ("?after=x", 422, "invalid_input"),
        ("?after=99999999999999999999", 422, "invalid_input"),
        ("?sku=A", 400, "malformed"),
        ("?after=1&after=2", 400, "malformed"),
    ];
    for (query, status, code) in cases {
        server.client.get(&format!("/api/events{query}")).await.assert_problem(status, code);
    }
    let many = format!("/api/events?{}", "product=A&".repeat(201).trim_end_matches('&'));
    server.client.get(&many).await.assert_problem(422, "invalid_input");
    let header = [("last-event-id", "zebra")];
    server.client.send(Method::GET, "/api/events", &header, None).await.assert_problem(422, "invalid_input");
    server.client.post("/api/events", &json!({})).await.assert_problem(405, "method_not_allowed");
    // Of another database: there is nothing to go on from. This one has the key that the test asks with.
    let mut events = Events::open(&server.client, "", Some(1_000)).await;
    let resync = events.next().await.unwrap();
    assert_eq!((resync.name.as_str(), resync.id, &resync.data), ("resync", 1, &json!({"position": 1})));
}

#[sqlx::test(migrations = "../migrations")]
async fn another_servers_commits_are_told_within_a_second(pool: PgPool) {
    let (here, there) = (Server::start(&pool).await, Server::start(&pool).await);
    here.product("A", 1_000).await;
    let mut events = Events::open(&there.client, "?product=A", None).await;
    events.begun().await;
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let began = Instant::now();
        here.client.post("/api/reservations", &hold("A", 1)).await;
        events.take(1).await;
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}; other tests hold transactions open, but not so long");
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_lost_or_told_twice_across_a_restart(pool: PgPool) {
    let writer = Server::start(&pool).await;
    writer.product("A", 100_000).await;
    let writing = {
        let client = writer.client.clone();
        tokio::spawn(async move {
            for _ in 0..300 {
                assert_eq!(client.post("/api/reservations", &hold("A", 1)).await.status, 201);
                sleep(Duration::from_millis(3)).await;
            }
        })
    };
    let mut told = Vec::new();
    while told.len() < 302 {
        let server = Server::start(&pool).await;
        let last = told.last().map(|event: &Event| event.id).unwrap_or_default();
        let mut events = Events::open(&server.client, "?product=A", Some(last)).await;
        let until = (told.len() + 80).min(302);
        told.extend(events.take(until - told.len()).await);
        let stopped_at = Instant::now();
        server.store.journal_followers_end();
        while let Some(event) = events.next().await {
            told.push(event);
        }
        assert!(stopped_at.elapsed() < Duration::from_secs(5), "a stream ends when its server does");
    }
    writing.await.unwrap();
    let positions: Vec<i64> = told.iter().map(|event| event.id).collect();
    let table: Vec<i64> =
        sqlx::query_scalar("select position from journal where product_id is not null order by position")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(positions, table);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_that_does_not_read_is_told_to_read_again(pool: PgPool) {
    let server = Server::start(&pool).await;
    let product = server.product("A", 10).await;
    let mut slow = Events::open(&server.client, "?product=A", None).await;
    slow.begun().await;
    let many =
        "insert into journal (shard_key, at, change_id, actor, action, subject_kind, subject_id, product_id, after)
        select $1, clock_timestamp(), gen_random_uuid(), 'local', 'product.changed', 'product', $1, $1,
            jsonb_build_object('name', repeat('x', 20000)) from generate_series(1, 100)";
    let id: uuid::Uuid = product["id"].as_str().unwrap().parse().unwrap();
    for _ in 0..40 {
        sqlx::query(many).bind(id).execute(&pool).await.unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    let last: i64 = sqlx::query_scalar("select max(position) from journal").fetch_one(&pool).await.unwrap();
    let mut told = slow.take(1).await;
    while told.last().unwrap().id < last {
        told.extend(slow.take(1).await);
    }
    let resyncs = told.iter().filter(|event| event.name == "resync").count();
    assert!(resyncs > 0 && told.len() < 4_000, "{resyncs} of {}", told.len());
    assert!(told.is_sorted_by(|left, right| left.id < right.id));
    server.client.post("/api/reservations", &hold("A", 1)).await;
    assert_eq!(actions(&slow.take(1).await), ["reservation.held"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reader_that_leaves_gives_its_place_to_another(pool: PgPool) {
    let few = Connections { followers_max: 2, ..connections(&pool) };
    let mut server = Server::start_on(few, Admission::default()).await;
    server.start_tasks();
    let first = Events::open(&server.client, "", None).await;
    let _second = Events::open(&server.client, "", None).await;
    let refused = server.client.get("/api/events").await;
    refused.assert_problem(503, "busy");
    assert!(refused.header("retry-after").is_some());
    drop(first);
    let began = Instant::now();
    let mut status = 503;
    while status == 503 {
        assert!(began.elapsed() < SOON, "its place is not given back");
        sleep(Duration::from_millis(50)).await;
        status = server.client.open("/api/events", &[]).await.status().as_u16();
    }
    assert_eq!(status, 200);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_stream_ends_when_its_reader_is_let_in_no_more(pool: PgPool) {
    let (here, there) = (Server::start(&pool).await, Server::start(&pool).await);
    let (revoked, secret) = key(&here.store, "viewer").await;
    let mut events = Events::open(&there.client.with_key(&secret), "", None).await;
    let mut others = Events::open(&there.client, "", None).await;
    events.begun().await;
    others.begun().await;
    here.product("A", 1).await;
    assert_eq!(actions(&events.take(2).await), ["product.created", "stock.received"]);
    assert!(here.client.send(Method::DELETE, &format!("/api/keys/{revoked}"), &[], None).await.status.is_success());
    let began = Instant::now();
    // It may be told of its own end before that.
    while events.next().await.is_some() {}
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let told = others.take(3).await;
    assert_eq!(actions(&told[2..]), ["key.revoked"], "others read on");
    there.client.with_key(&secret).get("/api/events").await.assert_problem(401, "unauthenticated");
    let stranger = there.client.stranger().get("/api/events").await;
    stranger.assert_problem(401, "unauthenticated");
}

/// A thousand readers of a real server, each of one product.
#[sqlx::test(migrations = "../migrations")]
async fn a_thousand_readers_weigh_little_and_are_all_told(pool: PgPool) {
    const READERS: u32 = 1_000;
    let (mut server, client) = crate::restarts::serve(&pool).await;
    for sku in ["A", "B"] {
        let product = json!({"sku": sku, "name": "n", "price": {"minor": 1, "currency": "GBP"}});
        assert_eq!(client.post("/api/products", &product).await.status, 201);
        client.post(&format!("/api/products/{sku}/stock"), &json!({"delta": 10_000, "reason": "received"})).await;
    }
    let (address, key) = (client.base.trim_start_matches("http://").to_owned(), client.key.clone().unwrap());
    let pid = server.id().unwrap();
    // The first of anything costs more.
    let mut readers = read_in_turn(&address, &key, 50).await;
    let before = resident_bytes(pid);
    readers.extend(read_in_turn(&address, &key, READERS).await);
    let opened = resident_bytes(pid);
    // Fifty entries a second for three seconds, half of them of the product that they read.
    let began = Instant::now();
    for round in 0..150_u32 {
        let sku = if round % 2 == 0 { "A" } else { "B" };
        assert_eq!(client.post("/api/reservations", &hold(sku, 1)).await.status, 201);
        tokio::time::sleep_until(began + Duration::from_millis(20) * (round + 1)).await;
    }
    let told = resident_bytes(pid);
    let last: i64 = sqlx::query_scalar("select max(position) from journal").fetch_one(&pool).await.unwrap();
    for reader in &mut readers {
        let text = reader.entries(75).await;
        assert_eq!(text.matches("event: entry").count(), 75, "{text}");
        assert!(text.contains(&format!("id: {last}\n")) || text.contains(&format!("id: {}\n", last - 1)), "{text}");
    }
    let each = |bytes: u64| bytes.saturating_sub(before) / u64::from(READERS);
    eprintln!("{} bytes a reader, {} when it has been told 75 entries", each(opened), each(told));
    assert!(each(told) < 50_000, "{} bytes a reader", each(told));
    server.kill().await.unwrap();
}

/// A reader that takes what comes off its connection.
struct Reader {
    stream: TcpStream,
}

impl Reader {
    /// What comes until so many entries have been told. How soon they are is measured by `holdfast bench`.
    async fn entries(&mut self, count: usize) -> String {
        let (mut text, mut buffer) = (String::new(), [0; 64 * 1024]);
        while text.matches("event: entry").count() < count || !text.trim_end().ends_with('}') {
            let Ok(read) = timeout(SOON, self.stream.read(&mut buffer)).await else { break };
            assert_ne!(read.as_ref().unwrap(), &0, "the stream ended: {text}");
            text.push_str(std::str::from_utf8(&buffer[..read.unwrap()]).unwrap());
        }
        text
    }
}

async fn read_in_turn(address: &str, key: &str, count: u32) -> Vec<Reader> {
    let mut readers = Vec::new();
    for number in 0..count {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let sku = if number % 2 == 0 { "A" } else { "B" };
        let head = format!("host: {address}\r\nauthorization: Bearer {key}");
        let request = format!("GET /api/events?product={sku} HTTP/1.1\r\n{head}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut begun = String::new();
        while !begun.contains("id: ") {
            let mut buffer = [0; 1_024];
            let read = timeout(SOON, stream.read(&mut buffer)).await.unwrap().unwrap();
            assert!(read > 0, "refused: {begun}");
            begun.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        readers.push(Reader { stream });
    }
    readers
}

/// What a process keeps in memory.
fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1_024
}
