//! Orders: made, listed, moved through their machine.

#![expect(clippy::too_many_arguments, reason = "they are the parameters of a query string")]

use domain::journal::NamedEntry;
use domain::order::{OrderSummary, OrderView};
use domain::page::Page;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Orders, `sort` being `newest` (the default) or `highest`: those of any `status` of some (separated by
/// commas), placed `from` one date or time and before another (`to`), of a total between `min` and `max`
/// (in major units, as typed), of the `customer` with an address.
#[server(prefix = "/api/fn", endpoint = "order_list", input = GetUrl)]
pub async fn order_list(
    status: Option<String>,
    from: Option<String>,
    to: Option<String>,
    min: Option<String>,
    max: Option<String>,
    customer: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
) -> Result<Page<OrderSummary>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<OrderList>()?;
    let query = read::order_query([status, from, to, min, max, customer, sort])?;
    Ok(desk.store.order_list(&query, read::limit(limit)?, read::text(&cursor)).await?)
}

/// One order, by its id or its number, as it reads at this moment.
#[server(prefix = "/api/fn", endpoint = "order_fetch", input = GetUrl)]
pub async fn order_fetch(order: String) -> Result<OrderView, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<OrderFetch>()?;
    Ok(desk.seen(desk.store.order_fetch(&read::order(&order)?).await?))
}

/// What happened to an order and its reservation, oldest first.
#[server(prefix = "/api/fn", endpoint = "order_journal", input = GetUrl)]
pub async fn order_journal(order: String) -> Result<Vec<NamedEntry>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<OrderJournal>()?;
    let entries = desk.store.order_journal(&read::order(&order)?).await?;
    Ok(desk.store.journal_name(entries).await?)
}

/// Makes an order of a reservation and leads to its page. `confirm` is `now` where it is paid for, `later`
/// (the default) where it is not yet.
#[server(prefix = "/api/fn", endpoint = "order_place")]
pub async fn order_place(
    reservation: String,
    #[server(default)] email: String,
    #[server(default)] reference: String,
    #[server(default)] confirm: String,
    #[server(default)] key: String,
) -> Result<OrderView, ApiError> {
    use crate::ssr::{desk, naming, refused};
    let desk = desk::<OrderPlace>()?;
    let order = crate::forms::PlaceForm { reservation, email, reference, confirm }.parse().map_err(refused)?;
    let request = desk.request(&key, &order)?;
    let placed = desk.store.order_place(request, order).await;
    let placed: OrderView = placed.map_err(naming("reservation_id", "reservation"))?.read()?;
    leptos_axum::redirect(&crate::links::order(placed.order.number));
    Ok(placed)
}

/// Takes a step of the order machine, writes a note, or both. `version` is the one that was seen: where
/// the order was changed since, nothing is done. `restock` (`true` or `false`) says what becomes of units
/// that come back.
#[server(prefix = "/api/fn", endpoint = "order_proceed")]
pub async fn order_proceed(
    order: String,
    #[server(default)] to: String,
    #[server(default)] version: String,
    #[server(default)] note: String,
    #[server(default)] restock: String,
    #[server(default)] key: String,
) -> Result<OrderView, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<OrderProceed>()?;
    let order = read::order(&order)?;
    let change = read::order_change(to, version, note, restock)?;
    let request = desk.request(&key, &(&order, &change))?;
    Ok(desk.store.order_proceed(request, &order, change).await?.read()?)
}
