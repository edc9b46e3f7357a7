//! What has had its time is thrown away, and nothing else.

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
        "update sessions set expires_at = now() where id_hash = (select id_hash from sessions order by id_hash limit 1)",
        "update sessions set last_seen_at = now() - interval '13 hours' where id_hash = (select id_hash from sessions order by id_hash desc limit 1)",
        "update sign_in_links set expires_at = now()",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let first = store.prune_once(3).await.unwrap();
    assert_eq!(first, Pruned { idempotency_keys: 3, sessions: 2, sign_in_links: 1 });
    assert!(first.may_be_more(3));
    let second = store.prune_once(3).await.unwrap();
    assert_eq!(second, Pruned { idempotency_keys: 2, ..nothing });
    assert!(!second.may_be_more(3));
    assert_eq!(count(&pool, "select count(*) from idempotency_keys where key in ('k0', 'k1')").await, 2);
    assert_eq!(count(&pool, "select count(*) from sessions").await, 1);
}
