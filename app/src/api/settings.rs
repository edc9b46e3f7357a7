//! What belongs to a page, not to stock: keys for its forms, and its theme.

use domain::idempotency::IdempotencyKey;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// A fresh idempotency key. A page takes one and gives each of its forms a name under it.
#[server(prefix = "/api/fn", endpoint = "form_key", input = GetUrl)]
pub async fn form_key() -> Result<IdempotencyKey, ApiError> {
    Ok(crate::ssr::desk::<FormKey>()?.form_key())
}

/// Remembers `light` or `dark` in a cookie.
#[server(prefix = "/api/fn", endpoint = "theme_set")]
pub async fn theme_set(theme: String) -> Result<(), ApiError> {
    use crate::ssr::{desk, refused_field};
    let desk = desk::<ThemeSet>()?;
    let theme = theme.parse().map_err(|_| refused_field("theme", "must be light or dark"))?;
    desk.remember_theme(theme);
    Ok(())
}
