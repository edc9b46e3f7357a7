//! What a handler takes from a request, and how what can't be read is refused.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use domain::form::FieldErrors;
use domain::idempotency::IdempotencyKey;
use domain::page::Limit;
use domain::problem::Problem;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest as _, Sha256};
use store::{Caller, Fingerprint, Rendered};

use super::problem::ApiError;

/// The largest body: a thousand lines fit several times over.
pub(crate) const BODY_BYTES_MAX: usize = 1 << 20;
/// How much of a body that is too large is read and thrown away, so that the client gets to see the
/// answer instead of a broken connection.
const DRAIN_BYTES_MAX: usize = 64 << 20;
/// How long a client may take to send its body.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A JSON body of this shape; unknown fields are refused.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

/// A query string of this shape; unknown parameters are refused.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

/// One segment of the path, decoded.
#[derive(Debug)]
pub(crate) struct Segment(pub(crate) String);

/// Who asks to change something, under which key, on which path.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    caller: Caller,
    key: Option<IdempotencyKey>,
    method: Method,
    path: String,
    if_match: Option<String>,
}

impl Change {
    /// The request as the store takes it. `command` is what was parsed: two bodies that say the same are
    /// the same request.
    pub(crate) fn request<T>(self, command: &impl Serialize, render: fn(&T) -> Rendered) -> store::Request<T> {
        let mut hash = Sha256::new();
        hash.update(self.method.as_str());
        hash.update(b"\n");
        hash.update(self.path.trim_end_matches('/'));
        hash.update(b"\n");
        hash.update(self.if_match.as_deref().unwrap_or_default());
        hash.update(b"\n");
        hash.update(serde_json::to_vec(command).unwrap_or_default());
        let fingerprint = Fingerprint(hash.finalize().into());
        store::Request { caller: self.caller, key: self.key, fingerprint, render }
    }
}

impl Change {
    /// The version in `If-Match`, where there is one.
    ///
    /// # Errors
    /// [`Problem::Malformed`] where it is not the entity tag of a version.
    pub(crate) fn version(&self) -> Result<Option<i64>, Problem> {
        let Some(tag) = &self.if_match else { return Ok(None) };
        // Many clients take an entity tag out of its quotes, as they do with other texts.
        let digits = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
        let digits = Some(digits).filter(|tag| tag.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|tag| tag.parse().ok())
            .map(Some)
            .ok_or_else(|| Problem::malformed("If-Match must be the ETag of the order, such as \"3\"."))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Change {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Caller>().copied().ok_or(Problem::Internal)?;
        let key = idempotency_key(&parts.headers)?;
        let if_match = if_match(&parts.headers)?;
        Ok(Self { caller, key, method: parts.method.clone(), path: parts.uri.path().to_owned(), if_match })
    }
}

/// The one entity tag that the client saw; `*` is any.
fn if_match(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    match (value.to_str(), values.next()) {
        (Ok(text), None) => Ok(Some(text.trim().to_owned()).filter(|text| text != "*")),
        _ => Err(Problem::malformed("If-Match must be given once, with one entity tag.")),
    }
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.to_str().ok().and_then(|text| IdempotencyKey::new(text).ok());
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(Problem::malformed("Idempotency-Key must be given once, with 1 to 255 printable ASCII characters.")),
    }
}

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

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let is_json = is_json(request.headers());
        let declared = declared_length(request.headers());
        let bytes = bytes(request.into_body(), declared).await?;
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

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The body, if it is small enough and comes in time.
async fn bytes(body: Body, declared: Option<usize>) -> Result<Vec<u8>, Problem> {
    let too_large = Problem::TooLarge { max_bytes: BODY_BYTES_MAX as u64 };
    let read = async {
        if declared.is_some_and(|bytes| bytes > DRAIN_BYTES_MAX) {
            return Err(too_large);
        }
        let mut body = Limited::new(body, DRAIN_BYTES_MAX);
        let mut bytes = Vec::new();
        let mut fits = declared.is_none_or(|bytes| bytes <= BODY_BYTES_MAX);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => {
                    let data = frame.into_data().unwrap_or_default();
                    fits = fits && bytes.len() + data.len() <= BODY_BYTES_MAX;
                    if fits {
                        bytes.extend_from_slice(&data);
                    }
                }
                Err(error) if error.is::<LengthLimitError>() => return Err(too_large),
                Err(_) => return Err(Problem::malformed("The body broke off.")),
            }
        }
        if fits { Ok(bytes) } else { Err(too_large) }
    };
    match tokio::time::timeout(BODY_TIMEOUT, read).await {
        Ok(result) => result,
        Err(_) => Err(Problem::malformed("The body did not arrive in time.")),
    }
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

/// An empty body, or `{}`.
#[derive(Debug)]
pub(crate) struct Nothing;

impl<S: Send + Sync> FromRequest<S> for Nothing {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let declared = declared_length(request.headers());
        let bytes = bytes(request.into_body(), declared).await?;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self);
        }
        parse::<Empty>(&bytes).map(|_| Self).map_err(ApiError)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}
