//! Products and their stock.

use domain::history::{ProductThen, StockHistory};
use domain::page::Page;
use domain::product::{ProductSummary, ProductView};
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Products by SKU, those whose SKU and name have words that begin with the words of `q`. `archived` is
/// `without` (the default), `only` or `with`.
#[server(prefix = "/api/fn", endpoint = "product_list", input = GetUrl)]
pub async fn product_list(
    q: Option<String>,
    archived: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
) -> Result<Page<ProductSummary>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<ProductList>()?;
    let archived = read::given("archived", archived, "must be without, only or with")?.unwrap_or_default();
    let filter = domain::product::ProductFilter { query: q.unwrap_or_default(), archived };
    Ok(desk.store.product_list(&filter, read::limit(limit)?, read::text(&cursor)).await?)
}

/// One product with its stock, by its id or its SKU.
#[server(prefix = "/api/fn", endpoint = "product_fetch", input = GetUrl)]
pub async fn product_fetch(product: String) -> Result<ProductView, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<ProductFetch>()?;
    Ok(desk.store.product_fetch(&read::product(&product)?).await?)
}

/// One product with its stock as it was at a moment, and who held it. `at` is a time of RFC 3339, or one
/// without an offset, which is by UTC.
#[server(prefix = "/api/fn", endpoint = "product_fetch_at", input = GetUrl)]
pub async fn product_fetch_at(product: String, at: String) -> Result<ProductThen, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<ProductFetchAt>()?;
    let at = read::moment("at", &at)?;
    Ok(desk.store.product_fetch_at(&read::product(&product)?, at).await?)
}

/// How a product's stock has moved `over` the last `hour`, `day` (the default) or `month`, or over `all` time.
#[server(prefix = "/api/fn", endpoint = "stock_history_fetch", input = GetUrl)]
pub async fn stock_history_fetch(product: String, over: Option<String>) -> Result<StockHistory, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<StockHistoryFetch>()?;
    let over = read::given("over", over, "must be hour, day, month or all")?.unwrap_or_default();
    Ok(desk.store.stock_history(&read::product(&product)?, over).await?)
}

/// Creates a product and leads to its page.
#[server(prefix = "/api/fn", endpoint = "product_create")]
pub async fn product_create(
    #[server(default)] sku: String,
    #[server(default)] name: String,
    #[server(default)] price: String,
    #[server(default)] currency: String,
    #[server(default)] key: String,
) -> Result<ProductView, ApiError> {
    use crate::ssr::{desk, refused};
    let desk = desk::<ProductCreate>()?;
    let product = domain::form::ProductForm { sku, name, price, currency }.parse().map_err(refused)?;
    let request = desk.request(&key, &product)?;
    let created: ProductView = desk.store.product_create(request, product).await?.read()?;
    leptos_axum::redirect(&crate::links::product(&created.sku, created.id));
    Ok(created)
}

/// Renames a product, prices it anew, and sets or takes away its low-stock threshold.
#[server(prefix = "/api/fn", endpoint = "product_change")]
pub async fn product_change(
    product: String,
    #[server(default)] name: String,
    #[server(default)] price: String,
    #[server(default)] currency: String,
    #[server(default)] low_stock_threshold: String,
    #[server(default)] key: String,
) -> Result<ProductView, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<ProductChange>()?;
    let product = read::product(&product)?;
    let form = crate::forms::ChangeForm { name, price, currency, low_stock_threshold };
    let patch = form.parse().map_err(refused)?;
    let request = desk.request(&key, &(&product, &patch))?;
    Ok(desk.store.product_change(request, &product, patch).await?.read()?)
}

/// Takes a product off sale (`archived` is `true`) or brings it back (`false`).
#[server(prefix = "/api/fn", endpoint = "product_archive")]
pub async fn product_archive(
    product: String,
    archived: String,
    #[server(default)] key: String,
) -> Result<ProductView, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<ProductArchive>()?;
    let product = read::product(&product)?;
    let archived = read::given("archived", Some(archived), "must be true or false")?;
    let patch = domain::product::ProductPatch::new(None, None, archived, None).map_err(refused)?;
    let request = desk.request(&key, &(&product, &patch))?;
    Ok(desk.store.product_change(request, &product, patch).await?.read()?)
}

/// Records units that came in, were counted, or were written off.
#[server(prefix = "/api/fn", endpoint = "stock_adjust")]
pub async fn stock_adjust(
    product: String,
    #[server(default)] quantity: String,
    #[server(default)] reason: String,
    warehouse: Option<String>,
    #[server(default)] key: String,
) -> Result<ProductView, ApiError> {
    use crate::ssr::{desk, naming, read, refused};
    let desk = desk::<StockAdjust>()?;
    let product = read::product(&product)?;
    let (delta, reason) = domain::form::StockForm { quantity, reason }.parse().map_err(refused)?;
    let warehouse = read::warehouse(warehouse)?;
    let request = desk.request(&key, &(&product, &warehouse, delta, reason))?;
    let adjusted = desk.store.stock_adjust(request, &product, warehouse, delta, reason).await;
    Ok(adjusted.map_err(naming("delta", "quantity"))?.read()?)
}
