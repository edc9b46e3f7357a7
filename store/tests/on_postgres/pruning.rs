//! What has had its time is thrown away, and nothing else.

use std::time::Duration;

use sqlx::PgPool;
use store::Store;
use store::accounts::Pruned;

use crate::support::{count, keyed, new_product, sign_in, user};

#[sqlx::test(migrations = "../migrations")]
async fn what_has_had_its_time_goes_in_batches_and_the_rest_stays(pool: PgPool) {
    let store = Store::new(pool.clone());
    for number in 0..7 {
        let request = keyed(&format!("k{number}"));
        store.product_create(request, new_product(&format!("S{number}"))).await.unwrap();
    }
    user(&store, "ada@example.com", "viewer").await;
    for _ in 0..3 {
        sign_in(&store, "ada@example.com").await;
    }
    let new = domain::account::UserRequest::new("bea@example.com", "Bea", "viewer", None, None).unwrap();
    store.user_create(crate::support::request(), new).await.unwrap();
    let nothing = Pruned::default();
    assert_eq!(store.prune_once(100).await.unwrap(), nothing);

    // A day and 59 minutes is not enough, 25 hours are.
    for sql in [
        "update idempotency_keys set created_at = now() - interval '24 hours 59 minutes' where key in ('k0', 'k1')",
        "update idempotency_keys set created_at = now() - interval '25 hours 1 minute' where key between 'k2' and 'k6'",
        "update idempotency_keys set created_at = created_at - interval '1 day' where key in ('k4', 'k6')",
        "update sessions set expires_at = now() where id_hash = (select id_hash from sessions order by id_hash limit 1)",
        "update sessions set last_seen_at = now() - interval '13 hours' where id_hash = (select id_hash from sessions order by id_hash desc limit 1)",
        "update sign_in_links set expires_at = now()",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let first = store.prune_once(3).await.unwrap();
    assert_eq!(first, Pruned { idempotency_keys: 3, sessions: 2, sign_in_links: 1 });
    assert!(first.may_be_more(3));
    assert_eq!(
        count(&pool, "select count(*) from idempotency_keys where key in ('k4', 'k6')").await,
        0,
        "oldest first"
    );
    let second = store.prune_once(3).await.unwrap();
    assert_eq!(second, Pruned { idempotency_keys: 2, ..nothing });
    assert!(!second.may_be_more(3));
    assert_eq!(count(&pool, "select count(*) from idempotency_keys where key in ('k0', 'k1')").await, 2);
    assert_eq!(count(&pool, "select count(*) from sessions").await, 1);
}

/// To find what is old takes no longer where much is kept, or was thrown away before.
#[sqlx::test(migrations = "../migrations")]
async fn what_is_old_is_found_without_reading_what_is_kept(pool: PgPool) {
    for sql in [
        "insert into idempotency_keys (key, caller, fingerprint, status, body, created_at)
        select number::text, 'local', sha256('request'), 200, '', now() - number * interval '1 second'
        from generate_series(1, 100000) as number",
        "analyze idempotency_keys",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let store = Store::new(PgPool::connect_with((*pool.connect_options()).clone()).await.unwrap());
    for _ in 0..3 {
        assert_eq!(store.prune_once(100).await.unwrap().idempotency_keys, 100);
    }
    // A session tells what it read when it has ended, which is a moment later.
    store.close().await;
    let found = "select idx_scan from pg_stat_user_indexes where indexrelname = 'idempotency_keys_by_time'";
    for _ in 0..1_000 {
        if count(&pool, found).await >= 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(count(&pool, found).await, 3, "searches by time");
    let walked = "select seq_tup_read from pg_stat_user_tables where relname = 'idempotency_keys'";
    assert_eq!(count(&pool, walked).await, 0, "rows that were read one after the other");
    assert_eq!(count(&pool, "select max(key::int)::bigint from idempotency_keys").await, 99_700, "oldest first");
}
