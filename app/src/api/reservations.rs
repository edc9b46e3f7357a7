//! Holding units, and what becomes of holds.

use domain::page::Page;
use domain::reservation::ReservationView;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Reservations by deadline: `sort` is `soonest` (the default) or `latest`.
#[server(prefix = "/api/fn", endpoint = "reservation_list", input = GetUrl)]
pub async fn reservation_list(
    status: Option<String>,
    sku: Option<String>,
    owner: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
) -> Result<Page<ReservationView>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<ReservationList>()?;
    let filter = read::reservation_filter(status, sku, owner, sort)?;
    Ok(desk.store.reservation_list(&filter, read::limit(limit)?, read::text(&cursor)).await?)
}

/// One reservation, as it reads at this moment.
#[server(prefix = "/api/fn", endpoint = "reservation_fetch", input = GetUrl)]
pub async fn reservation_fetch(id: String) -> Result<ReservationView, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<ReservationFetch>()?;
    Ok(desk.store.reservation_fetch(read::reservation(&id)?).await?)
}

/// Holds units of one product for some minutes. `from` is a strategy or, as `in:CODE`, one warehouse.
#[server(prefix = "/api/fn", endpoint = "reservation_hold")]
pub async fn reservation_hold(
    product: String,
    #[server(default)] quantity: String,
    #[server(default)] from: String,
    #[server(default)] minutes: String,
    #[server(default)] owner: String,
    #[server(default)] key: String,
) -> Result<ReservationView, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<ReservationHold>()?;
    let product = read::product(&product)?;
    let form = domain::form::HoldForm { quantity, from, minutes, owner };
    let (quantity, from, ttl, owner) = form.parse().map_err(refused)?;
    let (strategy, warehouse) = from.into_parts();
    let lines = vec![domain::reservation::LineRequest { product, quantity, warehouse }];
    let hold = domain::reservation::HoldRequest { lines, strategy, ttl, owner };
    let request = desk.request(&key, &hold)?;
    Ok(desk.store.reservation_hold(request, hold).await?.read()?)
}

/// Sets a hold's deadline to some minutes from now, where that is later than it was.
#[server(prefix = "/api/fn", endpoint = "reservation_extend")]
pub async fn reservation_extend(
    id: String,
    #[server(default)] minutes: String,
    #[server(default)] key: String,
) -> Result<ReservationView, ApiError> {
    use crate::ssr::{desk, naming, read, refused_field};
    let desk = desk::<ReservationExtend>()?;
    let id = read::reservation(&id)?;
    let ttl = domain::reservation::Ttl::parse_minutes(&minutes);
    let ttl = ttl.map_err(|error| refused_field("minutes", error.to_string()))?;
    let request = desk.request(&key, &(id, ttl))?;
    let extended = desk.store.reservation_extend(request, id, ttl).await;
    Ok(extended.map_err(naming("ttl_seconds", "minutes"))?.read()?)
}

/// Gives a hold's units back.
#[server(prefix = "/api/fn", endpoint = "reservation_release")]
pub async fn reservation_release(id: String, #[server(default)] key: String) -> Result<ReservationView, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<ReservationRelease>()?;
    let id = read::reservation(&id)?;
    let request = desk.request(&key, &id)?;
    Ok(desk.store.reservation_release(request, id).await?.read()?)
}
