//! Reads the arguments of server functions: text that may be missing, empty or wrong.

use std::fmt::Display;
use std::str::FromStr;

use domain::ids::ReservationId;
use domain::journal::Subject;
use domain::page::Limit;
use domain::problem::Problem;
use domain::product::ProductRef;
use domain::reservation::ReservationFilter;
use domain::sku::Sku;
use domain::text::Owner;
use domain::warehouse::WarehouseCode;

use super::{refused, refused_field};
use crate::error::ApiError;

/// The text, where there is any.
pub(crate) fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

/// A value that may be left out; `rule` says what it must be.
pub(crate) fn given<T: FromStr>(field: &str, value: Option<String>, rule: &str) -> Result<Option<T>, ApiError> {
    checked(field, value, |text| text.parse().map_err(|_| rule))
}

pub(crate) fn limit(value: Option<String>) -> Result<Limit, ApiError> {
    // What is no number is as far outside the range as zero is.
    let limit = checked("limit", value, |text| Limit::new(text.parse().unwrap_or_default()))?;
    Ok(limit.unwrap_or_default())
}

/// What can name no product names none that exists.
pub(crate) fn product(text: &str) -> Result<ProductRef, ApiError> {
    ProductRef::parse(text).ok_or_else(|| refused(Problem::not_found("product")))
}

pub(crate) fn reservation(text: &str) -> Result<ReservationId, ApiError> {
    text.parse().map_err(|_| refused(Problem::not_found("reservation")))
}

pub(crate) fn warehouse(value: Option<String>) -> Result<Option<WarehouseCode>, ApiError> {
    checked("warehouse", value, |code| WarehouseCode::new(code))
}

/// `kind:id`.
pub(crate) fn subject(value: Option<String>) -> Result<Option<Subject>, ApiError> {
    checked("subject", value, str::parse::<Subject>)
}

pub(crate) fn reservation_filter(
    status: Option<String>,
    sku: Option<String>,
    owner: Option<String>,
    sort: Option<String>,
) -> Result<ReservationFilter, ApiError> {
    Ok(ReservationFilter {
        status: given("status", status, "must be held, confirmed, released or expired")?,
        sku: checked("sku", sku, |sku| Sku::new(sku))?,
        owner: checked("owner", owner, |owner| Owner::new(owner))?,
        sort: given("sort", sort, "must be soonest or latest")?.unwrap_or_default(),
    })
}

fn checked<T, E: Display>(
    field: &str,
    value: Option<String>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Option<T>, ApiError> {
    let parsed = text(&value).map(parse).transpose();
    parsed.map_err(|error| refused_field(field, error.to_string()))
}
