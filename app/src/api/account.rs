//! The account of whoever is signed in.

use domain::account::User;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;
use crate::shown::Shown;

/// Who is signed in. An API key is nobody's account.
#[server(prefix = "/api/fn", endpoint = "account_fetch", input = GetUrl)]
pub async fn account_fetch() -> Result<User, ApiError> {
    let desk = crate::ssr::desk::<AccountFetch>()?;
    Ok(desk.store.user_fetch(desk.user()?).await?)
}

/// Changes one's own password; `current` may be empty where there is none yet. All other sessions of one's
/// own end.
#[server(prefix = "/api/fn", endpoint = "password_change")]
pub async fn password_change(
    #[server(default)] current: String,
    #[server(default)] new: String,
) -> Result<(), ApiError> {
    use crate::ssr::{credentials, desk, refused};
    let desk = desk::<PasswordChange>()?;
    let change = domain::account::PasswordChange::new(&current, &new).map_err(refused)?;
    let opened = desk.store.user_password_change(credentials::origin()?, desk.caller, change).await?;
    credentials::let_in(&opened);
    Ok(())
}

/// What a form without a script has just made and is shown once; nothing the second time.
#[server(prefix = "/api/fn", endpoint = "shown_once_take", input = GetUrl)]
pub async fn shown_once_take() -> Result<Option<Shown>, ApiError> {
    Ok(crate::ssr::desk::<ShownOnceTake>()?.take_shown())
}
