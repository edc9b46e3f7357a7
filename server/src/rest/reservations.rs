//! `/api/reservations`.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::form::Fields;
use domain::ids::ReservationId;
use domain::page::Page;
use domain::problem::Problem;
use domain::reservation::{
    ChangeRequest, HoldRequest, LineInput, ReservationFilter, ReservationSort, ReservationStatus, ReservationView, Ttl,
};
use domain::sku::Sku;
use domain::text::Owner;
use serde::Deserialize;
use store::Store;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Change, Json, Nothing, Query, Segment, Whole, checked, limit, word};
use super::problem::ApiError;
use super::render::{self, Sent};
use super::schema::{answers, asked, scalar};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    #[param(inline, value_type = scalar::ReservationStatus, required = false)]
    status: Option<String>,
    /// Those with units of this product.
    #[param(inline, value_type = scalar::Sku, required = false)]
    sku: Option<String>,
    #[param(inline, value_type = scalar::Owner, required = false)]
    owner: Option<String>,
    /// Which comes first: the next to end (`soonest`, the default) or the last (`latest`).
    #[param(inline, value_type = scalar::ReservationSort, required = false)]
    sort: Option<String>,
    #[param(inline, value_type = scalar::Limit, required = false)]
    limit: Option<String>,
    #[param(inline, value_type = scalar::Cursor, required = false)]
    cursor: Option<String>,
}

/// Lists reservations by their deadlines.
#[utoipa::path(
    get, path = "/api/reservations", operation_id = "reservation_list", tag = "reservations",
    params(ListQuery),
    responses((status = 200, description = "A page of reservations.", body = answers::Page<answers::Reservation>)),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<ListQuery>,
) -> Result<JsonAnswer<Page<ReservationView>>, ApiError> {
    let status = word::<ReservationStatus>("status", query.status.as_deref(), "held, confirmed, released or expired")?;
    let sort = word::<ReservationSort>("sort", query.sort.as_deref(), "soonest or latest")?;
    let mut fields = Fields::default();
    let sku = query.sku.map(|sku| fields.take("sku", Sku::new(sku)));
    let owner = query.owner.map(|owner| fields.take("owner", Owner::new(owner)));
    let filter = checked(fields.finish(|| {
        Some(ReservationFilter { status, sku: sku.flatten(), owner: owner.flatten(), sort: sort.unwrap_or_default() })
    }))?;
    let limit = limit(query.limit.as_deref())?;
    Ok(JsonAnswer(store.reservation_list(&filter, limit, query.cursor.as_deref()).await?))
}

/// Reads a reservation.
#[utoipa::path(
    get, path = "/api/reservations/{id}", operation_id = "reservation_fetch", tag = "reservations",
    params(("id" = scalar::Id, Path)),
    responses((status = 200, description = "The reservation as it reads now.", body = answers::Reservation)),
)]
pub(crate) async fn fetch(
    State(store): State<Store>,
    Segment(id): Segment,
) -> Result<JsonAnswer<ReservationView>, ApiError> {
    Ok(JsonAnswer(store.reservation_fetch(named(&id)?).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineBody {
    sku: Option<String>,
    product_id: Option<String>,
    quantity: Option<Whole>,
    warehouse: Option<String>,
}

/// Units to be held: all lines or none. Lines of one product are summed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReservationRequest)]
pub(crate) struct HoldBody {
    #[schema(value_type = Vec<asked::Line>, min_items = 1, max_items = 1_000)]
    lines: Vec<LineBody>,
    #[schema(value_type = Option<scalar::Strategy>)]
    strategy: Option<String>,
    /// For how long; ten minutes, if it is not said.
    #[schema(value_type = Option<scalar::Ttl>)]
    ttl_seconds: Option<Whole>,
    #[schema(value_type = Option<scalar::Owner>)]
    owner: Option<String>,
}

/// Holds units for some minutes.
#[utoipa::path(
    post, path = "/api/reservations", operation_id = "reservation_hold", tag = "reservations",
    request_body(content = HoldBody, example = json!({
        "lines": [{"sku": "MUG-1", "quantity": 6}], "ttl_seconds": 600, "owner": "cart-1",
    })),
    responses(
        (status = 201, description = "The reservation.", body = answers::Reservation,
         headers(("Location" = String, description = "Its path.")),
         links(
            ("reservation" = (operation_id = "reservation_fetch", parameters(("id" = "$response.body#/id")))),
            ("change" = (operation_id = "reservation_change", parameters(("id" = "$response.body#/id")))),
            ("extend" = (operation_id = "reservation_extend", parameters(("id" = "$response.body#/id")))),
            ("release" = (operation_id = "reservation_release", parameters(("id" = "$response.body#/id")))),
         )),
    ),
    extensions(("x-problems" = json!([
        "insufficient_stock", "product_archived", "warehouse_inactive", "unknown_sku", "mixed_currency",
    ]))),
)]
pub(crate) async fn hold(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<HoldBody>,
) -> Result<Sent, ApiError> {
    let ttl_seconds = body.ttl_seconds.map(|Whole(seconds)| seconds);
    let hold = HoldRequest::new(&inputs(body.lines), body.strategy.as_deref(), ttl_seconds, body.owner.as_deref());
    let hold = checked(hold)?;
    let request = change.request(&hold, render::reservation_created);
    Ok(Sent(store.reservation_hold(request, hold).await?))
}

/// What a reservation is to hold from now on: all lines or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReservationChange)]
pub(crate) struct ChangeBody {
    #[schema(value_type = Vec<asked::Line>, min_items = 1, max_items = 1_000)]
    lines: Vec<LineBody>,
    /// As before, if it is not said.
    #[schema(value_type = Option<scalar::Strategy>)]
    strategy: Option<String>,
    /// A new deadline, from now; the old one stays, if it is not said.
    #[schema(value_type = Option<scalar::Ttl>)]
    ttl_seconds: Option<Whole>,
}

/// Changes what a reservation holds.
///
/// Its own units count as free while that is decided. Where it is refused the old hold stands.
#[utoipa::path(
    put, path = "/api/reservations/{id}", operation_id = "reservation_change", tag = "reservations",
    params(("id" = scalar::Id, Path)),
    request_body(content = ChangeBody, example = json!({"lines": [{"sku": "MUG-1", "quantity": 4}]})),
    responses((status = 200, description = "The reservation.", body = answers::Reservation)),
    extensions(("x-problems" = json!([
        "insufficient_stock", "product_archived", "warehouse_inactive", "unknown_sku", "mixed_currency", "not_held",
        "has_order",
    ]))),
)]
pub(crate) async fn change(
    State(store): State<Store>,
    Segment(id): Segment,
    change: Change,
    Json(body): Json<ChangeBody>,
) -> Result<Sent, ApiError> {
    let id = named(&id)?;
    let ttl_seconds = body.ttl_seconds.map(|Whole(seconds)| seconds);
    let to = checked(ChangeRequest::new(&inputs(body.lines), body.strategy.as_deref(), ttl_seconds))?;
    let request = change.request(&to, render::reservation);
    Ok(Sent(store.reservation_change(request, id, to).await?))
}

/// A new deadline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReservationExtension)]
pub(crate) struct ExtendBody {
    #[schema(value_type = scalar::Ttl)]
    ttl_seconds: Whole,
}

/// Holds units for longer.
///
/// The deadline becomes `ttl_seconds` from now, where that is later than it was. A reservation is held for an
/// hour in all.
#[utoipa::path(
    post, path = "/api/reservations/{id}/extend", operation_id = "reservation_extend", tag = "reservations",
    params(("id" = scalar::Id, Path)),
    request_body(content = ExtendBody, example = json!({"ttl_seconds": 900})),
    responses((status = 200, description = "The reservation.", body = answers::Reservation)),
    extensions(("x-problems" = json!(["not_held", "has_order"]))),
)]
pub(crate) async fn extend(
    State(store): State<Store>,
    Segment(id): Segment,
    change: Change,
    Json(body): Json<ExtendBody>,
) -> Result<Sent, ApiError> {
    let id = named(&id)?;
    let ttl = Ttl::from_seconds(body.ttl_seconds.0);
    let ttl = ttl.map_err(|error| Problem::field("ttl_seconds", error.to_string()))?;
    let request = change.request(&ttl, render::reservation);
    Ok(Sent(store.reservation_extend(request, id, ttl).await?))
}

/// Gives the units of a reservation back.
#[utoipa::path(
    post, path = "/api/reservations/{id}/release", operation_id = "reservation_release", tag = "reservations",
    params(("id" = scalar::Id, Path)),
    responses((status = 200, description = "The reservation.", body = answers::Reservation)),
    extensions(("x-problems" = json!(["not_held", "has_order", "too_large"]))),
)]
pub(crate) async fn release(
    State(store): State<Store>,
    Segment(id): Segment,
    change: Change,
    _: Nothing,
) -> Result<Sent, ApiError> {
    let id = named(&id)?;
    let request = change.request(&(), render::reservation);
    Ok(Sent(store.reservation_release(request, id).await?))
}

pub(crate) fn inputs(lines: Vec<LineBody>) -> Vec<LineInput> {
    let input = |line: LineBody| LineInput {
        sku: line.sku,
        product_id: line.product_id,
        quantity: line.quantity.map(|Whole(units)| units),
        warehouse: line.warehouse,
    };
    lines.into_iter().map(input).collect()
}

/// What has not the form of an id names no reservation.
fn named(segment: &str) -> Result<ReservationId, Problem> {
    segment.parse().map_err(|_| Problem::not_found("reservation"))
}
