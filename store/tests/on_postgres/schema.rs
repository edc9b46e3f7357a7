//! What the database itself refuses, whoever asks.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, SqlSafeStr};
use store::{Connections, Store, migrate};

use crate::support::{assert_sound, hold, product, request};

/// The code and the constraint with which the database refused the statement.
async fn refusal(conn: &mut PgConnection, sql: impl SqlSafeStr) -> (String, Option<String>) {
    let error = sqlx::query(sql).execute(conn).await.unwrap_err();
    let sqlx::Error::Database(error) = error else { panic!("{error}") };
    (error.code().unwrap().into_owned(), error.constraint().map(str::to_owned))
}

#[sqlx::test(migrations = "../migrations")]
async fn overselling_is_refused_by_the_table_itself(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    hold(&store, &[("MUG", 7)]).await;
    let mut conn = pool.acquire().await.unwrap();
    for statement in [
        "update stock set reserved = 11",
        "update stock set reserved = -1",
        "update stock set on_hand = 6",
        "update stock set on_hand = -1, reserved = 0",
        "insert into stock (product_id, warehouse, on_hand, reserved)
            select id, 'MAIN', 0, 1 from products on conflict (product_id, warehouse) do update set reserved = 11",
    ] {
        let (code, constraint) = refusal(&mut conn, statement).await;
        assert_eq!((code.as_str(), constraint.as_deref()), ("23514", Some("stock_never_oversold")), "{statement}");
    }
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_journal_refuses_to_be_changed_even_by_its_owner(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "MUG", 10).await;
    let mut conn = pool.acquire().await.unwrap();
    for statement in [
        "update journal set actor = 'nobody'",
        "delete from journal",
        "delete from journal where position = 1",
        "truncate journal",
        "truncate journal cascade",
    ] {
        assert_eq!(refusal(&mut conn, statement).await.0, "23001", "{statement}");
    }
    assert_sound(&store).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn the_servers_login_can_serve_but_not_rewrite_history(pool: PgPool) {
    let owner: PgConnectOptions = (*pool.connect_options()).clone();
    let (login, made) = match prepared_login(&owner) {
        Some(login) => (login, false),
        None => (make_login(&pool, &owner).await, true),
    };
    let name = login.get_username().to_owned();
    // Twice, as at every start of a server.
    for _ in 0..2 {
        migrate::migrate(owner.clone(), Some(&name)).await.unwrap();
    }
    let result = tokio::spawn(as_login(login)).await;
    if made {
        let drop = format!("drop owned by {name}; drop role {name}");
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&pool).await.unwrap();
    }
    result.unwrap();
}

/// The server's login, if whoever started the tests has made one on the same Postgres.
fn prepared_login(owner: &PgConnectOptions) -> Option<PgConnectOptions> {
    let login: PgConnectOptions = std::env::var("DATABASE_APP_URL").ok()?.parse().unwrap();
    let place =
        |options: &PgConnectOptions| (options.get_host().to_owned(), options.get_port(), options.get_socket().cloned());
    (place(&login) == place(owner)).then(|| login.database(owner.get_database().unwrap()))
}

/// A login of this test's own, to be dropped: roles belong to the whole cluster.
async fn make_login(pool: &PgPool, owner: &PgConnectOptions) -> PgConnectOptions {
    let name = format!("hf_test_{}", store::ids::product_id().as_uuid().simple());
    let create = format!("create role {name} login password 'only-for-this-test'");
    sqlx::query(AssertSqlSafe(create)).execute(pool).await.unwrap();
    owner.clone().username(&name).password("only-for-this-test")
}

async fn as_login(options: PgConnectOptions) {
    let store = Connections::new(options.clone()).open().await.unwrap();
    product(&store, "MUG", 10).await;
    let held = hold(&store, &[("MUG", 7)]).await.reservation.id;
    store.reservation_release(request(), held).await.unwrap();
    store.reservation_expire_once(10).await.unwrap();
    assert_sound(&store).await;
    store.close().await;

    let mut conn = PgConnection::connect_with(&options).await.unwrap();
    for statement in [
        "update journal set actor = 'nobody'",
        "delete from journal",
        "truncate journal",
        "alter table journal disable trigger all",
        "drop trigger journal_no_update_or_delete on journal",
        "drop table journal",
        "alter table stock drop constraint stock_never_oversold",
        "set session_replication_role = replica",
        "select * from _sqlx_migrations",
        "create table public.mine (id int)",
        "create or replace function journal_is_append_only() returns trigger language plpgsql as 'begin return old; end'",
        "truncate stock",
    ] {
        assert_eq!(refusal(&mut conn, statement).await.0, "42501", "{statement}");
    }
    conn.close().await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_login_whose_name_could_be_more_than_a_name_is_refused(pool: PgPool) {
    for login in ["", "a b", "a\"; drop table journal; --", "a-b"] {
        let refused = migrate::migrate((*pool.connect_options()).clone(), Some(login)).await;
        assert!(matches!(refused, Err(migrate::MigrateError::Login { .. })), "{login:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_served_session_has_bounds(pool: PgPool) {
    // What `Connections` sets is seen through a statement that breaks one of them.
    let store = crate::support::served(&pool).await;
    product(&store, "MUG", 1).await;
    let mut blocker = pool.begin().await.unwrap();
    sqlx::query("select from stock for update").execute(&mut *blocker).await.unwrap();
    let began = std::time::Instant::now();
    let busy = crate::support::try_hold(&store, &[("MUG", 1)]).await.unwrap_err();
    assert!(matches!(busy, store::StoreError::Busy(_)), "{}", busy.in_full());
    assert_eq!(busy.problem().code(), "busy");
    assert!(began.elapsed() < std::time::Duration::from_secs(8), "it waits for a lock for five seconds at most");
    blocker.rollback().await.unwrap();
    hold(&store, &[("MUG", 1)]).await;
    store.close().await;
}
