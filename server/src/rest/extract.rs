//! What a handler takes from a request, and how what can't be read is refused.

mod body;
mod change;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use domain::form::FieldErrors;
use domain::page::Limit;
use domain::problem::Problem;
use serde::de::DeserializeOwned;

pub(crate) use body::{Json, Nothing, Whole, nullable};
pub(crate) use change::Change;

use super::problem::ApiError;

/// A query string of this shape; unknown parameters are refused.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// One segment of the path, decoded.
#[derive(Debug)]
pub(crate) struct Segment(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(segment) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::malformed("The path is not valid UTF-8."))?;
        Ok(Self(segment))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        if let Some(name) = query.split('&').find_map(without_value) {
            let text = format!("The parameter {name:.40} is empty: give it a value, or leave it out.");
            return Err(Problem::malformed(text).into());
        }
        let parsed = serde_html_form::from_str(query);
        parsed.map(Self).map_err(|error| Problem::malformed(format!("The query can't be read: {error}.")).into())
    }
}

/// The name of a parameter that says nothing. It would pass for one that is not there, and a client that lost a
/// value on the way would read a list without its filter.
fn without_value(pair: &str) -> Option<&str> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    Some(name).filter(|name| !name.is_empty() && value.is_empty())
}

/// The `limit` of a list.
pub(crate) fn limit(text: Option<&str>) -> Result<Limit, Problem> {
    let Some(text) = text else { return Ok(Limit::default()) };
    let items = text.parse::<i64>().unwrap_or(-1);
    Limit::new(items).map_err(|error| Problem::field("limit", error.to_string()))
}

/// A parameter that is one of a few words.
pub(crate) fn word<T: std::str::FromStr>(name: &str, text: Option<&str>, words: &str) -> Result<Option<T>, Problem> {
    let Some(text) = text else { return Ok(None) };
    text.parse().map(Some).map_err(|_| Problem::field(name, format!("must be {words}")))
}

/// A value that the domain checks.
pub(crate) fn checked<T>(result: Result<T, FieldErrors>) -> Result<T, ApiError> {
    result.map_err(|errors| ApiError(errors.into()))
}
