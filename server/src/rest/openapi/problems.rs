//! The problems, as the document shows them.

use std::collections::BTreeMap;

use domain::account::{Access, Role};
use domain::form::FieldError;
use domain::ids::{OrderId, RequestId};
use domain::order::OrderStatus;
use domain::problem::{Problem, Shortage};
use domain::reservation::ReservationStatus;
use domain::sku::Sku;
use domain::text::{Email, Reference};
use domain::warehouse::WarehouseCode;
use http::Method;
use serde_json::Value;
use utoipa::PartialSchema as _;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::schema::{Array, Object, ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder, Schema};
use uuid::Uuid;

use super::super::problem;
use super::super::schema::scalar;
use super::{REQUEST_ID, RETRY_AFTER, header, is_change, parameters, takes};

const EXAMPLE_ID: Uuid = Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0001);

/// The codes that an operation of this form can answer, whatever it does.
pub(super) fn implied(operation: &Operation, method: &Method, access: Access) -> Vec<&'static str> {
    let mut codes = vec!["malformed", "headers_too_large", "rate_limited", "busy", "internal"];
    if access != Access::Anyone {
        codes.extend(["unauthenticated", "forbidden"]);
    }
    if takes(operation, ParameterIn::Path) {
        codes.push("not_found");
    }
    if takes(operation, ParameterIn::Query) {
        codes.push("invalid_input");
    }
    if parameters(operation).any(|parameter| parameter.name == "cursor") {
        codes.extend(["bad_cursor", "cursor_mismatch"]);
    }
    if operation.request_body.is_some() {
        codes.extend(["too_large", "unsupported_media_type", "invalid_input"]);
    }
    if is_change(method) {
        codes.extend(["cross_site", "idempotency_mismatch", "outcome_unknown"]);
    }
    codes
}

/// The problems with these codes, by their statuses.
pub(super) fn responses<'a>(codes: impl IntoIterator<Item = &'a str>) -> BTreeMap<u16, Vec<Problem>> {
    let wanted: Vec<&str> = codes.into_iter().collect();
    let mut by_status: BTreeMap<u16, Vec<Problem>> = BTreeMap::new();
    // In the order of the list, so that every operation tells them in the same.
    for problem in samples().into_iter().filter(|problem| wanted.contains(&problem.code())) {
        by_status.entry(problem.status()).or_default().push(problem);
    }
    by_status
}

/// `NotHeldOrHasOrder`.
pub(super) fn response_name(problems: &[Problem]) -> String {
    let names: Vec<String> = problems.iter().map(|problem| capitals(problem.code())).collect();
    names.join("Or")
}

/// The answer that is one of these.
pub(super) fn response(problems: &[Problem]) -> Response {
    let words: Vec<String> =
        problems.iter().map(|problem| format!("`{}`: {}.", problem.code(), problem.title())).collect();
    let refs: Vec<Ref> = problems.iter().map(|problem| Ref::from_schema_name(schema_name(problem))).collect();
    let schema: RefOr<Schema> = match <[Ref; 1]>::try_from(refs) {
        Ok([one]) => one.into(),
        Err(several) => several.into_iter().fold(OneOfBuilder::new(), OneOfBuilder::item).into(),
    };
    let examples = problems.iter().map(|problem| {
        let example = ExampleBuilder::new().value(Some(problem::body(problem, RequestId::from_uuid(EXAMPLE_ID))));
        (problem.code(), example.build())
    });
    let content = Content::builder().schema(Some(schema)).examples_from_iter(examples).build();
    let passing = problems.iter().any(|problem| problem.retry_after_seconds().is_some());
    let mut response =
        ResponseBuilder::new().description(words.join("\n\n")).content(problem::MEDIA_TYPE, content).build();
    for name in [REQUEST_ID].into_iter().chain(passing.then_some(RETRY_AFTER)) {
        response.headers.insert(name.to_owned(), header(name));
    }
    response
}

/// A problem in the list of all.
pub(crate) struct Listed {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) members: Vec<&'static str>,
}

/// Every problem there is.
pub(crate) fn list() -> Vec<Listed> {
    let listed = |problem: &Problem| Listed {
        status: problem.status(),
        code: problem.code(),
        title: problem.title(),
        members: members(problem).into_iter().map(|(name, _)| name).collect(),
    };
    samples().iter().map(listed).collect()
}

/// The codes that an answer can have.
pub(crate) fn codes(response: &RefOr<Response>) -> Vec<String> {
    let RefOr::T(response) = response else { return Vec::new() };
    let contents = response.content.values().filter_map(|content| match content {
        RefOr::T(content) => Some(&content.examples),
        RefOr::Ref(_) => None,
    });
    contents.flat_map(|examples| examples.keys().cloned()).collect()
}

/// The shape of each problem, under its name, and the shapes that they are made of.
pub(super) fn schemas() -> Vec<(String, RefOr<Schema>)> {
    let mut schemas: Vec<(String, RefOr<Schema>)> =
        samples().iter().map(|problem| (schema_name(problem), schema(problem).into())).collect();
    let field = ObjectBuilder::new()
        .property("field", described(string(), "The path of the field: `lines[3].quantity`."))
        .property("message", described(string(), "What it must be, to be read after the field's name."))
        .required("field")
        .required("message");
    schemas.push(("FieldError".to_owned(), field.build().into()));
    let shortage = ObjectBuilder::new()
        .property("sku", scalar::Sku::schema())
        .property("requested", scalar::Units::schema())
        .property("available", scalar::Units::schema())
        .property("warehouse", scalar::WarehouseCode::schema())
        .required("sku")
        .required("requested")
        .required("available")
        .description(Some("Less is available than was asked for: in the named warehouse, else in all."));
    schemas.push(("Shortage".to_owned(), shortage.build().into()));
    schemas
}

fn schema(problem: &Problem) -> Object {
    let constant = |value: Value| ObjectBuilder::new().enum_values(Some([value]));
    let text = |value: &str| constant(value.into()).schema_type(Type::String);
    let mut object = ObjectBuilder::new()
        .property("type", text(&problem::type_uri(problem)))
        .property("title", text(problem.title()))
        .property("status", constant(problem.status().into()).schema_type(Type::Integer))
        .property("detail", described(string(), "What happened, for people."))
        .property("code", text(problem.code()))
        .property("request_id", scalar::Id::schema())
        .description(Some(format!("{}.", problem.title())));
    let standard = ["type", "title", "status", "detail", "code", "request_id"];
    let members = members(problem);
    for name in standard.into_iter().chain(members.iter().map(|(name, _)| *name)) {
        object = object.required(name);
    }
    members.into_iter().fold(object, |object, (name, schema)| object.property(name, schema)).build()
}

fn schema_name(problem: &Problem) -> String {
    format!("Problem{}", capitals(problem.code()))
}

/// `SkuTaken` for `sku_taken`.
fn capitals(code: &str) -> String {
    let capital = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect();
    let words: Vec<String> = code.split('_').map(capital).collect();
    words.concat()
}

/// What a problem tells beside what all do.
fn members(problem: &Problem) -> Vec<(&'static str, RefOr<Schema>)> {
    let list = |name: &str| RefOr::from(Array::new(Ref::from_schema_name(name)));
    match problem {
        Problem::Malformed { .. }
        | Problem::MethodNotAllowed
        | Problem::BadCursor
        | Problem::CursorMismatch
        | Problem::Unauthenticated
        | Problem::CrossSite
        | Problem::SignInRefused
        | Problem::LinkSpent
        | Problem::LastAdmin
        | Problem::ChaosUnderWay
        | Problem::IdempotencyMismatch
        | Problem::OutcomeUnknown
        | Problem::Internal => Vec::new(),
        Problem::Forbidden { .. } => vec![("needs", scalar::Role::schema())],
        Problem::NotFound { .. } => vec![("what", described(string(), "The kind of thing that is not there.").into())],
        Problem::TooLarge { .. } | Problem::HeadersTooLarge { .. } => vec![("max_bytes", scalar::Units::schema())],
        Problem::UnsupportedMediaType { .. } => vec![("expected", string().into())],
        Problem::InvalidInput { .. } | Problem::UnknownSku { .. } => vec![("errors", list("FieldError"))],
        Problem::EmailTaken { .. } => vec![("email", scalar::Email::schema())],
        Problem::SkuTaken { .. } | Problem::ProductArchived { .. } => vec![("sku", scalar::Sku::schema())],
        Problem::BelowReserved { .. } => vec![
            ("sku", scalar::Sku::schema()),
            ("warehouse", scalar::WarehouseCode::schema()),
            ("on_hand", scalar::Units::schema()),
            ("reserved", scalar::Units::schema()),
        ],
        Problem::CodeTaken { .. } | Problem::WarehouseInactive { .. } => {
            vec![("warehouse", scalar::WarehouseCode::schema())]
        }
        Problem::InsufficientStock { .. } | Problem::HoldExpired { .. } => vec![("shortages", list("Shortage"))],
        Problem::MixedCurrency { .. } => vec![("currencies", Array::new(scalar::Currency::schema()).into())],
        Problem::NotHeld { .. } => vec![("reservation_status", scalar::ReservationStatus::schema())],
        Problem::HasOrder { .. } => vec![("order_id", scalar::Id::schema())],
        Problem::ReferenceTaken { .. } => vec![("reference", scalar::Reference::schema())],
        Problem::TransitionNotAllowed { .. } => vec![
            ("from", scalar::OrderStatus::schema()),
            ("to", scalar::OrderStatus::schema()),
            ("allowed", Array::new(scalar::OrderStatus::schema()).into()),
        ],
        Problem::StaleVersion { .. } => vec![("version", scalar::Version::schema())],
        Problem::RateLimited { .. } | Problem::Busy { .. } => vec![("retry_after_seconds", scalar::Units::schema())],
    }
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn described(schema: ObjectBuilder, about: &str) -> Object {
    schema.description(Some(about)).build()
}

/// One of each kind, in the order of their statuses.
fn samples() -> Vec<Problem> {
    let sku = || Sku::new("MUG-1").ok();
    let warehouse = WarehouseCode::main();
    let shortages = || sku().map(|sku| vec![Shortage { sku, requested: 6, available: 4, warehouse: None }]);
    let field = |field: &str, message: &str| vec![FieldError::new(field, message)];
    let samples = [
        Some(Problem::malformed("The body can't be read: unknown field `ttl`.")),
        Some(Problem::BadCursor),
        Some(Problem::CursorMismatch),
        Some(Problem::Unauthenticated),
        Some(Problem::SignInRefused),
        Some(Problem::Forbidden { needs: Role::Admin }),
        Some(Problem::CrossSite),
        Some(Problem::not_found("product")),
        Some(Problem::MethodNotAllowed),
        Email::new("ada@example.com").ok().map(|email| Problem::EmailTaken { email }),
        Some(Problem::LastAdmin),
        sku().map(|sku| Problem::SkuTaken { sku }),
        sku().map(|sku| Problem::ProductArchived { sku }),
        sku().map(|sku| Problem::BelowReserved { sku, warehouse: warehouse.clone(), on_hand: 6, reserved: 6 }),
        Some(Problem::CodeTaken { warehouse: warehouse.clone() }),
        Some(Problem::WarehouseInactive { warehouse: warehouse.clone() }),
        shortages().map(|shortages| Problem::InsufficientStock { shortages }),
        Some(Problem::NotHeld { reservation_status: ReservationStatus::Released }),
        Some(Problem::HasOrder { order_id: OrderId::from_uuid(EXAMPLE_ID) }),
        shortages().map(|shortages| Problem::HoldExpired { shortages }),
        Reference::new("web-1042").ok().map(|reference| Problem::ReferenceTaken { reference }),
        Some(Problem::TransitionNotAllowed {
            from: OrderStatus::Confirmed,
            to: OrderStatus::Delivered,
            allowed: OrderStatus::Confirmed.allowed(),
        }),
        Some(Problem::StaleVersion { version: 3 }),
        Some(Problem::ChaosUnderWay),
        Some(Problem::LinkSpent),
        Some(Problem::TooLarge { max_bytes: 1 << 20 }),
        Some(Problem::UnsupportedMediaType { expected: "application/json".to_owned() }),
        Some(Problem::InvalidInput {
            errors: field("lines[0].quantity", "must be a whole number from 1 to 1,000,000"),
        }),
        Some(Problem::UnknownSku { errors: field("lines[0].sku", "names no product") }),
        Some(Problem::MixedCurrency { currencies: vec!["EUR".to_owned(), "GBP".to_owned()] }),
        Some(Problem::IdempotencyMismatch),
        Some(Problem::HeadersTooLarge { max_bytes: 32 << 10 }),
        Some(Problem::RateLimited { retry_after_seconds: 6 }),
        Some(Problem::Internal),
        Some(Problem::Busy { retry_after_seconds: 1 }),
        Some(Problem::OutcomeUnknown),
    ];
    samples.into_iter().flatten().collect()
}
