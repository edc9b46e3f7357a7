//! Sessions: opened, closed, replaced, and ended by a new password, by deactivation and by time.

use std::time::{Duration, Instant};

use domain::account::{PasswordChange, Role, UserChange};
use domain::actor::Actor;
use domain::journal::{Action, EntryFilter, Subject};
use sqlx::PgPool;
use store::accounts::{Origin, SessionToken};
use store::{Caller, Connections, Store};

use crate::support::{PASSWORD, code, count, entries, origin, request, served, sign_in, try_sign_in, user};

fn caller(id: domain::ids::UserId) -> Caller {
    Caller { actor: Actor::User(id), request_id: None }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_lets_its_user_in_until_it_is_closed(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = user(&store, "ada@example.com", "operator").await;
    let token = sign_in(&store, "ada@example.com").await;
    let identity = store.identify_session(&token).await.unwrap().unwrap();
    assert_eq!((identity.actor, identity.role), (Actor::User(id), Role::Operator));
    store.session_close(caller(id), token.clone()).await.unwrap();
    assert_eq!(store.identify_session(&token).await.unwrap(), None);
    store.session_close(caller(id), token).await.unwrap();
    let told = entries(&store, EntryFilter { subject: Some(Subject::User(id)), ..EntryFilter::default() }).await;
    let actions: Vec<(Action, Actor)> = told.iter().map(|entry| (entry.action, entry.actor)).take(2).collect();
    assert_eq!(actions, [(Action::SessionClosed, Actor::User(id)), (Action::SessionOpened, Actor::User(id))]);
    assert_eq!(told.len(), 3, "a session is closed once");
}

#[sqlx::test(migrations = "../migrations")]
async fn signing_in_replaces_the_session_that_the_browser_had(pool: PgPool) {
    let store = Store::new(pool.clone());
    user(&store, "ada@example.com", "operator").await;
    let planted = sign_in(&store, "ada@example.com").await;
    assert!(store.identify_session(&planted).await.unwrap().is_some());
    let sign_in = domain::account::SignIn::new("ada@example.com", PASSWORD).unwrap();
    let opened = store.session_open(origin(), &sign_in, Some(planted.clone())).await.unwrap();
    assert_ne!(opened.token, planted);
    assert_eq!(store.identify_session(&planted).await.unwrap(), None);
    // An id that somebody made up is never taken on.
    let made_up = SessionToken::parse(&"A".repeat(43)).unwrap();
    let opened = store.session_open(origin(), &sign_in, Some(made_up.clone())).await.unwrap();
    assert_ne!(opened.token, made_up);
    assert_eq!(store.identify_session(&made_up).await.unwrap(), None);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_new_password_ends_all_sessions_and_opens_one(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = user(&store, "ada@example.com", "operator").await;
    let before = [sign_in(&store, "ada@example.com").await, sign_in(&store, "ada@example.com").await];
    for token in &before {
        assert!(store.identify_session(token).await.unwrap().is_some());
    }
    let new = "fuchsia lantern oboe";
    let wrong = PasswordChange::new("not the password", new).unwrap();
    let refused = store.user_password_change(origin(), caller(id), wrong).await.unwrap_err().problem();
    assert_eq!(refused.field_errors()[0].field, "current");
    let easy = PasswordChange::new(PASSWORD, "password1234").unwrap();
    let refused = store.user_password_change(origin(), caller(id), easy).await.unwrap_err().problem();
    assert_eq!(refused.field_errors()[0].field, "new");

    let change = PasswordChange::new(PASSWORD, new).unwrap();
    let opened = store.user_password_change(origin(), caller(id), change).await.unwrap();
    for token in &before {
        assert_eq!(store.identify_session(token).await.unwrap(), None);
    }
    assert!(store.identify_session(&opened.token).await.unwrap().is_some());
    assert_eq!(code(try_sign_in(&store, "ada@example.com", PASSWORD).await), "sign_in_refused");
    try_sign_in(&store, "ada@example.com", new).await.unwrap();
    let told = entries(&store, EntryFilter { action: Some(Action::UserChanged), ..EntryFilter::default() }).await;
    assert_eq!(told[0].after.as_ref().unwrap()["changed"], serde_json::json!(["password"]));
}

#[sqlx::test(migrations = "../migrations")]
async fn whoever_is_deactivated_is_out_and_stays_out(pool: PgPool) {
    let store = Store::new(pool.clone());
    user(&store, "admin@example.com", "admin").await;
    let id = user(&store, "ada@example.com", "operator").await;
    let token = sign_in(&store, "ada@example.com").await;
    assert!(store.identify_session(&token).await.unwrap().is_some());
    let change = |active| UserChange::new(None, None, None, None, Some(active)).unwrap();
    store.user_change(request(), id, change(false)).await.unwrap();
    assert_eq!(store.identify_session(&token).await.unwrap(), None);
    assert_eq!(code(try_sign_in(&store, "ada@example.com", PASSWORD).await), "sign_in_refused");
    store.user_change(request(), id, change(true)).await.unwrap();
    assert_eq!(store.identify_session(&token).await.unwrap(), None, "the old session does not come back");
    sign_in(&store, "ada@example.com").await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_role_that_is_taken_away_is_gone_from_the_next_request_on(pool: PgPool) {
    let store = Store::new(pool.clone());
    user(&store, "admin@example.com", "admin").await;
    let id = user(&store, "ada@example.com", "admin").await;
    let token = sign_in(&store, "ada@example.com").await;
    assert_eq!(store.identify_session(&token).await.unwrap().unwrap().role, Role::Admin);
    let change = UserChange::new(None, None, Some("viewer"), None, None).unwrap();
    store.user_change(request(), id, change).await.unwrap();
    assert_eq!(store.identify_session(&token).await.unwrap().unwrap().role, Role::Viewer);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_session_ends_when_it_is_not_used_and_in_any_case_in_the_end(pool: PgPool) {
    let store = Store::new(pool.clone());
    user(&store, "ada@example.com", "operator").await;
    for ending in ["last_seen_at = now() - interval '12 hours 1 second'", "expires_at = now()"] {
        let token = sign_in(&store, "ada@example.com").await;
        sqlx::query(sqlx::AssertSqlSafe(format!("update sessions set {ending}"))).execute(&pool).await.unwrap();
        assert_eq!(store.identify_session(&token).await.unwrap(), None, "{ending}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn all_sessions_of_a_user_end_together(pool: PgPool) {
    let store = Store::new(pool.clone());
    let id = user(&store, "ada@example.com", "operator").await;
    let tokens = [sign_in(&store, "ada@example.com").await, sign_in(&store, "ada@example.com").await];
    store.session_close_all_of_user(caller(id), id).await.unwrap();
    for token in &tokens {
        assert_eq!(store.identify_session(token).await.unwrap(), None);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn guessing_is_limited_by_address_and_by_email_whoever_it_is_for(pool: PgPool) {
    let mut connections = Connections::new((*pool.connect_options()).clone());
    connections.sign_ins_per_minute = 3;
    let store = connections.open().await.unwrap();
    user(&store, "ada@example.com", "operator").await;
    let from = |last: u8| Origin { address: [192, 0, 2, last].into(), request_id: None };
    let try_from = async |last: u8, email: &str, password: &str| {
        store.session_open(from(last), &domain::account::SignIn::new(email, password).unwrap(), None).await
    };
    for last in 1..=3 {
        assert_eq!(code(try_from(last, "ada@example.com", "wrong").await), "sign_in_refused");
        assert_eq!(code(try_from(last, "nobody@example.com", "wrong").await), "sign_in_refused");
    }
    for email in ["ada@example.com", "nobody@example.com"] {
        let refused = try_from(4, email, "wrong").await.unwrap_err().problem();
        assert_eq!(refused.code(), "rate_limited", "{email}");
        assert!(refused.retry_after_seconds().is_some_and(|seconds| (1..=20).contains(&seconds)));
    }
    for number in 0..3 {
        let email = format!("n{number}@example.com");
        assert_eq!(code(try_from(9, &email, "wrong").await), "sign_in_refused");
    }
    assert_eq!(code(try_from(9, "n9@example.com", "wrong").await), "rate_limited");
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn signing_in_rightly_again_and_again_is_not_held_against_the_email(pool: PgPool) {
    let mut connections = Connections::new((*pool.connect_options()).clone());
    connections.sign_ins_per_minute = 2;
    let store = connections.open().await.unwrap();
    user(&store, "ada@example.com", "operator").await;
    for last in 1..=6 {
        let origin = Origin { address: [192, 0, 2, last].into(), request_id: None };
        let sign_in = domain::account::SignIn::new("ada@example.com", PASSWORD).unwrap();
        store.session_open(origin, &sign_in, None).await.unwrap();
    }
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_wrong_password_takes_as_long_for_an_email_that_nobody_has(pool: PgPool) {
    let mut connections = Connections::new((*pool.connect_options()).clone());
    connections.sign_ins_per_minute = 0;
    let store = connections.open().await.unwrap();
    user(&store, "ada@example.com", "operator").await;
    let mut took: [Vec<Duration>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..15 {
        for (email, took) in ["ada@example.com", "nobody@example.com"].iter().zip(&mut took) {
            let began = Instant::now();
            assert_eq!(code(try_sign_in(&store, email, "wrong").await), "sign_in_refused");
            took.push(began.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    };
    let [known, unknown] = took.each_mut().map(median);
    // Without a hash to compare with it would be some twenty times faster.
    assert!((0.5..2.0).contains(&(known / unknown)), "known {known} s, unknown {unknown} s");
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn of_many_who_come_with_one_link_one_is_let_in(pool: PgPool) {
    let store = served(&pool).await;
    let new = domain::account::UserRequest::new("bea@example.com", "Bea", "viewer", None, None).unwrap();
    let created: domain::account::UserCreated = store.user_create(request(), new).await.unwrap().read().unwrap();
    let path = created.sign_in_link.unwrap();
    let link = store::accounts::LinkToken::parse(path.reveal().strip_prefix("/sign-in?link=").unwrap()).unwrap();
    let crowd = (0..10).map(|_| store.session_open_by_link(origin(), link.clone(), None));
    let let_in = futures::future::join_all(crowd).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(let_in, 1);
    assert_eq!(count(&pool, "select count(*) from sessions").await, 1);
    store.close().await;
}
