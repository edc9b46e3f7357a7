//! `/api/transfers`: units from one warehouse to another.

use axum::extract::State;
use domain::reservation::LineInput;
use domain::transfer::TransferRequest;
use serde::Deserialize;
use store::Store;
use utoipa::ToSchema;

use super::extract::{Change, Json, Whole, checked};
use super::problem::ApiError;
use super::render::{self, Sent};
use super::schema::{answers, scalar};

/// Units of one product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LineToTransfer)]
pub(crate) struct LineBody {
    #[schema(value_type = scalar::Sku)]
    sku: String,
    #[schema(value_type = scalar::Quantity)]
    quantity: Whole,
}

/// Units to be moved: all lines or none. Lines of one product are summed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TransferRequest)]
pub(crate) struct TransferBody {
    #[schema(value_type = scalar::WarehouseCode)]
    from: String,
    #[schema(value_type = scalar::WarehouseCode)]
    to: String,
    #[schema(min_items = 1, max_items = 1_000)]
    lines: Vec<LineBody>,
}

/// Moves units from one warehouse to another.
///
/// Only what is available can leave: what is reserved stays where it is. A warehouse that is not active may
/// be emptied so, not filled.
#[utoipa::path(
    post, path = "/api/transfers", operation_id = "stock_transfer", tag = "warehouses",
    request_body(content = TransferBody, example = json!({
        "from": "MAIN", "to": "BER", "lines": [{"sku": "MUG-1", "quantity": 2}],
    })),
    responses((status = 201, description = "What was moved.", body = answers::Transfer)),
    extensions(("x-problems" = json!(["insufficient_stock", "unknown_sku", "warehouse_inactive"]))),
)]
pub(crate) async fn transfer(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<TransferBody>,
) -> Result<Sent, ApiError> {
    let line =
        |LineBody { sku, quantity }| LineInput { sku: Some(sku), quantity: Some(quantity.0), ..LineInput::default() };
    let lines: Vec<LineInput> = body.lines.into_iter().map(line).collect();
    let transfer = checked(TransferRequest::new(&body.from, &body.to, &lines))?;
    let request = change.request(&transfer, render::transfer);
    Ok(Sent(store.stock_transfer(request, transfer).await?))
}
