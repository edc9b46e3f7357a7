//! What the tests say in one line: make a product, hold some of it, and what became of it.

use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::time::Duration;

use domain::account::{KeyCreated, KeyRequest, SignIn, UserCreated, UserRequest};
use domain::actor::Actor;
use domain::idempotency::IdempotencyKey;
use domain::ids::{KeyId, ProductId, ReservationId, UserId};
use domain::journal::{Entry, EntryFilter};
use domain::money::Money;
use domain::page::{Limit, Page};
use domain::product::{NewProduct, ProductRef, ProductView};
use domain::quantity::StockDelta;
use domain::reservation::{ChangeRequest, HoldRequest, LineInput, ReservationView, Ttl};
use domain::sku::Sku;
use domain::stock::StockReason;
use domain::text::Name;
use domain::warehouse::WarehouseCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgPool;
use store::accounts::{KeySecret, OpenedSession, Origin, SessionToken};
use store::{Answered, Caller, Connections, Fingerprint, Rendered, Request, Store, StoreError};

/// A store as a server has it, with time-outs and as many connections. It is to be closed at the end.
pub(crate) async fn served(pool: &PgPool) -> Store {
    Connections::new((*pool.connect_options()).clone()).open().await.unwrap()
}

pub(crate) fn request<T: Serialize>() -> Request<T> {
    let caller = Caller { actor: Actor::Local, request_id: Some(store::ids::request_id()) };
    Request { caller, key: None, fingerprint: Fingerprint([0; 32]), render: rendered::<T> }
}

/// A request under this key.
pub(crate) fn keyed<T: Serialize>(key: &str) -> Request<T> {
    Request { key: Some(IdempotencyKey::new(key).unwrap()), ..request() }
}

pub(crate) fn rendered<T: Serialize>(value: &T) -> Rendered {
    let body = serde_json::to_vec(value).unwrap();
    Rendered { status: 200, etag: Some("etag".into()), location: None, body }
}

/// The answer, read back.
pub(crate) fn answer<T: DeserializeOwned>(result: Result<Answered, StoreError>) -> T {
    result.unwrap().read().unwrap()
}

/// The code of the problem with which this was refused.
pub(crate) fn code<T: Debug>(result: Result<T, StoreError>) -> &'static str {
    match result.unwrap_err() {
        StoreError::Refused(problem) => problem.code(),
        error => panic!("not refused, but failed: {}", error.in_full()),
    }
}

/// What anybody may be told of a rush: accepted, or the code of a refusal. All else is a failure.
pub(crate) fn told(result: Result<Answered, StoreError>) -> &'static str {
    if result.is_ok() { "accepted" } else { code(result) }
}

pub(crate) fn by_sku(sku: &str) -> ProductRef {
    ProductRef::Sku(Sku::new(sku).unwrap())
}

pub(crate) fn gbp(minor: i64) -> Money {
    Money::new(minor, "GBP".parse().unwrap())
}

pub(crate) fn new_product(sku: &str) -> NewProduct {
    NewProduct::new(sku, &format!("Product {sku}"), gbp(255)).unwrap()
}

/// A product with this many units in the main warehouse.
pub(crate) async fn product(store: &Store, sku: &str, units: i64) -> ProductId {
    let view: ProductView = answer(store.product_create(request(), new_product(sku)).await);
    if units > 0 {
        receive(store, sku, units).await;
    }
    view.id
}

pub(crate) async fn receive(store: &Store, sku: &str, units: i64) -> ProductView {
    answer(adjust(store, sku, units, StockReason::Received).await)
}

pub(crate) async fn adjust(store: &Store, sku: &str, delta: i64, reason: StockReason) -> Result<Answered, StoreError> {
    store.stock_adjust(request(), &by_sku(sku), None, StockDelta::new(delta).unwrap(), reason).await
}

/// Units that are found in a warehouse.
pub(crate) async fn found_in(store: &Store, sku: &str, warehouse: &str, units: i64) -> ProductView {
    let (warehouse, delta) = (WarehouseCode::new(warehouse).unwrap(), StockDelta::new(units).unwrap());
    answer(store.stock_adjust(request(), &by_sku(sku), Some(warehouse), delta, StockReason::Adjusted).await)
}

/// Units on hand and reserved, over all warehouses.
pub(crate) async fn level(store: &Store, sku: &str) -> (i64, i64) {
    let total = store.product_fetch(&by_sku(sku)).await.unwrap().total();
    (total.on_hand, total.reserved)
}

fn inputs(lines: &[(&str, i64)]) -> Vec<LineInput> {
    let line = |(sku, quantity): &(&str, i64)| LineInput {
        sku: Some((*sku).to_owned()),
        quantity: Some(*quantity),
        ..LineInput::default()
    };
    lines.iter().map(line).collect()
}

pub(crate) fn hold_of(lines: &[(&str, i64)]) -> HoldRequest {
    HoldRequest::new(&inputs(lines), None, None, None).unwrap()
}

pub(crate) fn change_to(lines: &[(&str, i64)]) -> ChangeRequest {
    ChangeRequest::new(&inputs(lines), None, None).unwrap()
}

pub(crate) fn ttl(seconds: i64) -> Ttl {
    Ttl::from_seconds(seconds).unwrap()
}

pub(crate) async fn try_hold(store: &Store, lines: &[(&str, i64)]) -> Result<Answered, StoreError> {
    store.reservation_hold(request(), hold_of(lines)).await
}

pub(crate) async fn hold(store: &Store, lines: &[(&str, i64)]) -> ReservationView {
    answer(try_hold(store, lines).await)
}

pub(crate) async fn held_by(store: &Store, owner: &str, sku: &str) -> ReservationId {
    let hold = HoldRequest::new(&inputs(&[(sku, 1)]), None, None, Some(owner)).unwrap();
    answer::<ReservationView>(store.reservation_hold(request(), hold).await).reservation.id
}

/// Sets the hold's whole life back by so many seconds, as if it had been made that much earlier.
pub(crate) async fn age(pool: &PgPool, id: ReservationId, seconds: i32) {
    let aged = sqlx::query(
        "update reservations
        set created_at = created_at - make_interval(secs => $2), expires_at = expires_at - make_interval(secs => $2)
        where id = $1",
    );
    aged.bind(id.as_uuid()).bind(f64::from(seconds)).execute(pool).await.unwrap();
}

pub(crate) const PASSWORD: &str = "tin mug with a blue rim";

/// A user with [`PASSWORD`].
pub(crate) async fn user(store: &Store, email: &str, role: &str) -> UserId {
    let new = UserRequest::new(email, "Somebody", role, Some(PASSWORD), None).unwrap();
    answer::<UserCreated>(store.user_create(request(), new).await).user.id
}

/// A key: its id, and the key itself.
pub(crate) async fn key(store: &Store, role: &str, expires_at: Option<&str>) -> (KeyId, KeySecret) {
    let new = KeyRequest::new("Shop", role, expires_at).unwrap();
    let created: KeyCreated = answer(store.key_create(request(), new).await);
    (created.api_key.id, KeySecret::parse(created.key.unwrap().reveal()).unwrap())
}

pub(crate) fn origin() -> Origin {
    Origin { address: Ipv4Addr::LOCALHOST.into(), request_id: None }
}

pub(crate) async fn try_sign_in(store: &Store, email: &str, password: &str) -> Result<OpenedSession, StoreError> {
    store.session_open(origin(), &SignIn::new(email, password).unwrap(), None).await
}

pub(crate) async fn sign_in(store: &Store, email: &str) -> SessionToken {
    try_sign_in(store, email, PASSWORD).await.unwrap().token
}

/// Adds a warehouse behind the main one.
pub(crate) async fn warehouse(pool: &PgPool, code: &str, active: bool) {
    let insert = sqlx::query("insert into warehouses (code, name, priority, active) values ($1, $2, 2, $3)");
    insert.bind(code).bind(Name::new(code).unwrap().as_str()).bind(active).execute(pool).await.unwrap();
}

/// The newest entries of the journal, newest first.
pub(crate) async fn entries(store: &Store, filter: EntryFilter) -> Vec<Entry> {
    store.journal_list(&filter, Limit::new(200).unwrap(), None).await.unwrap().items
}

/// Stock is what the journal says and what reservations hold.
pub(crate) async fn assert_sound(store: &Store) {
    assert_eq!(store.verify_stock(10).await.unwrap(), []);
}

pub(crate) async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Returns once a session waits for a lock.
pub(crate) async fn somebody_waits(pool: &PgPool) {
    so_many_wait(pool, 1).await;
}

/// Returns once so many sessions wait for a lock.
pub(crate) async fn so_many_wait(pool: &PgPool, sessions: i64) {
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..4_000 {
        if count(pool, waiting).await >= sessions {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("fewer than {sessions} wait for a lock");
}

/// Walks a list to its end and back to its beginning; both ways must show the same.
pub(crate) async fn walk<T, K: PartialEq + Debug>(
    key: impl Fn(&T) -> K,
    page: impl AsyncFn(Option<&str>) -> Page<T>,
) -> Vec<K> {
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let mut current = page(None).await;
    assert_eq!(current.prev, None, "nothing comes before the first page");
    loop {
        there.extend(current.items.iter().map(&key));
        let Some(next) = current.next else { break };
        current = page(Some(&next)).await;
        assert!(!current.items.is_empty(), "a page was announced and is empty");
    }
    loop {
        back.splice(0..0, current.items.iter().map(&key));
        let Some(prev) = current.prev else { break };
        current = page(Some(&prev)).await;
    }
    assert_eq!(there, back);
    there
}
