//! What is remembered of keys and sessions: it saves queries, and is never older than a moment.

use domain::account::Role;
use sqlx::PgPool;
use store::Store;

use crate::support::{answer, key, request, served, sign_in, user};

#[sqlx::test(migrations = "../migrations")]
async fn letting_somebody_in_again_costs_no_query(pool: PgPool) {
    let store = served(&pool).await;
    user(&store, "ada@example.com", "operator").await;
    let (_, secret) = key(&store, "operator", None).await;
    let token = sign_in(&store, "ada@example.com").await;
    assert_eq!((store.recall_key(&secret), store.recall_session(&token)), (None, None));
    store.identify_key(&secret).await.unwrap().unwrap();
    store.identify_session(&token).await.unwrap().unwrap();
    // No connection is left to ask with.
    store.close().await;
    for _ in 0..100 {
        assert_eq!(store.identify_key(&secret).await.unwrap().unwrap().role, Role::Operator);
        assert_eq!(store.identify_session(&token).await.unwrap().unwrap().role, Role::Operator);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_another_server_changed_is_seen_when_it_is_read_again(pool: PgPool) {
    let (here, there) = (Store::new(pool.clone()), Store::new(pool.clone()));
    user(&here, "admin@example.com", "admin").await;
    let id = user(&here, "ada@example.com", "operator").await;
    let (key_id, secret) = key(&here, "operator", None).await;
    let tokens = [sign_in(&here, "ada@example.com").await, sign_in(&here, "ada@example.com").await];
    there.identify_key(&secret).await.unwrap().unwrap();
    for token in &tokens {
        there.identify_session(token).await.unwrap().unwrap();
    }

    here.key_revoke(request(), key_id).await.unwrap();
    let caller = store::Caller { actor: domain::actor::Actor::User(id), request_id: None };
    here.session_close(caller, tokens[0].clone()).await.unwrap();
    let change = domain::account::UserChange::new(None, None, Some("viewer"), None, None).unwrap();
    answer::<domain::account::User>(here.user_change(request(), id, change).await);

    assert_eq!(there.credentials_refresh_once().await.unwrap(), 3);
    assert_eq!(there.identify_key(&secret).await.unwrap(), None);
    assert_eq!(there.identify_session(&tokens[0]).await.unwrap(), None);
    assert_eq!(there.recall_session(&tokens[1]).unwrap().role, Role::Viewer);
    assert_eq!(there.credentials_refresh_once().await.unwrap(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn when_something_was_used_is_written_all_at_once(pool: PgPool) {
    let store = Store::new(pool.clone());
    user(&store, "ada@example.com", "operator").await;
    let (id, secret) = key(&store, "operator", None).await;
    let (_, unused) = key(&store, "operator", None).await;
    let token = sign_in(&store, "ada@example.com").await;
    let earlier = "update sessions set last_seen_at = last_seen_at - interval '1 hour'";
    sqlx::query(earlier).execute(&pool).await.unwrap();
    for _ in 0..3 {
        store.identify_key(&secret).await.unwrap();
        store.identify_session(&token).await.unwrap();
    }
    let used = async || -> Vec<store::accounts::KeySecret> {
        let keys = store.key_list(Default::default(), None).await.unwrap().items;
        keys.iter()
            .filter(|key| key.last_used_at.is_some())
            .map(|key| if key.id == id { secret.clone() } else { unused.clone() })
            .collect()
    };
    assert_eq!(used().await, []);
    store.credentials_used_write_once().await.unwrap();
    assert_eq!(used().await, std::slice::from_ref(&secret));
    let seen = "select count(*) from sessions where last_seen_at > now() - interval '1 minute'";
    assert_eq!(crate::support::count(&pool, seen).await, 1);
}
