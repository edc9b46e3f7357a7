//! The body of a request: JSON of one shape, within bounds.

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use domain::problem::Problem;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer};

use crate::body;
use crate::rest::problem::ApiError;

/// The largest body: a thousand lines fit several times over.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A JSON body of this shape; unknown fields are refused.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// An empty body, or `{}`.
#[derive(Debug)]
pub(crate) struct Nothing;

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let bytes = body::read(request.into_body(), BODY_BYTES_MAX).await?;
        if !is_json {
            return Err(Problem::UnsupportedMediaType { expected: "application/json".to_owned() }.into());
        }
        Ok(Self(parse(&bytes)?))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(text)) = headers.get(CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads JSON. What is no JSON, or has a field that does not exist, can't be read; a field of another
/// type, or one that is missing, is named.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // To know at any moment where one is costs more than to read: what can't be taken is read once more for that.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        let text = without_position(&cause.to_string());
        if !cause.is_data() || text.starts_with("unknown field") || path == "." {
            return Problem::malformed(format!("The body can't be read: {cause}."));
        }
        Problem::field(path, format!("can't be taken: {text}"))
    })?;
    deserializer.end().map_err(|error| Problem::malformed(format!("The body can't be read: {error}.")))?;
    Ok(value)
}

fn without_position(text: &str) -> String {
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = body::read(request.into_body(), BODY_BYTES_MAX).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self);
        }
        parse::<Empty>(&bytes).map(|_| Self).map_err(ApiError)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

/// A whole number of any size. What does not fit is held at the ends, for the domain to refuse with a
/// word about its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole(pub(crate) i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor)
    }
}

struct WholeVisitor;

impl<'de> Visitor<'de> for WholeVisitor {
    type Value = Whole;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Whole, E> {
        Ok(Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Whole, E> {
        Ok(Whole(i64::try_from(number).unwrap_or(i64::MAX)))
    }

    #[expect(clippy::cast_possible_truncation, reason = "casts of floats hold at the ends, as is wanted here")]
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Whole, E> {
        // 6.0 is a whole number in JSON, and so is 1e30.
        if number.fract() == 0.0 { Ok(Whole(number as i64)) } else { Err(E::custom("it is not a whole number")) }
    }
}

/// A field that may be left out, or be there as `null`: the two are told apart.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
