//! `/api/orders.csv`: any filtered list of orders as a file, written as it is read.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::order::OrderSummary;
use domain::order::csv::{CSV_HEADER, csv_row};
use domain::order::filter::{OrderQuery, OrderQueryInput};
use futures::stream;
use serde::Deserialize;
use store::{Store, StoreError};
use utoipa::IntoParams;

use super::super::extract::{Query, checked};
use super::super::problem::ApiError;
use super::super::schema::scalar;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
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
}

/// Where the export stands.
enum At {
    Start,
    Cursor(String),
    End,
}

/// Gives any list of orders as a file of comma-separated values.
#[utoipa::path(
    get, path = "/api/orders.csv", operation_id = "order_export", tag = "orders",
    params(ExportQuery),
    responses((
        status = 200, description = "All orders of the list, a row each.", body = String, content_type = "text/csv",
        headers(("Content-Disposition" = String, description = "A name for the file.")),
    )),
)]
pub(crate) async fn export(State(store): State<Store>, Query(query): Query<ExportQuery>) -> Result<Response, ApiError> {
    let ExportQuery { status, from, to, min_total, max_total, customer, sort } = query;
    let input = OrderQueryInput { status, from, to, min_total, max_total, customer, sort };
    let query = checked(OrderQuery::parse(&input))?;
    let chunks = stream::try_unfold(At::Start, move |at| {
        let (store, query) = (store.clone(), query.clone());
        async move { next(&store, &query, at).await }
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present"));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"orders.csv\""));
    Ok(response)
}

/// The next thousand rows, and where to go on. An error breaks the download off, so that nobody takes a
/// part for the whole.
async fn next(store: &Store, query: &OrderQuery, at: At) -> Result<Option<(Vec<u8>, At)>, StoreError> {
    let cursor = match &at {
        At::Start => None,
        At::Cursor(cursor) => Some(cursor.as_str()),
        At::End => return Ok(None),
    };
    let next = store.order_export_next(query, cursor).await;
    let (orders, next) = next.inspect_err(|error| tracing::error!(error = error.in_full(), "an export broke off"))?;
    let chunk = written(&orders, cursor.is_none())?;
    Ok(Some((chunk, next.map_or(At::End, At::Cursor))))
}

fn written(orders: &[OrderSummary], with_header: bool) -> Result<Vec<u8>, StoreError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| StoreError::Corrupt(error.to_string());
    if with_header {
        writer.write_record(CSV_HEADER).map_err(failed)?;
    }
    for order in orders {
        writer.write_record(csv_row(order)).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| StoreError::Corrupt(error.to_string()))
}
