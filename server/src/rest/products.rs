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
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use serde::{Deserialize, Serialize};
use store::Store;
use utoipa::{IntoParams, ToSchema};

use super::extract::{Change, Json, Query, Segment, Whole, checked, limit, nullable, word};
use super::problem::ApiError;
use super::render::{self, Sent};
use super::schema::{answers, headers, scalar};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Words of which each must begin a word of the SKU or the name.
    #[param(value_type = String, required = false, example = "ena mug")]
    q: Option<String>,
    /// Whether products that were taken off sale are shown: `without` them (the default), `only` them, or
    /// `with` them.
    #[param(inline, value_type = scalar::Archived, required = false)]
    archived: Option<String>,
    #[param(inline, value_type = scalar::Limit, required = false)]
    limit: Option<String>,
    #[param(inline, value_type = scalar::Cursor, required = false)]
    cursor: Option<String>,
}

/// Lists products by SKU.
#[utoipa::path(
    get, path = "/api/products", operation_id = "product_list", tag = "products",
    params(ListQuery),
    responses((status = 200, description = "A page of products.", body = answers::Page<answers::ProductSummary>)),
)]
pub(crate) async fn list(
    State(store): State<Store>,
    Query(query): Query<ListQuery>,
) -> Result<JsonAnswer<Page<ProductSummary>>, ApiError> {
    let archived = word::<Archived>("archived", query.archived.as_deref(), "without, only or with")?;
    let filter = ProductFilter { query: query.q.unwrap_or_default(), archived: archived.unwrap_or_default() };
    let limit = limit(query.limit.as_deref())?;
    Ok(JsonAnswer(store.product_list(&filter, limit, query.cursor.as_deref()).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FetchQuery {
    /// Its stock as of this moment, from the journal, and who held it. Its own facts are those of now.
    #[param(inline, value_type = scalar::Instant, required = false)]
    at: Option<String>,
}

/// Reads a product with its stock: as it is now, or as it was.
///
/// The stock of now is answered from memory. `as_of` says how old it is: everything that was committed by then is
/// in it, and everything that was changed through the same server. Versions never go back. Nothing is reserved by
/// what stands here: whether units are to be had is decided when they are asked for.
#[utoipa::path(
    get, path = "/api/products/{product}", operation_id = "product_fetch", tag = "products",
    params(
        ("product" = scalar::ProductName, Path, description = "Its SKU or its id."),
        FetchQuery,
        headers::KnownVersions,
    ),
    responses(
        (status = 200, description = "The product.", body = answers::Product,
         headers(("ETag" = String, description = "Its version, weak: `as_of` differs from answer to answer."))),
        (status = 304, description = "It is at a version that is known.", headers(("ETag" = String))),
    ),
)]
pub(crate) async fn fetch(
    State(store): State<Store>,
    Segment(product): Segment,
    Query(query): Query<FetchQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let product = named(&product)?;
    if let Some(at) = query.at {
        let at = at.parse::<Timestamp>().map_err(|error| Problem::field("at", error.to_string()))?;
        let then = store.product_fetch_at(&product, at).await?;
        return Ok(versioned(&headers, render::product_etag(&then.product), then));
    }
    let view = store.product_fetch(&product).await?;
    Ok(versioned(&headers, render::product_etag(&view), view))
}

/// The answer, or that it is known.
fn versioned(headers: &HeaderMap, etag: String, answer: impl Serialize) -> Response {
    if render::is_known(headers, &etag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, etag)]).into_response();
    }
    ([(ETAG, etag)], JsonAnswer(answer)).into_response()
}

/// An amount as it comes in, before it is checked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Price)]
pub(crate) struct MoneyBody {
    #[schema(value_type = scalar::PriceMinor)]
    minor: Whole,
    #[schema(value_type = scalar::Currency)]
    currency: String,
}

impl MoneyBody {
    fn parse(&self, fields: &mut Fields) -> Option<Money> {
        let currency = fields.take("price.currency", self.currency.parse::<Currency>());
        Some(Money::new(self.minor.0, currency?))
    }
}

/// A product to be sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductRequest)]
pub(crate) struct CreateBody {
    #[schema(value_type = scalar::Sku)]
    sku: String,
    #[schema(value_type = scalar::Name)]
    name: String,
    price: MoneyBody,
}

/// Creates a product, of which there is none yet.
#[utoipa::path(
    post, path = "/api/products", operation_id = "product_create", tag = "products",
    request_body(content = CreateBody, example = json!({
        "sku": "MUG-1", "name": "Enamel mug", "price": {"minor": 1299, "currency": "GBP"},
    })),
    responses(
        (status = 201, description = "The product.", body = answers::Product,
         headers(("ETag" = String, description = "Its version."), ("Location" = String, description = "Its path.")),
         links(
            ("product" = (operation_id = "product_fetch", parameters(("product" = "$response.body#/id")))),
            ("change" = (operation_id = "product_change", parameters(("product" = "$response.body#/id")))),
            ("stock" = (operation_id = "stock_adjust", parameters(("product" = "$response.body#/sku")))),
         )),
    ),
    extensions(("x-problems" = json!(["sku_taken"]))),
)]
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

/// What to change of a product; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductPatch)]
pub(crate) struct PatchBody {
    #[schema(value_type = Option<scalar::Name>)]
    name: Option<String>,
    price: Option<MoneyBody>,
    /// Whether it is taken off sale.
    archived: Option<bool>,
    /// `null` takes the threshold away.
    #[schema(value_type = Option<scalar::LowStockThreshold>)]
    #[serde(default, deserialize_with = "nullable")]
    low_stock_threshold: Option<Option<Whole>>,
}

/// Changes what a product is called, costs and counts as.
#[utoipa::path(
    patch, path = "/api/products/{product}", operation_id = "product_change", tag = "products",
    params(("product" = scalar::ProductName, Path, description = "Its SKU or its id.")),
    request_body(content = PatchBody, example = json!({"name": "Enamel mug, blue", "low_stock_threshold": 5})),
    responses(
        (status = 200, description = "The product.", body = answers::Product,
         headers(("ETag" = String, description = "Its version."))),
    ),
)]
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

/// Units that came in, were counted, or were lost.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StockChange)]
pub(crate) struct StockBody {
    /// Where; the main warehouse, if it is not said.
    #[schema(value_type = Option<scalar::WarehouseCode>)]
    warehouse: Option<String>,
    #[schema(value_type = scalar::StockDelta)]
    delta: Whole,
    #[schema(value_type = scalar::StockReason)]
    reason: String,
}

#[derive(Serialize)]
struct StockCommand<'a> {
    warehouse: Option<&'a WarehouseCode>,
    delta: StockDelta,
    reason: StockReason,
}

/// Changes how many units of a product are on hand.
#[utoipa::path(
    post, path = "/api/products/{product}/stock", operation_id = "stock_adjust", tag = "products",
    params(("product" = scalar::ProductName, Path, description = "Its SKU or its id.")),
    request_body(content = StockBody, example = json!({"delta": 10, "reason": "received"})),
    responses(
        (status = 200, description = "The product.", body = answers::Product,
         headers(("ETag" = String, description = "Its version."))),
    ),
    extensions(("x-problems" = json!(["below_reserved", "warehouse_inactive"]))),
)]
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
