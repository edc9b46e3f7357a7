//! Keys with which programs call the API, as admins manage them.

use domain::account::{ApiKey, KeyCreated};
use domain::page::Page;
use domain::time::Timestamp;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// A page of keys, and the time by which some of them have ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Keys {
    #[serde(flatten)]
    pub page: Page<ApiKey>,
    pub server_time: Timestamp,
}

/// Keys, newest first, those that were revoked included.
#[server(prefix = "/api/fn", endpoint = "key_list", input = GetUrl)]
pub async fn key_list(cursor: Option<String>, limit: Option<String>) -> Result<Keys, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<KeyList>()?;
    let page = desk.store.key_list(read::limit(limit)?, read::text(&cursor)).await?;
    Ok(Keys { page, server_time: desk.store.clock().await? })
}

/// Creates a key; the answer has the key itself, once. `expires` is the day from which on it is refused, by
/// UTC, or nothing.
#[server(prefix = "/api/fn", endpoint = "key_create")]
pub async fn key_create(
    #[server(default)] name: String,
    #[server(default)] role: String,
    #[server(default)] expires: String,
    #[server(default)] key: String,
) -> Result<KeyCreated, ApiError> {
    use crate::ssr::{desk, naming, refused};
    let desk = desk::<KeyCreate>()?;
    let form = crate::forms::KeyForm { name, role, expires }.parse().map_err(refused)?;
    let request = desk.request(&key, &form)?;
    let created = desk.store.key_create(request, form).await;
    let created: KeyCreated = created.map_err(naming("expires_at", "expires"))?.read()?;
    desk.show_key(&created);
    Ok(created)
}

/// Revokes a key: from then on it is refused.
#[server(prefix = "/api/fn", endpoint = "key_revoke")]
pub async fn key_revoke(id: String, #[server(default)] key: String) -> Result<ApiKey, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<KeyRevoke>()?;
    let id = read::key(&id)?;
    let request = desk.request(&key, &id)?;
    Ok(desk.store.key_revoke(request, id).await?.read()?)
}
