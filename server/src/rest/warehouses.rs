//! `/api/warehouses`: where stock lies.

use axum::Json as JsonAnswer;
use axum::extract::State;
use domain::page::Page;
use domain::problem::Problem;
use domain::warehouse::{NewWarehouse, Warehouse, WarehouseCode, WarehousePatch};
use serde::Deserialize;
use store::Store;
use utoipa::ToSchema;

use super::extract::{Change, Json, Query, Segment, Whole, checked};
use super::page::PageQuery;
use super::problem::ApiError;
use super::render::{self, Sent};
use super::schema::{answers, scalar};

/// Lists warehouses, first the one that is drawn on first.
#[utoipa::path(
    get, path = "/api/warehouses", operation_id = "warehouse_list", tag = "warehouses",
    params(PageQuery),
    responses((status = 200, description = "A page of warehouses.", body = answers::Page<answers::Warehouse>)),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<PageQuery>,
) -> Result<JsonAnswer<Page<Warehouse>>, ApiError> {
    Ok(JsonAnswer(store.warehouse_list(query.limit()?, query.cursor()).await?))
}

/// Reads a warehouse.
#[utoipa::path(
    get, path = "/api/warehouses/{warehouse}", operation_id = "warehouse_fetch", tag = "warehouses",
    params(("warehouse" = scalar::WarehouseName, Path, description = "Its code.")),
    responses((status = 200, description = "The warehouse.", body = answers::Warehouse)),
)]
pub(crate) async fn fetch(
    State(store): State<Store>,
    Segment(warehouse): Segment,
) -> Result<JsonAnswer<Warehouse>, ApiError> {
    Ok(JsonAnswer(store.warehouse_fetch(named(&warehouse)?).await?))
}

/// A warehouse to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WarehouseRequest)]
pub(crate) struct CreateBody {
    #[schema(value_type = scalar::WarehouseCode)]
    code: String,
    #[schema(value_type = scalar::Name)]
    name: String,
    #[schema(value_type = scalar::Priority)]
    priority: Whole,
}

/// Creates a warehouse, active and empty.
#[utoipa::path(
    post, path = "/api/warehouses", operation_id = "warehouse_create", tag = "warehouses",
    request_body(content = CreateBody, example = json!({"code": "BER", "name": "Berlin", "priority": 2})),
    responses(
        (status = 201, description = "The warehouse.", body = answers::Warehouse,
         headers(("Location" = String, description = "Its path.")),
         links(
            ("warehouse" = (operation_id = "warehouse_fetch", parameters(("warehouse" = "$response.body#/code")))),
            ("change" = (operation_id = "warehouse_change", parameters(("warehouse" = "$response.body#/code")))),
         )),
    ),
    extensions(("x-problems" = json!(["code_taken"]))),
)]
pub(crate) async fn create(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<CreateBody>,
) -> Result<Sent, ApiError> {
    let new = checked(NewWarehouse::new(&body.code, &body.name, body.priority.0))?;
    let request = change.request(&new, render::warehouse_created);
    Ok(Sent(store.warehouse_create(request, new).await?))
}

/// What to change of a warehouse; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WarehousePatch)]
pub(crate) struct PatchBody {
    #[schema(value_type = Option<scalar::Name>)]
    name: Option<String>,
    #[schema(value_type = Option<scalar::Priority>)]
    priority: Option<Whole>,
    /// Whether units may be reserved from it and come into it.
    active: Option<bool>,
}

/// Changes what a warehouse is called, when it is drawn on, and whether it is.
///
/// One that is no longer active keeps what is on hand and reserved in it: what is reserved is shipped or
/// released from there, and the rest may be moved elsewhere.
#[utoipa::path(
    patch, path = "/api/warehouses/{warehouse}", operation_id = "warehouse_change", tag = "warehouses",
    params(("warehouse" = scalar::WarehouseName, Path, description = "Its code.")),
    request_body(content = PatchBody, example = json!({"name": "Berlin Mitte", "priority": 3})),
    responses((status = 200, description = "The warehouse.", body = answers::Warehouse)),
)]
pub(crate) async fn change(
    State(store): State<Store>,
    Segment(warehouse): Segment,
    change: Change,
    Json(body): Json<PatchBody>,
) -> Result<Sent, ApiError> {
    let code = named(&warehouse)?;
    let priority = body.priority.map(|Whole(number)| number);
    let patch = checked(WarehousePatch::new(body.name.as_deref(), priority, body.active))?;
    let request = change.request(&patch, render::warehouse);
    Ok(Sent(store.warehouse_change(request, code, patch).await?))
}

/// What can be no code names no warehouse.
fn named(segment: &str) -> Result<WarehouseCode, Problem> {
    WarehouseCode::new(segment).map_err(|_| Problem::not_found("warehouse"))
}
