//! Figures about the whole.

use domain::stats::Stats;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Counts of products, units and reservations, read in the background; none until they were read once.
#[server(prefix = "/api/fn", endpoint = "stats_fetch", input = GetUrl)]
pub async fn stats_fetch() -> Result<Option<Stats>, ApiError> {
    Ok(crate::ssr::desk::<StatsFetch>()?.store.stats())
}
