//! The chaos test, for admins: a run makes a product, and takes the server a while.

use domain::chaos::ChaosRun;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// The run that is under way, or the last one since the server started; none before the first.
#[server(prefix = "/api/fn", endpoint = "chaos_fetch", input = GetUrl)]
pub async fn chaos_fetch() -> Result<Option<ChaosRun>, ApiError> {
    let (chaos, _) = crate::ssr::desk::<ChaosFetch>()?.chaos()?;
    Ok(chaos.0.current())
}

/// Starts a run: so many `attempts` at so much `stock`, by so many `clients` at a time. `guards` is `on`
/// (the default), or `off` for the negative control.
#[server(prefix = "/api/fn", endpoint = "chaos_start")]
pub async fn chaos_start(
    #[server(default)] attempts: String,
    #[server(default)] stock: String,
    #[server(default)] clients: String,
    #[server(default)] guards: String,
    #[server(default)] key: String,
) -> Result<Option<ChaosRun>, ApiError> {
    use crate::ssr::{desk, refused};
    use domain::chaos::{ChaosForm, ChaosLimits};
    let desk = desk::<ChaosStart>()?;
    let plan = ChaosForm { attempts, stock, clients, guards }.parse(ChaosLimits::PAGE).map_err(refused)?;
    let (chaos, headers) = desk.chaos()?;
    chaos.0.start(plan, &key, headers).map_err(refused)?;
    Ok(chaos.0.current())
}

/// Stops the run that is under way, if one is. It still puts its things away.
#[server(prefix = "/api/fn", endpoint = "chaos_stop")]
pub async fn chaos_stop(#[server(default)] key: String) -> Result<Option<ChaosRun>, ApiError> {
    let (chaos, _) = crate::ssr::desk::<ChaosStop>()?.chaos()?;
    // Stopping twice is stopping once: the key that every form brings says nothing here.
    let _ = key;
    chaos.0.stop();
    Ok(chaos.0.current())
}
