//! The first admin of an empty database: one, however many servers start.

use domain::account::{Password, Role};
use domain::actor::{Actor, SystemActor};
use domain::journal::{Action, EntryFilter};
use domain::text::Email;
use sqlx::PgPool;
use store::Store;
use store::accounts::FirstPassword;

use crate::support::{count, entries, origin, served, try_sign_in, user};

fn email() -> Email {
    Email::new("admin@localhost").unwrap()
}

#[sqlx::test(migrations = "../migrations")]
async fn servers_that_start_at_once_make_one_admin(pool: PgPool) {
    let stores = [served(&pool).await, served(&pool).await, served(&pool).await];
    let made = futures::future::join_all(stores.iter().map(|store| store.first_admin_create(email(), None))).await;
    let made: Vec<_> = made.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!((made.len(), count(&pool, "select count(*) from users").await), (1, 1));
    let admin = &made[0];
    assert_eq!((admin.user.role, admin.user.active), (Role::Admin, true));
    let FirstPassword::Made(password) = &admin.password else { panic!("a password is made") };
    try_sign_in(&stores[0], "admin@localhost", password.reveal()).await.unwrap();
    stores[1].session_open_by_link(origin(), admin.link.clone(), None).await.unwrap();
    let told = entries(&stores[0], EntryFilter { action: Some(Action::UserCreated), ..EntryFilter::default() }).await;
    assert_eq!(told[0].actor, Actor::System(SystemActor::Setup));
    assert!(stores[2].first_admin_create(email(), None).await.unwrap().is_none(), "later starts make none");
    for store in stores {
        store.close().await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn where_there_are_users_nobody_is_made(pool: PgPool) {
    let store = Store::new(pool.clone());
    user(&store, "ada@example.com", "viewer").await;
    assert!(store.first_admin_create(email(), None).await.unwrap().is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn the_first_admin_has_the_password_that_was_asked_for(pool: PgPool) {
    let store = Store::new(pool.clone());
    let password = Password::new("brass bell in the harbour").unwrap();
    let admin = store.first_admin_create(email(), Some(password)).await.unwrap().unwrap();
    assert!(matches!(admin.password, FirstPassword::Given));
    try_sign_in(&store, "admin@localhost", "brass bell in the harbour").await.unwrap();
}
