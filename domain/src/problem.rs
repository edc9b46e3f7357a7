//! Every refusal, with its code: one list for the API, the server functions and the pages. It is long because it is one
//! list, and what a refusal is called, answered with and told as stands together.

use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::form::{FieldError, FieldErrors};
use crate::ids::OrderId;
use crate::order::OrderStatus;
use crate::page::CursorError;
use crate::quantity::grouped;
use crate::reservation::ReservationStatus;
use crate::sku::Sku;
use crate::text::{Email, Reference};
use crate::warehouse::WarehouseCode;

/// Why a request was refused, with what the caller needs to go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Problem {
    /// The request can't be read: its syntax, or a field or parameter that does not exist.
    #[error("{detail}")]
    Malformed { detail: String },
    /// Nobody known asks, or somebody who is known no more.
    #[error("Sign in, or send an API key that is valid: Authorization: Bearer hf_...")]
    Unauthenticated,
    #[error("This takes the role {needs}.")]
    Forbidden { needs: Role },
    /// Another site's page sent it with this browser's session.
    #[error("The request came from another site and was not carried out.")]
    CrossSite,
    #[error("There is no such {what}.")]
    NotFound { what: String },
    #[error("This path does not take this method.")]
    MethodNotAllowed,
    #[error("The request body is larger than {max_bytes} bytes.")]
    TooLarge { max_bytes: u64 },
    #[error("The address and the headers of the request are larger than {max_bytes} bytes.")]
    HeadersTooLarge { max_bytes: u64 },
    #[error("The request body must be sent as {expected}.")]
    UnsupportedMediaType { expected: String },
    /// Readable, but not acceptable.
    #[error("{}", fields_in_words(errors))]
    InvalidInput { errors: FieldErrors },
    #[error("{}", CursorError::Bad)]
    BadCursor,
    #[error("{}", CursorError::Mismatch)]
    CursorMismatch,

    #[error("Email or password is wrong.")]
    SignInRefused,
    #[error("This link was used before, or its time is over.")]
    LinkSpent,
    #[error("The email {email} is taken by another user.")]
    EmailTaken { email: Email },
    #[error("This is the last active admin: make another user an admin first.")]
    LastAdmin,

    #[error("The SKU {sku} is taken by another product.")]
    SkuTaken { sku: Sku },
    #[error("The product {sku} is archived: bring it back before it is reserved.")]
    ProductArchived { sku: Sku },
    #[error("{} units are reserved of {sku} in {warehouse}: no fewer may be on hand.", grouped(*reserved))]
    BelowReserved { sku: Sku, warehouse: WarehouseCode, on_hand: i64, reserved: i64 },
    #[error("The code {warehouse} is taken by another warehouse.")]
    CodeTaken { warehouse: WarehouseCode },
    #[error("The warehouse {warehouse} is not active.")]
    WarehouseInactive { warehouse: WarehouseCode },

    #[error("{}", shortages_in_words(shortages))]
    InsufficientStock { shortages: Vec<Shortage> },
    #[error("{}", fields_in_words(errors))]
    UnknownSku { errors: FieldErrors },
    #[error("All lines must be priced in one currency.")]
    MixedCurrency { currencies: Vec<String> },
    #[error("The reservation is {reservation_status}, not held.")]
    NotHeld { reservation_status: ReservationStatus },
    #[error("The reservation belongs to an order: only the order ends it.")]
    HasOrder { order_id: OrderId },
    #[error("The hold's time was over and its units are sold: {}", shortages_in_words(shortages))]
    HoldExpired { shortages: Vec<Shortage> },
    #[error("The reference {reference} is taken by another order.")]
    ReferenceTaken { reference: Reference },
    #[error("An order that is {from} can't become {to}. {}", allowed_in_words(allowed))]
    TransitionNotAllowed { from: OrderStatus, to: OrderStatus, allowed: Vec<OrderStatus> },
    #[error("The order was changed meanwhile: it is at version {version} now. Nothing was changed.")]
    StaleVersion { version: i64 },

    #[error("A chaos test is under way: one at a time.")]
    ChaosUnderWay,

    #[error("This idempotency key was used with another request.")]
    IdempotencyMismatch,
    #[error("Too many requests: try again in {retry_after_seconds} s.")]
    RateLimited { retry_after_seconds: u32 },
    #[error("The server is busy. Nothing was changed: try again in a moment.")]
    Busy { retry_after_seconds: u32 },
    #[error("It could not be learned whether this was carried out. Ask again under the same idempotency key.")]
    OutcomeUnknown,
    #[error("Something went wrong on the server. The request id helps to find out what.")]
    Internal,
}

/// Less of a product is available than was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shortage {
    pub sku: Sku,
    pub requested: i64,
    pub available: i64,
    /// The warehouse that was named and falls short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<WarehouseCode>,
}

impl Problem {
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::Malformed { detail: detail.into() }
    }

    pub fn not_found(what: impl Into<String>) -> Self {
        Self::NotFound { what: what.into() }
    }

    /// One field that is not acceptable.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::InvalidInput { errors: vec![FieldError::new(field, message)] }
    }

    /// The stable word that programs tell problems apart by.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden { .. } => "forbidden",
            Self::CrossSite => "cross_site",
            Self::NotFound { .. } => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge { .. } => "too_large",
            Self::HeadersTooLarge { .. } => "headers_too_large",
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
            Self::InvalidInput { .. } => "invalid_input",
            Self::BadCursor => "bad_cursor",
            Self::CursorMismatch => "cursor_mismatch",
            Self::SignInRefused => "sign_in_refused",
            Self::LinkSpent => "link_spent",
            Self::EmailTaken { .. } => "email_taken",
            Self::LastAdmin => "last_admin",
            Self::SkuTaken { .. } => "sku_taken",
            Self::ProductArchived { .. } => "product_archived",
            Self::BelowReserved { .. } => "below_reserved",
            Self::CodeTaken { .. } => "code_taken",
            Self::WarehouseInactive { .. } => "warehouse_inactive",
            Self::InsufficientStock { .. } => "insufficient_stock",
            Self::UnknownSku { .. } => "unknown_sku",
            Self::MixedCurrency { .. } => "mixed_currency",
            Self::NotHeld { .. } => "not_held",
            Self::HasOrder { .. } => "has_order",
            Self::HoldExpired { .. } => "hold_expired",
            Self::ReferenceTaken { .. } => "reference_taken",
            Self::TransitionNotAllowed { .. } => "transition_not_allowed",
            Self::StaleVersion { .. } => "stale_version",
            Self::ChaosUnderWay => "chaos_under_way",
            Self::IdempotencyMismatch => "idempotency_mismatch",
            Self::RateLimited { .. } => "rate_limited",
            Self::Busy { .. } => "busy",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status that goes with the code.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Malformed { .. } | Self::BadCursor | Self::CursorMismatch => 400,
            Self::Unauthenticated | Self::SignInRefused => 401,
            Self::Forbidden { .. } | Self::CrossSite => 403,
            Self::NotFound { .. } => 404,
            Self::MethodNotAllowed => 405,
            Self::EmailTaken { .. }
            | Self::LastAdmin
            | Self::SkuTaken { .. }
            | Self::ProductArchived { .. }
            | Self::BelowReserved { .. }
            | Self::CodeTaken { .. }
            | Self::WarehouseInactive { .. }
            | Self::InsufficientStock { .. }
            | Self::NotHeld { .. }
            | Self::HasOrder { .. }
            | Self::HoldExpired { .. }
            | Self::ReferenceTaken { .. }
            | Self::TransitionNotAllowed { .. }
            | Self::StaleVersion { .. }
            | Self::ChaosUnderWay => 409,
            Self::LinkSpent => 410,
            Self::TooLarge { .. } => 413,
            Self::UnsupportedMediaType { .. } => 415,
            Self::InvalidInput { .. }
            | Self::UnknownSku { .. }
            | Self::MixedCurrency { .. }
            | Self::IdempotencyMismatch => 422,
            Self::RateLimited { .. } => 429,
            Self::HeadersTooLarge { .. } => 431,
            Self::Internal => 500,
            Self::Busy { .. } | Self::OutcomeUnknown => 503,
        }
    }

    /// A short name of the kind of problem, the same for every occurrence.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "The request can't be read",
            Self::Unauthenticated => "Not signed in",
            Self::Forbidden { .. } => "Not allowed",
            Self::CrossSite => "Sent by another site",
            Self::NotFound { .. } => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::TooLarge { .. } => "The request is too large",
            Self::HeadersTooLarge { .. } => "The headers are too large",
            Self::UnsupportedMediaType { .. } => "Unsupported media type",
            Self::InvalidInput { .. } => "Not acceptable as it stands",
            Self::BadCursor => "Broken cursor",
            Self::CursorMismatch => "Cursor of another list",
            Self::SignInRefused => "Not signed in",
            Self::LinkSpent => "Link spent",
            Self::EmailTaken { .. } => "Email taken",
            Self::LastAdmin => "The last admin",
            Self::SkuTaken { .. } => "SKU taken",
            Self::ProductArchived { .. } => "Product archived",
            Self::BelowReserved { .. } => "Less than is reserved",
            Self::CodeTaken { .. } => "Code taken",
            Self::WarehouseInactive { .. } => "Warehouse not active",
            Self::InsufficientStock { .. } => "Not enough stock",
            Self::UnknownSku { .. } => "Unknown SKU",
            Self::MixedCurrency { .. } => "More than one currency",
            Self::NotHeld { .. } => "Not held",
            Self::HasOrder { .. } => "Belongs to an order",
            Self::HoldExpired { .. } => "The hold expired",
            Self::ReferenceTaken { .. } => "Reference taken",
            Self::TransitionNotAllowed { .. } => "Step not allowed",
            Self::StaleVersion { .. } => "Changed meanwhile",
            Self::ChaosUnderWay => "A chaos test is under way",
            Self::IdempotencyMismatch => "Idempotency key used before",
            Self::RateLimited { .. } => "Too many requests",
            Self::Busy { .. } => "Busy",
            Self::OutcomeUnknown => "Outcome unknown",
            Self::Internal => "Internal error",
        }
    }

    /// In how many seconds it may be tried again, where the problem passes by itself.
    pub const fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::RateLimited { retry_after_seconds } | Self::Busy { retry_after_seconds } => {
                Some(*retry_after_seconds)
            }
            _ => None,
        }
    }

    /// The fields that were refused, where that is what the problem is.
    pub fn field_errors(&self) -> &[FieldError] {
        match self {
            Self::InvalidInput { errors } | Self::UnknownSku { errors } => errors,
            _ => &[],
        }
    }
}

impl From<FieldErrors> for Problem {
    fn from(errors: FieldErrors) -> Self {
        Self::InvalidInput { errors }
    }
}

impl From<CursorError> for Problem {
    fn from(error: CursorError) -> Self {
        match error {
            CursorError::Bad => Self::BadCursor,
            CursorError::Mismatch => Self::CursorMismatch,
        }
    }
}

fn fields_in_words(errors: &[FieldError]) -> String {
    let mut words: Vec<String> =
        errors.iter().take(3).map(|error| format!("{} {}", error.field, error.message)).collect();
    if errors.len() > words.len() {
        words.push(format!("and {} more", errors.len() - words.len()));
    }
    words.join("; ")
}

fn allowed_in_words(allowed: &[OrderStatus]) -> String {
    let words: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
    match words.as_slice() {
        [] => "Nothing follows.".to_owned(),
        words => format!("It may become {}.", words.join(" or ")),
    }
}

fn shortages_in_words(shortages: &[Shortage]) -> String {
    let words = shortages.iter().take(3).map(|shortage| {
        let place = shortage.warehouse.as_ref().map(|code| format!(" in {code}")).unwrap_or_default();
        let (requested, available) = (grouped(shortage.requested), grouped(shortage.available));
        format!("{}: {requested} asked for, {available} available{place}", shortage.sku)
    });
    let mut words: Vec<String> = words.collect();
    if shortages.len() > words.len() {
        words.push(format!("and {} more", shortages.len() - words.len()));
    }
    words.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_in_json_is_the_code() {
        let problems = [
            Problem::malformed("x"),
            Problem::not_found("product"),
            Problem::field("sku", "is required"),
            Problem::BadCursor,
            Problem::InsufficientStock { shortages: Vec::new() },
            Problem::Busy { retry_after_seconds: 1 },
            Problem::RateLimited { retry_after_seconds: 6 },
            Problem::Unauthenticated,
            Problem::Forbidden { needs: Role::Admin },
            Problem::EmailTaken { email: Email::new("ada@example.com").unwrap() },
            Problem::NotHeld { reservation_status: ReservationStatus::Released },
        ];
        for problem in problems {
            let json = serde_json::to_value(&problem).unwrap();
            assert_eq!(json["code"], problem.code());
            // What the standard means by these is written beside the problem's own members.
            assert!(["type", "title", "status", "request_id"].iter().all(|name| json.get(name).is_none()), "{json}");
            assert_eq!(serde_json::from_value::<Problem>(json).unwrap(), problem);
        }
    }
}
