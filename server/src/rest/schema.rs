//! The shapes of the API, for its document. The domain's types say the same in Rust, and know nothing of
//! OpenAPI; here stands what a client sees of them. That the two agree is tested: every answer of the
//! tests is held against these shapes, and texts against their patterns.

// They are described, never made.
#![expect(dead_code, reason = "only their descriptions are used")]

pub(crate) mod answers;
pub(crate) mod asked;
pub(crate) mod headers;
pub(crate) mod scalar;

use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// A field that may be there, but only as `null`.
pub(crate) fn null() -> Object {
    ObjectBuilder::new().schema_type(Type::Null).build()
}

/// Any JSON.
pub(crate) fn any() -> Object {
    ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::AnyValue).build()
}
