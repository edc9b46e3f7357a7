//! Signing in and out. What lets a browser in is a cookie, which these set and take away.

use leptos::prelude::*;

use crate::error::ApiError;

/// Signs in by email and password.
#[server(prefix = "/api/fn", endpoint = "session_open")]
pub async fn session_open(
    #[server(default)] email: String,
    #[server(default)] password: String,
) -> Result<(), ApiError> {
    use crate::ssr::{credentials, desk, refused};
    let desk = desk::<SessionOpen>()?;
    let sign_in = domain::account::SignIn::new(&email, &password).map_err(refused)?;
    let opened = desk.store.session_open(credentials::origin()?, &sign_in, credentials::session()).await?;
    credentials::let_in(&opened);
    Ok(())
}

/// Signs in by a link that does so once; `link` is what it ends with.
#[server(prefix = "/api/fn", endpoint = "session_open_by_link")]
pub async fn session_open_by_link(#[server(default)] link: String) -> Result<(), ApiError> {
    use crate::ssr::{credentials, desk, refused};
    let desk = desk::<SessionOpenByLink>()?;
    let link = store::accounts::LinkToken::parse(&link);
    let link = link.ok_or_else(|| refused(domain::problem::Problem::LinkSpent))?;
    let opened = desk.store.session_open_by_link(credentials::origin()?, link, credentials::session()).await?;
    credentials::let_in(&opened);
    Ok(())
}

/// Signs out. Who is signed out already is no worse off.
#[server(prefix = "/api/fn", endpoint = "session_close")]
pub async fn session_close() -> Result<(), ApiError> {
    use crate::ssr::{credentials, desk};
    let desk = desk::<SessionClose>()?;
    if let Some(session) = credentials::session() {
        desk.store.session_close(desk.caller, session).await?;
    }
    credentials::let_out();
    leptos_axum::redirect(crate::ssr::gate::SIGNED_OUT);
    Ok(())
}

/// Ends every session of whoever is signed in, this one included.
#[server(prefix = "/api/fn", endpoint = "session_close_all")]
pub async fn session_close_all() -> Result<(), ApiError> {
    use crate::ssr::{credentials, desk};
    let desk = desk::<SessionCloseAll>()?;
    desk.store.session_close_all_of_user(desk.caller, desk.user()?).await?;
    credentials::let_out();
    leptos_axum::redirect(crate::ssr::gate::SIGNED_OUT_EVERYWHERE);
    Ok(())
}
