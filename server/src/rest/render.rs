//! Answers, as they are sent and as they are kept.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::account::{ApiKey, KeyCreated, User, UserCreated};
use domain::order::OrderView;
use domain::product::ProductView;
use domain::reservation::ReservationView;
use domain::transfer::TransferView;
use domain::warehouse::Warehouse;
use serde::Serialize;
use store::{Answered, Rendered};

const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

pub(crate) fn reservation(view: &ReservationView) -> Rendered {
    Rendered { status: 200, etag: None, location: None, body: json(view) }
}

pub(crate) fn reservation_created(view: &ReservationView) -> Rendered {
    let location = Some(format!("/api/reservations/{}", view.reservation.id));
    Rendered { status: 201, location, ..reservation(view) }
}

pub(crate) fn product(view: &ProductView) -> Rendered {
    Rendered { status: 200, etag: Some(product_etag(view)), location: None, body: json(view) }
}

pub(crate) fn product_created(view: &ProductView) -> Rendered {
    let location = Some(format!("/api/products/{}", view.id));
    Rendered { status: 201, location, ..product(view) }
}

pub(crate) fn warehouse(warehouse: &Warehouse) -> Rendered {
    Rendered { status: 200, etag: None, location: None, body: json(warehouse) }
}

pub(crate) fn warehouse_created(made: &Warehouse) -> Rendered {
    let location = Some(format!("/api/warehouses/{}", path_segment(made.code.as_str())));
    Rendered { status: 201, location, ..warehouse(made) }
}

pub(crate) fn transfer(view: &TransferView) -> Rendered {
    Rendered { status: 201, etag: None, location: None, body: json(view) }
}

pub(crate) fn order(view: &OrderView) -> Rendered {
    Rendered { status: 200, etag: Some(order_etag(view)), location: None, body: json(view) }
}

pub(crate) fn order_placed(view: &OrderView) -> Rendered {
    let location = Some(format!("/api/orders/{}", view.order.id));
    Rendered { status: 201, location, ..order(view) }
}

pub(crate) fn user(user: &User) -> Rendered {
    Rendered { status: 200, etag: None, location: None, body: json(user) }
}

pub(crate) fn user_created(created: &UserCreated) -> Rendered {
    let location = Some(format!("/api/users/{}", created.user.id));
    Rendered { status: 201, etag: None, location, body: json(created) }
}

pub(crate) fn key(key: &ApiKey) -> Rendered {
    Rendered { status: 200, etag: None, location: None, body: json(key) }
}

pub(crate) fn key_created(created: &KeyCreated) -> Rendered {
    let location = Some(format!("/api/keys/{}", created.api_key.id));
    Rendered { status: 201, etag: None, location, body: json(created) }
}

/// Its version: what `If-Match` is compared with.
pub(crate) fn order_etag(view: &OrderView) -> String {
    format!("\"{}\"", view.order.version)
}

/// Weak: `as_of` differs from answer to answer while the product does not.
pub(crate) fn product_etag(view: &ProductView) -> String {
    format!("W/\"{}\"", view.version)
}

/// Whether the client has this version already (RFC 9110, section 13.1.2).
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let values = headers.get_all(axum::http::header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == opaque(etag))
}

/// Text as one segment of a path (RFC 3986, section 2.3).
fn path_segment(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encoded = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encoded).collect()
}

/// How long most answers are at most, a reservation of one line or an order of one among them: these are written without
/// making room for more.
const BODY_BYTES: usize = 1024;

/// Our own types have no keys but strings and no values that JSON lacks.
fn json(value: &impl Serialize) -> Vec<u8> {
    let mut body = Vec::with_capacity(BODY_BYTES);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => body,
        Err(_) => Vec::new(),
    }
}

/// What was rendered, on its way to the client.
#[derive(Debug)]
pub(crate) struct Sent(pub(crate) Answered);

impl IntoResponse for Sent {
    fn into_response(self) -> Response {
        let Answered { rendered, replayed } = self.0;
        let mut response = Body::from(rendered.body).into_response();
        *response.status_mut() = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::OK);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [(ETAG, rendered.etag), (LOCATION, rendered.location)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        if replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
