//! `/api/orders`.

pub(super) mod export;

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::decide::Confirm;
use domain::journal::Entry;
use domain::order::filter::{OrderQuery, OrderQueryInput};
use domain::order::{CustomerRequest, OrderChange, OrderRef, OrderRequest, OrderSummary};
use domain::page::Page;
use domain::problem::Problem;
use serde::Deserialize;
use store::Store;

use super::extract::{Change, Json, Query, Segment, Whole, checked, limit};
use super::problem::ApiError;
use super::render::{self, Sent};
use super::reservations::{LineBody, inputs};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    #[serde(default)]
    status: Vec<String>,
    from: Option<String>,
    to: Option<String>,
    min_total: Option<String>,
    max_total: Option<String>,
    customer: Option<String>,
    sort: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<ListQuery>,
) -> Result<JsonAnswer<Page<OrderSummary>>, ApiError> {
    let ListQuery { status, from, to, min_total, max_total, customer, sort, limit: items, cursor } = query;
    let input = OrderQueryInput { status, from, to, min_total, max_total, customer, sort };
    let orders = checked(OrderQuery::parse(&input))?;
    let limit = limit(items.as_deref())?;
    Ok(JsonAnswer(store.order_list(&orders, limit, cursor.as_deref()).await?))
}

pub(crate) async fn fetch(
    State(store): State<Store>,
    Segment(order): Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let view = store.order_fetch(&named(&order)?).await?;
    let etag = render::order_etag(&view);
    if render::is_known(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    Ok(([(ETAG, etag)], JsonAnswer(view)).into_response())
}

pub(crate) async fn journal(
    State(store): State<Store>,
    Segment(order): Segment,
) -> Result<JsonAnswer<Page<Entry>>, ApiError> {
    let items = store.order_journal(&named(&order)?).await?;
    Ok(JsonAnswer(Page { items, next: None, prev: None }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CustomerBody {
    email: Option<String>,
    name: Option<String>,
    reference: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceBody {
    reservation_id: Option<String>,
    lines: Option<Vec<LineBody>>,
    strategy: Option<String>,
    customer: Option<CustomerBody>,
    reference: Option<String>,
    confirm: Option<bool>,
}

pub(crate) async fn place(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<PlaceBody>,
) -> Result<Sent, ApiError> {
    let lines = body.lines.map(inputs);
    let customer = body.customer.map(|customer| {
        CustomerRequest::new(customer.email.as_deref(), customer.name.as_deref(), customer.reference.as_deref())
    });
    let confirm = if body.confirm == Some(true) { Confirm::Now } else { Confirm::Later };
    let order = OrderRequest::new(
        body.reservation_id.as_deref(),
        lines.as_deref(),
        body.strategy.as_deref(),
        customer,
        body.reference.as_deref(),
        confirm,
    );
    let order = checked(order)?;
    let request = change.request(&order, render::order_placed);
    Ok(Sent(store.order_place(request, order).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    status: Option<String>,
    version: Option<Whole>,
    note: Option<String>,
    restock: Option<bool>,
}

pub(crate) async fn change(
    State(store): State<Store>,
    Segment(order): Segment,
    change: Change,
    Json(body): Json<ChangeBody>,
) -> Result<Sent, ApiError> {
    let order = named(&order)?;
    let seen = change.version()?;
    let version = body.version.map(|Whole(version)| version);
    if let (Some(seen), Some(version)) = (seen, version)
        && seen != version
    {
        return Err(Problem::field("version", "must be the one in If-Match, where both are given").into());
    }
    let to = OrderChange::new(body.status.as_deref(), version.or(seen), body.note.as_deref(), body.restock);
    let to = checked(to)?;
    let request = change.request(&to, render::order);
    Ok(Sent(store.order_proceed(request, &order, to).await?))
}

/// An order's id or number. What can be neither names no order.
fn named(segment: &str) -> Result<OrderRef, Problem> {
    OrderRef::parse(segment).ok_or_else(|| Problem::not_found("order"))
}
