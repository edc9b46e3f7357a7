//! Reads the arguments of server functions: text that may be missing, empty or wrong.

use std::fmt::Display;
use std::str::FromStr;

use domain::form::{FieldErrors, Fields};
use domain::ids::{KeyId, ProductId, ReservationId, UserId};
use domain::journal::EntryFilter;
use domain::order::filter::{OrderFilterForm, OrderQuery};
use domain::order::{OrderChange, OrderRef};
use domain::page::Limit;
use domain::problem::Problem;
use domain::product::ProductRef;
use domain::reservation::ReservationFilter;
use domain::sku::Sku;
use domain::text::Owner;
use domain::time::{Timestamp, TimestampError};
use domain::warehouse::WarehouseCode;
use store::Store;

use super::{refused, refused_field};
use crate::error::ApiError;
use crate::forms::{AuditForm, FILTER_CURRENCY, given as typed};

/// The text, where there is any.
pub(crate) fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

/// A value that may be left out; `rule` says what it must be.
pub(crate) fn given<T: FromStr>(field: &str, value: Option<String>, rule: &str) -> Result<Option<T>, ApiError> {
    checked(field, value, |text| text.parse().map_err(|_| rule))
}

/// A time that has to be there.
pub(crate) fn moment(field: &str, text: &str) -> Result<Timestamp, ApiError> {
    let at = crate::forms::read_moment(text);
    at.ok_or_else(|| refused(Problem::field(field, TimestampError.to_string())))
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

pub(crate) fn user(text: &str) -> Result<UserId, ApiError> {
    text.parse().map_err(|_| refused(Problem::not_found("user")))
}

pub(crate) fn key(text: &str) -> Result<KeyId, ApiError> {
    text.parse().map_err(|_| refused(Problem::not_found("key")))
}

pub(crate) fn warehouse(value: Option<String>) -> Result<Option<WarehouseCode>, ApiError> {
    checked("warehouse", value, |code| WarehouseCode::new(code))
}

/// What can be no code names no warehouse that exists.
pub(crate) fn warehouse_named(text: &str) -> Result<WarehouseCode, ApiError> {
    WarehouseCode::new(text).map_err(|_| refused(Problem::not_found("warehouse")))
}

pub(crate) fn order(text: &str) -> Result<OrderRef, ApiError> {
    OrderRef::parse(text).ok_or_else(|| refused(Problem::not_found("order")))
}

/// Statuses (separated by commas), from, to, least and greatest total, customer, sort.
pub(crate) fn order_query(words: [Option<String>; 7]) -> Result<OrderQuery, ApiError> {
    let [status, from, to, min, max, customer, sort] = words.map(Option::unwrap_or_default);
    let status = status.split(',').map(str::to_owned).collect();
    let form = OrderFilterForm { status, from, to, min, max, customer, sort };
    form.parse(FILTER_CURRENCY).map_err(refused)
}

/// A step, the version it was asked at, a note, and whether units that come back go on sale.
pub(crate) fn order_change(
    to: String,
    version: String,
    note: String,
    restock: String,
) -> Result<OrderChange, ApiError> {
    let mut fields = Fields::default();
    let version = typed(&version).map(|text| text.parse::<i64>().map_err(|_| "must be a whole number"));
    let version = version.and_then(|version| fields.take("version", version));
    let restock = typed(&restock).map(|text| text.parse::<bool>().map_err(|_| "must be true or false"));
    let restock = restock.and_then(|restock| fields.take("restock", restock));
    fields.finish(|| Some(())).map_err(refused)?;
    OrderChange::new(typed(&to), version, typed(&note), restock).map_err(|mut errors: FieldErrors| {
        for error in errors.iter_mut().filter(|error| error.field == "status") {
            "to".clone_into(&mut error.field);
        }
        refused(errors)
    })
}

/// Subject, product, actor, action, from, to.
pub(crate) async fn entry_filter(store: &Store, words: [Option<String>; 6]) -> Result<EntryFilter, ApiError> {
    let [subject, sku, actor, action, from, to] = words.map(Option::unwrap_or_default);
    let (kind, id) = subject.split_once(':').unwrap_or((&subject, ""));
    let form = AuditForm { kind: kind.to_owned(), id: id.to_owned(), actor, action, sku, from, to };
    let query = form.parse().map_err(refused)?;
    let subject = match query.about {
        Some(about) => Some(store.subject_find(about).await?),
        None => None,
    };
    let product = match query.product {
        Some(product) => Some(product_id(store, &product).await?),
        None => None,
    };
    Ok(EntryFilter { subject, product, actor: query.actor, action: query.action, from: query.from, to: query.to })
}

async fn product_id(store: &Store, product: &ProductRef) -> Result<ProductId, ApiError> {
    match product {
        ProductRef::Id(id) => Ok(*id),
        ProductRef::Sku(_) => Ok(store.product_fetch(product).await?.id),
    }
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
