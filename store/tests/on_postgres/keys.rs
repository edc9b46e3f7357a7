//! API keys: shown once, kept as a hash, refused once they are revoked or past their time.

use domain::account::{ApiKey, KeyCreated, KeyRequest, Role};
use domain::actor::Actor;
use domain::journal::{Action, EntryFilter, Subject};
use domain::page::Limit;
use sqlx::PgPool;
use store::Store;
use store::accounts::KeySecret;

use crate::support::{answer, code, entries, key, keyed, request, walk};

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_in_the_first_answer_and_nowhere_else(pool: PgPool) {
    let store = Store::new(pool.clone());
    let new = || KeyRequest::new("Shop", "operator", None).unwrap();
    let created: KeyCreated = answer(store.key_create(keyed("k"), new()).await);
    let secret = created.key.unwrap();
    let again: KeyCreated = answer(store.key_create(keyed("k"), new()).await);
    assert_eq!((again.api_key.id, again.key), (created.api_key.id, None));
    assert!(again.notice.unwrap().contains("once"));

    let chance = secret.reveal().rsplit_once('_').map_or("", |_| &secret.reveal()[36..]);
    assert_eq!(chance.len(), 43);
    for table in ["journal", "idempotency_keys", "api_keys"] {
        let sql = format!("select coalesce(string_agg({table}::text, ' '), '') from {table}");
        let text: String = sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.unwrap();
        assert!(!text.contains(chance), "{table} has the key");
    }
    let bodies: Vec<Vec<u8>> = sqlx::query_scalar("select body from idempotency_keys").fetch_all(&pool).await.unwrap();
    assert!(bodies.iter().all(|body| !String::from_utf8_lossy(body).contains(chance)));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_lets_its_role_in_until_it_is_revoked(pool: PgPool) {
    let store = Store::new(pool.clone());
    let (id, secret) = key(&store, "operator", None).await;
    let identity = store.identify_key(&secret).await.unwrap().unwrap();
    assert_eq!((identity.actor, identity.role), (Actor::Key(id), Role::Operator));
    let revoked: ApiKey = answer(store.key_revoke(request(), id).await);
    assert!(revoked.revoked_at.is_some());
    assert_eq!(store.identify_key(&secret).await.unwrap(), None, "at once");
    let again: ApiKey = answer(store.key_revoke(request(), id).await);
    assert_eq!(again, revoked);
    let told = entries(&store, EntryFilter { subject: Some(Subject::Key(id)), ..EntryFilter::default() }).await;
    let actions: Vec<Action> = told.iter().map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::KeyRevoked, Action::KeyCreated]);
    assert_eq!(code(store.key_revoke(request(), store::ids::key_id()).await), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_past_its_time_is_refused_although_it_is_remembered(pool: PgPool) {
    let store = Store::new(pool.clone());
    let end = store.clock().await.unwrap().plus_seconds(1).to_string();
    let (_, secret) = key(&store, "viewer", Some(&end)).await;
    assert!(store.identify_key(&secret).await.unwrap().is_some());
    assert!(store.recall_key(&secret).is_some());
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    assert_eq!(store.recall_key(&secret), None);
    assert_eq!(store.identify_key(&secret).await.unwrap(), None);

    let past = KeyRequest::new("Shop", "viewer", Some("2020-01-01T00:00:00Z")).unwrap();
    assert_eq!(code(store.key_create(request(), past).await), "invalid_input");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_that_was_never_made_lets_nobody_in(pool: PgPool) {
    let store = Store::new(pool.clone());
    let (_, secret) = key(&store, "admin", None).await;
    let mut other = secret.reveal().to_owned();
    let last = if other.ends_with('A') { 'B' } else { 'A' };
    other.pop();
    other.push(last);
    assert_eq!(store.identify_key(&KeySecret::parse(&other).unwrap()).await.unwrap(), None);
}

#[sqlx::test(migrations = "../migrations")]
async fn keys_are_listed_newest_first_there_and_back(pool: PgPool) {
    let store = Store::new(pool.clone());
    let mut made = Vec::new();
    for _ in 0..7 {
        made.push(key(&store, "viewer", None).await.0);
    }
    made.reverse();
    let limit = Limit::new(3).unwrap();
    let walked = walk(|key: &ApiKey| key.id, async |cursor| store.key_list(limit, cursor).await.unwrap()).await;
    assert_eq!(walked, made);
}
