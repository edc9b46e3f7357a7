//! `/api/orders`.

pub(super) mod export;

use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json as JsonAnswer};
use domain::decide::Confirm;
use domain::journal::Entry;
use domain::order::filter::{OrderQuery, OrderQueryInput};
use domain::order::{CustomerRequest, OrderChange, OrderRef, OrderRequest, OrderSummary};
use domain::page::Page;
use domain::problem::Problem;
use serde::Deserialize;
use store::{Identity, Store};
use utoipa::IntoParams;

use super::extract::{Change, Json, Query, Segment, Whole, checked, limit};
use super::problem::ApiError;
use super::render::{self, Sent};
use super::reservations::{LineBody, inputs};
use super::schema::{answers, asked, headers, scalar};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Those that stand at any of these; it may be given several times.
    #[serde(default)]
    #[param(inline, value_type = Vec<scalar::OrderStatus>, required = false)]
    status: Vec<String>,
    /// Those placed at this moment or later.
    #[param(inline, value_type = scalar::Moment, required = false)]
    from: Option<String>,
    /// Those placed before this moment.
    #[param(inline, value_type = scalar::Moment, required = false)]
    to: Option<String>,
    /// The least total, in minor units.
    #[param(inline, value_type = scalar::TotalMinor, required = false)]
    min_total: Option<String>,
    /// The greatest total, in minor units.
    #[param(inline, value_type = scalar::TotalMinor, required = false)]
    max_total: Option<String>,
    /// Those of the customer with this address.
    #[param(inline, value_type = scalar::Email, required = false)]
    customer: Option<String>,
    /// Which comes first: the last to be placed (`newest`, the default) or the greatest total (`highest`).
    #[param(inline, value_type = scalar::OrderSort, required = false)]
    sort: Option<String>,
    #[param(inline, value_type = scalar::Limit, required = false)]
    limit: Option<String>,
    #[param(inline, value_type = scalar::Cursor, required = false)]
    cursor: Option<String>,
}

/// Lists orders.
#[utoipa::path(
    get, path = "/api/orders", operation_id = "order_list", tag = "orders",
    params(ListQuery),
    responses((status = 200, description = "A page of orders.", body = answers::Page<answers::OrderSummary>)),
)]
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

/// Reads an order.
#[utoipa::path(
    get, path = "/api/orders/{order}", operation_id = "order_fetch", tag = "orders",
    params(
        ("order" = scalar::OrderName, Path, description = "Its number or its id."),
        headers::KnownVersions,
    ),
    responses(
        (status = 200, description = "The order as it reads now.", body = answers::Order,
         headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 304, description = "It is at a version that is known.", headers(("ETag" = String))),
    ),
)]
pub(crate) async fn fetch(
    State(store): State<Store>,
    Segment(order): Segment,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let view = store.order_fetch(&named(&order)?).await?.seen_by(identity.role);
    let etag = render::order_etag(&view);
    if render::is_known(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    Ok(([(ETAG, etag)], JsonAnswer(view)).into_response())
}

/// Tells what happened to an order and its reservation, oldest first.
#[utoipa::path(
    get, path = "/api/orders/{order}/audit", operation_id = "order_journal", tag = "orders",
    params(("order" = scalar::OrderName, Path, description = "Its number or its id.")),
    responses((status = 200, description = "All entries, in one page.", body = answers::Page<answers::Entry>)),
)]
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

/// Makes an order.
///
/// Of a reservation, whose units it takes over, or of lines, which are reserved and ordered in one. A pending
/// order ends with its hold; one that is confirmed keeps its units. A reservation whose time is over is taken
/// again, where its units are still free.
#[utoipa::path(
    post, path = "/api/orders", operation_id = "order_place", tag = "orders",
    request_body(content = asked::OrderRequest, example = json!({
        "lines": [{"sku": "MUG-1", "quantity": 2}], "customer": {"email": "ada@example.com"}, "confirm": true,
    })),
    responses(
        (status = 201, description = "The order.", body = answers::Order,
         headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Its path.")),
         links(
            ("order" = (operation_id = "order_fetch", parameters(("order" = "$response.body#/id")))),
            ("change" = (operation_id = "order_change", parameters(("order" = "$response.body#/number")))),
            ("journal" = (operation_id = "order_journal", parameters(("order" = "$response.body#/number")))),
         )),
    ),
    extensions(("x-problems" = json!([
        "insufficient_stock", "hold_expired", "not_held", "has_order", "reference_taken", "product_archived",
        "warehouse_inactive", "unknown_sku", "mixed_currency", "not_found",
    ]))),
)]
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

/// Takes a step of the order machine, writes a note, or both.
///
/// The version that was seen may be given in the body or in `If-Match`: where the order was changed since,
/// nothing is done.
#[utoipa::path(
    patch, path = "/api/orders/{order}", operation_id = "order_change", tag = "orders",
    params(
        ("order" = scalar::OrderName, Path, description = "Its number or its id."),
        headers::SeenVersion,
    ),
    request_body(content = asked::OrderChange, example = json!({"status": "processing", "note": "Gift wrapped."})),
    responses(
        (status = 200, description = "The order.", body = answers::Order,
         headers(("ETag" = String, description = "Its version."))),
    ),
    extensions(("x-problems" = json!(["transition_not_allowed", "stale_version", "hold_expired"]))),
)]
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
