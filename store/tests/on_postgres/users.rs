//! Users: what can be changed of them, and what the journal learns of it.

use domain::account::{User, UserChange, UserCreated, UserRequest};
use domain::actor::Actor;
use domain::ids::UserId;
use domain::journal::{Action, EntryFilter, Subject};
use domain::page::Limit;
use sqlx::PgPool;
use store::accounts::{LinkToken, OpenedSession};
use store::{Caller, Store, StoreError};

use crate::support::{
    PASSWORD, answer, code, count, entries, keyed, origin, request, served, sign_in, somebody_waits, try_sign_in, user,
    walk,
};

fn role(role: &str) -> UserChange {
    UserChange::new(None, None, Some(role), None, None).unwrap()
}

fn active(active: bool) -> UserChange {
    UserChange::new(None, None, None, None, Some(active)).unwrap()
}

async fn change(store: &Store, id: UserId, change: UserChange) -> Result<User, StoreError> {
    store.user_change(request(), id, change).await?.read()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_is_created_once_for_an_email_and_told_of_by_id(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = user(&store, "Ada@Example.com", "operator").await;
    let stored = store.user_fetch(id).await.unwrap();
    assert_eq!((stored.email.as_str(), stored.active), ("ada@example.com", true));
    let again = UserRequest::new("ada@example.COM", "Other", "viewer", Some(PASSWORD), None).unwrap();
    assert_eq!(code(store.user_create(request(), again).await), "email_taken");

    let told = entries(&store, EntryFilter { subject: Some(Subject::User(id)), ..EntryFilter::default() }).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].action, Action::UserCreated);
    let hash: String = sqlx::query_scalar("select password_hash from users").fetch_one(&pool).await.unwrap();
    let journal: String =
        sqlx::query_scalar("select string_agg(journal::text, ' ') from journal").fetch_one(&pool).await.unwrap();
    for private in ["ada", "example", "Somebody", PASSWORD, "argon2", &hash] {
        assert!(!journal.contains(private), "{private} is in the journal: {journal}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_easily_guessed_password_is_refused_by_its_field(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = user(&store, "ada@example.com", "operator").await;
    let easy = UserChange::new(None, None, None, Some("ada@example.com"), None).unwrap();
    let refused = change(&store, id, easy).await.unwrap_err().problem();
    assert_eq!(refused.field_errors()[0].field, "password");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_user_without_a_password_is_let_in_by_a_link_that_works_once(pool: PgPool) {
    let store = Store::new(pool.clone());
    let new = || UserRequest::new("bea@example.com", "Bea", "viewer", None, None).unwrap();
    let created: UserCreated = answer(store.user_create(keyed("k"), new()).await);
    let path = created.sign_in_link.unwrap();
    let link = LinkToken::parse(path.reveal().strip_prefix("/sign-in?link=").unwrap()).unwrap();

    let again: UserCreated = answer(store.user_create(keyed("k"), new()).await);
    assert_eq!((again.user.id, again.sign_in_link), (created.user.id, None));
    assert!(again.notice.unwrap().contains("once"));

    assert_eq!(code(try_sign_in(&store, "bea@example.com", "any password").await), "sign_in_refused");
    let opened: OpenedSession = store.session_open_by_link(origin(), link.clone(), None).await.unwrap();
    assert_eq!(opened.user.id, created.user.id);
    assert_eq!(code(store.session_open_by_link(origin(), link, None).await), "link_spent");

    // And sets the first password with none to show.
    let caller = Caller { actor: Actor::User(opened.user.id), request_id: None };
    let first = domain::account::PasswordChange::new("", PASSWORD).unwrap();
    store.user_password_change(origin(), caller, first).await.unwrap();
    sign_in(&store, "bea@example.com").await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_link_works_for_as_long_as_it_was_made_for(pool: PgPool) {
    let store = Store::new(pool.clone());
    let new = UserRequest::new("bea@example.com", "Bea", "viewer", None, None).unwrap();
    let created: UserCreated = answer(store.user_create(request(), new).await);
    sqlx::query("update sign_in_links set expires_at = now()").execute(&pool).await.unwrap();
    let path = created.sign_in_link.unwrap();
    let link = LinkToken::parse(path.reveal().strip_prefix("/sign-in?link=").unwrap()).unwrap();
    assert_eq!(code(store.session_open_by_link(origin(), link, None).await), "link_spent");
}

#[sqlx::test(migrations = "../migrations")]
async fn the_last_active_admin_stays_one(pool: PgPool) {
    let store = Store::new(pool.clone());
    let ada = user(&store, "ada@example.com", "admin").await;
    assert_eq!(code(change(&store, ada, role("operator")).await), "last_admin");
    assert_eq!(code(change(&store, ada, active(false)).await), "last_admin");
    let bea = user(&store, "bea@example.com", "admin").await;
    change(&store, ada, active(false)).await.unwrap();
    assert_eq!(code(change(&store, bea, role("viewer")).await), "last_admin");
    change(&store, ada, active(true)).await.unwrap();
    change(&store, bea, role("viewer")).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn of_two_admins_who_demote_each_other_at_once_one_stays(pool: PgPool) {
    let store = served(&pool).await;
    for round in 0..20 {
        let ids = [
            user(&store, &format!("a{round}@example.com"), "admin").await,
            user(&store, &format!("b{round}@example.com"), "admin").await,
        ];
        for id in ids.iter().take(if round == 0 { 0 } else { 2 }) {
            change(&store, *id, role("admin")).await.unwrap();
        }
        // Only these two are admins.
        let others = "update users set active = false where not (id = any($1))";
        let ids_only: Vec<_> = ids.iter().map(|id| id.as_uuid()).collect();
        sqlx::query(others).bind(&ids_only).execute(&pool).await.unwrap();
        let (one, other) = tokio::join!(change(&store, ids[0], role("viewer")), change(&store, ids[1], role("viewer")));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        assert_eq!(count(&pool, "select count(*) from users where role = 'admin' and active").await, 1);
    }
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_password_that_is_changed_while_somebody_signs_in_ends_that_session_too(pool: PgPool) {
    let store = served(&pool).await;
    let ada = user(&store, "ada@example.com", "admin").await;
    let mut held = pool.begin().await.unwrap();
    sqlx::query("select from users for update").execute(&mut *held).await.unwrap();
    let signing_in = tokio::spawn({
        let store = store.clone();
        async move { try_sign_in(&store, "ada@example.com", PASSWORD).await }
    });
    somebody_waits(&pool).await;
    let new_hash = "update users set password_hash = 'another' where id = $1";
    sqlx::query(new_hash).bind(ada.as_uuid()).execute(&mut *held).await.unwrap();
    held.commit().await.unwrap();
    assert_eq!(code(signing_in.await.unwrap()), "sign_in_refused");
    assert_eq!(count(&pool, "select count(*) from sessions").await, 0);
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn users_are_listed_there_and_back(pool: PgPool) {
    let store = Store::new(pool.clone());
    for number in 0..7 {
        let new = UserRequest::new(&format!("u{number}@example.com"), "U", "viewer", None, None).unwrap();
        store.user_create(request(), new).await.unwrap();
    }
    let limit = Limit::new(3).unwrap();
    let walked =
        walk(|user: &User| user.email.to_string(), async |cursor| store.user_list(limit, cursor).await.unwrap());
    let expected: Vec<String> = (0..7).map(|number| format!("u{number}@example.com")).collect();
    assert_eq!(walked.await, expected);
    assert_eq!(code(store.user_list(limit, Some("nonsense")).await), "bad_cursor");
}
