//! People who sign in, as admins manage them.

use domain::account::{User, UserCreated};
use domain::page::Page;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Users, first the one that was there first.
#[server(prefix = "/api/fn", endpoint = "user_list", input = GetUrl)]
pub async fn user_list(cursor: Option<String>, limit: Option<String>) -> Result<Page<User>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<UserList>()?;
    Ok(desk.store.user_list(read::limit(limit)?, read::text(&cursor)).await?)
}

/// One user, by id.
#[server(prefix = "/api/fn", endpoint = "user_fetch", input = GetUrl)]
pub async fn user_fetch(user: String) -> Result<User, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<UserFetch>()?;
    Ok(desk.store.user_fetch(read::user(&user)?).await?)
}

/// Creates a user. Without a password the answer has the path of a link that signs in once.
#[server(prefix = "/api/fn", endpoint = "user_create")]
pub async fn user_create(
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] role: String,
    #[server(default)] password: String,
    #[server(default)] key: String,
) -> Result<UserCreated, ApiError> {
    use crate::ssr::{desk, refused};
    let desk = desk::<UserCreate>()?;
    let user = crate::forms::UserForm { name, email, role, password }.parse().map_err(refused)?;
    let request = desk.request(&key, &user)?;
    let created: UserCreated = desk.store.user_create(request, user).await?.read()?;
    desk.show_link(&created);
    Ok(created)
}

/// Renames a user, and says where they are written to and what they may do.
#[server(prefix = "/api/fn", endpoint = "user_change")]
pub async fn user_change(
    user: String,
    #[server(default)] name: String,
    #[server(default)] email: String,
    #[server(default)] role: String,
    #[server(default)] key: String,
) -> Result<User, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<UserChange>()?;
    let user = read::user(&user)?;
    let form = crate::forms::UserForm { name, email, role, password: String::new() };
    let change = form.parse_change().map_err(refused)?;
    let request = desk.request(&key, &(user, &change))?;
    Ok(desk.store.user_change(request, user, change).await?.read()?)
}

/// Lets a user in no more (`active` is `false`), or again (`true`).
#[server(prefix = "/api/fn", endpoint = "user_activate")]
pub async fn user_activate(user: String, active: String, #[server(default)] key: String) -> Result<User, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<UserActivate>()?;
    let user = read::user(&user)?;
    let active = read::given("active", Some(active), "must be true or false")?;
    let change = domain::account::UserChange::new(None, None, None, None, active).map_err(refused)?;
    let request = desk.request(&key, &(user, &change))?;
    Ok(desk.store.user_change(request, user, change).await?.read()?)
}

/// Sets a user's password; all sessions of theirs end.
#[server(prefix = "/api/fn", endpoint = "user_password_set")]
pub async fn user_password_set(
    user: String,
    #[server(default)] password: String,
    #[server(default)] key: String,
) -> Result<User, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<UserPasswordSet>()?;
    let user = read::user(&user)?;
    let change = domain::account::UserChange::new(None, None, None, Some(&password), None).map_err(refused)?;
    let request = desk.request(&key, &(user, &change))?;
    Ok(desk.store.user_change(request, user, change).await?.read()?)
}
