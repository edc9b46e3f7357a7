//! `/api/products`.

use axum::Json as JsonAnswer;
use axum::extract::State;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::currency::Currency;
use domain::form::Fields;
use domain::money::Money;
use domain::page::Page;
use domain::problem::Problem;
use domain::product::{Archived, NewProduct, ProductFilter, ProductPatch, ProductRef, ProductSummary};
use domain::quantity::StockDelta;
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;
use serde::{Deserialize, Serialize};
use store::Store;

use super::extract::{Change, Json, Query, Segment, Whole, checked, limit, nullable, word};
use super::problem::ApiError;
use super::render::{self, Sent};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    q: Option<String>,
    archived: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<ListQuery>,
) -> Result<JsonAnswer<Page<ProductSummary>>, ApiError> {
    let archived = word::<Archived>("archived", query.archived.as_deref(), "without, only or with")?;
    let filter = ProductFilter { query: query.q.unwrap_or_default(), archived: archived.unwrap_or_default() };
    let limit = limit(query.limit.as_deref())?;
    Ok(JsonAnswer(store.product_list(&filter, limit, query.cursor.as_deref()).await?))
}

pub(crate) async fn fetch(
    State(store): State<Store>,
    Segment(product): Segment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let view = store.product_fetch(&named(&product)?).await?;
    let etag = render::product_etag(&view);
    if render::is_known(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response());
    }
    Ok(([(ETAG, etag)], JsonAnswer(view)).into_response())
}

/// An amount as it comes in, before it is checked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MoneyBody {
    minor: Whole,
    currency: String,
}

impl MoneyBody {
    fn parse(&self, fields: &mut Fields) -> Option<Money> {
        let currency = fields.take("price.currency", self.currency.parse::<Currency>());
        Some(Money::new(self.minor.0, currency?))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    sku: String,
    name: String,
    price: MoneyBody,
}

pub(crate) async fn create(
    State(store): State<Store>,
    change: Change,
    Json(body): Json<CreateBody>,
) -> Result<Sent, ApiError> {
    let mut fields = Fields::default();
    let price = body.price.parse(&mut fields);
    let price = checked(fields.finish(|| price))?;
    let new = checked(NewProduct::new(&body.sku, &body.name, price))?;
    let request = change.request(&new, render::product_created);
    Ok(Sent(store.product_create(request, new).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PatchBody {
    name: Option<String>,
    price: Option<MoneyBody>,
    archived: Option<bool>,
    /// `null` takes the threshold away.
    #[serde(default, deserialize_with = "nullable")]
    low_stock_threshold: Option<Option<Whole>>,
}

pub(crate) async fn change(
    State(store): State<Store>,
    Segment(product): Segment,
    change: Change,
    Json(body): Json<PatchBody>,
) -> Result<Sent, ApiError> {
    let product = named(&product)?;
    let mut fields = Fields::default();
    let price = body.price.as_ref().map(|price| price.parse(&mut fields));
    let price = checked(fields.finish(|| Some(price.flatten())))?;
    let threshold = body.low_stock_threshold.map(|threshold| threshold.map(|Whole(units)| units));
    let patch = checked(ProductPatch::new(body.name.as_deref(), price, body.archived, threshold))?;
    let request = change.request(&patch, render::product);
    Ok(Sent(store.product_change(request, &product, patch).await?))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockBody {
    warehouse: Option<String>,
    delta: Whole,
    reason: String,
}

#[derive(Serialize)]
struct StockCommand<'a> {
    warehouse: Option<&'a WarehouseCode>,
    delta: StockDelta,
    reason: StockReason,
}

pub(crate) async fn adjust(
    State(store): State<Store>,
    Segment(product): Segment,
    change: Change,
    Json(body): Json<StockBody>,
) -> Result<Sent, ApiError> {
    let product = named(&product)?;
    let mut fields = Fields::default();
    let warehouse = body.warehouse.map(|code| fields.take("warehouse", WarehouseCode::new(code)));
    let delta = fields.take("delta", StockDelta::new(body.delta.0));
    let reason = body.reason.parse().map_err(|_| "must be received, adjusted or written_off");
    let reason = fields.take("reason", reason);
    if let (Some(delta), Some(reason)) = (delta, reason)
        && !StockReason::fits(reason, delta.get())
    {
        fields.refuse("delta", reason.rule());
    }
    let (delta, reason) = checked(fields.finish(|| Some((delta?, reason?))))?;
    let warehouse = warehouse.flatten();
    let command = StockCommand { warehouse: warehouse.as_ref(), delta, reason };
    let request = change.request(&command, render::product);
    Ok(Sent(store.stock_adjust(request, &product, warehouse, delta, reason).await?))
}

/// A product's id or SKU. What can be neither names no product.
fn named(segment: &str) -> Result<ProductRef, Problem> {
    ProductRef::parse(segment).ok_or_else(|| Problem::not_found("product"))
}
