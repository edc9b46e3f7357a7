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

use super::extract::{Change, Json, Nothing, Query, Segment, Whole, checked, limit, word};
use super::problem::ApiError;
use super::render::{self, Sent};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    status: Option<String>,
    sku: Option<String>,
    owner: Option<String>,
    sort: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldBody {
    lines: Vec<LineBody>,
    strategy: Option<String>,
    ttl_seconds: Option<Whole>,
    owner: Option<String>,
}

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeBody {
    lines: Vec<LineBody>,
    strategy: Option<String>,
    ttl_seconds: Option<Whole>,
}

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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExtendBody {
    ttl_seconds: Whole,
}

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
