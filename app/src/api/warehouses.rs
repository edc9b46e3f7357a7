//! Warehouses, and moving stock between them.

use domain::page::Page;
use domain::transfer::TransferView;
use domain::warehouse::Warehouse;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Warehouses, first the one that is drawn on first.
#[server(prefix = "/api/fn", endpoint = "warehouse_list", input = GetUrl)]
pub async fn warehouse_list(cursor: Option<String>, limit: Option<String>) -> Result<Page<Warehouse>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<WarehouseList>()?;
    Ok(desk.store.warehouse_list(read::limit(limit)?, read::text(&cursor)).await?)
}

/// One warehouse, by its code.
#[server(prefix = "/api/fn", endpoint = "warehouse_fetch", input = GetUrl)]
pub async fn warehouse_fetch(warehouse: String) -> Result<Warehouse, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<WarehouseFetch>()?;
    Ok(desk.store.warehouse_fetch(read::warehouse_named(&warehouse)?).await?)
}

/// Creates a warehouse, active and empty.
#[server(prefix = "/api/fn", endpoint = "warehouse_create")]
pub async fn warehouse_create(
    #[server(default)] code: String,
    #[server(default)] name: String,
    #[server(default)] priority: String,
    #[server(default)] key: String,
) -> Result<Warehouse, ApiError> {
    use crate::ssr::{desk, refused};
    let desk = desk::<WarehouseCreate>()?;
    let new = domain::form::WarehouseForm { code, name, priority }.parse().map_err(refused)?;
    let request = desk.request(&key, &new)?;
    Ok(desk.store.warehouse_create(request, new).await?.read()?)
}

/// Renames a warehouse and says when it is drawn on.
#[server(prefix = "/api/fn", endpoint = "warehouse_change")]
pub async fn warehouse_change(
    warehouse: String,
    #[server(default)] name: String,
    #[server(default)] priority: String,
    #[server(default)] key: String,
) -> Result<Warehouse, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<WarehouseChange>()?;
    let code = read::warehouse_named(&warehouse)?;
    let form = domain::form::WarehouseForm { code: warehouse, name, priority };
    let patch = form.parse_change().map_err(refused)?;
    let request = desk.request(&key, &(&code, &patch))?;
    Ok(desk.store.warehouse_change(request, code, patch).await?.read()?)
}

/// Passes a warehouse by from now on (`active` is `false`), or draws on it again (`true`).
#[server(prefix = "/api/fn", endpoint = "warehouse_activate")]
pub async fn warehouse_activate(
    warehouse: String,
    active: String,
    #[server(default)] key: String,
) -> Result<Warehouse, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<WarehouseActivate>()?;
    let code = read::warehouse_named(&warehouse)?;
    let active = read::given("active", Some(active), "must be true or false")?;
    let patch = domain::warehouse::WarehousePatch::new(None, None, active).map_err(refused)?;
    let request = desk.request(&key, &(&code, &patch))?;
    Ok(desk.store.warehouse_change(request, code, patch).await?.read()?)
}

/// Moves units of one product from one warehouse to another.
#[server(prefix = "/api/fn", endpoint = "stock_transfer")]
pub async fn stock_transfer(
    product: String,
    #[server(default)] from: String,
    #[server(default)] to: String,
    #[server(default)] quantity: String,
    #[server(default)] key: String,
) -> Result<TransferView, ApiError> {
    use crate::ssr::{desk, read, refused};
    let desk = desk::<StockTransfer>()?;
    let product = read::product(&product)?;
    let (from, to, quantity) = domain::form::TransferForm { from, to, quantity }.parse().map_err(refused)?;
    let transfer = domain::transfer::TransferRequest::of_one(from, to, product, quantity);
    let request = desk.request(&key, &transfer)?;
    Ok(desk.store.stock_transfer(request, transfer).await?.read()?)
}
