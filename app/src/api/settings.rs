//! What belongs to a page, not to stock: keys for its forms, and its theme.

use domain::idempotency::IdempotencyKey;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// A fresh idempotency key. A page takes one and gives each of its forms a name under it.
#[server(prefix = "/api/fn", endpoint = "form_key", input = GetUrl)]
pub async fn form_key() -> Result<IdempotencyKey, ApiError> {
    Ok(store::ids::idempotency_key())
}

/// Remembers `light` or `dark` in a cookie.
#[server(prefix = "/api/fn", endpoint = "theme_set")]
pub async fn theme_set(theme: String) -> Result<(), ApiError> {
    let theme = theme.parse().map_err(|_| crate::ssr::refused_field("theme", "must be light or dark"))?;
    crate::ssr::remember_theme(theme);
    Ok(())
}
