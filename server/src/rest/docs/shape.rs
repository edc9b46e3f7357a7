//! Shapes in words: `text of 1 to 64 characters`, `a list of Line`.

use domain::quantity::grouped;
use leptos::prelude::*;
use serde_json::Value;
use utoipa::openapi::schema::{Array, ArrayItems, Components, Object, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// More words than this are not worth a line.
const WORDS_MAX: usize = 10;

/// Words, and names of shapes to be looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Words(String),
    Shape(String),
}

/// A field of a shape.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) is_required: bool,
    pub(super) shape: Vec<Part>,
    pub(super) about: String,
}

/// The name that a reference leads to.
fn name_of(location: &str) -> &str {
    location.rsplit('/').next().unwrap_or_default()
}

/// Whether a shape has a place of its own on the page; the others are said in words where they occur.
pub(super) fn has_place(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => !object.properties.is_empty(),
        RefOr::T(Schema::OneOf(_) | Schema::AnyOf(_)) => true,
        _ => false,
    }
}

/// A shape in words.
pub(super) fn parts(schema: &RefOr<Schema>, components: &Components) -> Vec<Part> {
    match schema {
        RefOr::Ref(reference) => {
            let name = name_of(&reference.ref_location);
            match components.schemas.get(name) {
                Some(named) if !has_place(named) => parts(named, components),
                _ => vec![Part::Shape(name.to_owned())],
            }
        }
        RefOr::T(Schema::Object(object)) => vec![Part::Words(plain(object))],
        RefOr::T(Schema::Array(array)) => list(array, components),
        RefOr::T(Schema::OneOf(one)) => any_of(&one.items, components),
        RefOr::T(Schema::AnyOf(any)) => any_of(&any.items, components),
        RefOr::T(_) => vec![Part::Words("anything".to_owned())],
    }
}

/// The fields of a shape, in their order.
pub(super) fn fields(schema: &RefOr<Schema>, components: &Components) -> Vec<Field> {
    let RefOr::T(Schema::Object(object)) = schema else { return Vec::new() };
    let field = |(name, schema): (&String, &RefOr<Schema>)| Field {
        name: name.clone(),
        is_required: object.required.contains(name),
        shape: parts(schema, components),
        about: about(schema, components),
    };
    // What may only be null is there for machines.
    let is_null = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null));
    object.properties.iter().filter(|(_, schema)| !is_null(schema)).map(field).collect()
}

/// What is said of a shape: where it stands, else where it is defined.
pub(super) fn about(schema: &RefOr<Schema>, components: &Components) -> String {
    match schema {
        RefOr::Ref(reference) if !reference.description.is_empty() => reference.description.clone(),
        RefOr::Ref(reference) => match components.schemas.get(name_of(&reference.ref_location)) {
            Some(named) if !has_place(named) => about(named, components),
            _ => String::new(),
        },
        RefOr::T(Schema::Object(object)) => object.description.clone().unwrap_or_default(),
        RefOr::T(Schema::Array(array)) => array.description.clone().unwrap_or_default(),
        RefOr::T(Schema::OneOf(one)) => {
            let own = one.description.clone().unwrap_or_default();
            // A value that may be null is described at the value.
            if own.is_empty() {
                one.items.first().map_or_else(String::new, |item| about(item, components))
            } else {
                own
            }
        }
        RefOr::T(_) => String::new(),
    }
}

/// The first example of a shape, as text.
pub(super) fn example(schema: &RefOr<Schema>, components: &Components) -> Option<String> {
    match schema {
        RefOr::Ref(reference) => example(components.schemas.get(name_of(&reference.ref_location))?, components),
        RefOr::T(Schema::Object(object)) => match object.examples.first()? {
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        },
        RefOr::T(_) => None,
    }
}

fn plain(object: &Object) -> String {
    if let Some(words) = &object.enum_values {
        let words: Vec<String> =
            words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect();
        return if words.len() > WORDS_MAX { format!("one of {} words", words.len()) } else { words.join(", ") };
    }
    let types = match &object.schema_type {
        SchemaType::Type(one) => vec![one.clone()],
        SchemaType::Array(several) => several.clone(),
        SchemaType::AnyValue => return "anything".to_owned(),
    };
    let words: Vec<String> = types.iter().map(|each| one(each, object)).collect();
    words.join(" or ")
}

fn one(kind: &Type, object: &Object) -> String {
    match (kind, &object.format) {
        (Type::String, Some(SchemaFormat::Custom(format))) if format == "uuid" => "id".to_owned(),
        (Type::String, Some(_)) => "time".to_owned(),
        (Type::String, None) => match (object.min_length, object.max_length) {
            (Some(min), Some(max)) => {
                format!("text of {min} to {} characters", grouped(i64::try_from(max).unwrap_or(i64::MAX)))
            }
            _ => "text".to_owned(),
        },
        (Type::Integer | Type::Number, _) => match (&object.minimum, &object.maximum) {
            (Some(min), Some(max)) => range(&bound(min), &bound(max)),
            (Some(min), None) => format!("whole number from {}", bound(min)),
            _ => "whole number".to_owned(),
        },
        (Type::Boolean, _) => "true or false".to_owned(),
        (Type::Null, _) => "null".to_owned(),
        (Type::Object, _) => "object".to_owned(),
        (Type::Array, _) => "list".to_owned(),
    }
}

/// The ends of what a number can hold go without saying.
fn range(min: &str, max: &str) -> String {
    let (lowest, highest) = (grouped(i64::MIN), grouped(i64::MAX));
    match (min == lowest, max == highest) {
        (true, true) => "whole number".to_owned(),
        (false, true) => format!("whole number from {min}"),
        _ => format!("whole number from {min} to {max}"),
    }
}

fn bound(number: &utoipa::Number) -> String {
    match number {
        utoipa::Number::Int(number) => grouped(i64::try_from(*number).unwrap_or(i64::MAX)),
        utoipa::Number::UInt(number) => grouped(i64::try_from(*number).unwrap_or(i64::MAX)),
        utoipa::Number::Float(number) => number.to_string(),
    }
}

fn list(array: &Array, components: &Components) -> Vec<Part> {
    let count = match (array.min_items, array.max_items) {
        (Some(min), Some(max)) => format!("list of {min} to {} × ", grouped(i64::try_from(max).unwrap_or(i64::MAX))),
        _ => "list of ".to_owned(),
    };
    let items = match &array.items {
        ArrayItems::RefOrSchema(schema) => parts(schema, components),
        ArrayItems::False => Vec::new(),
    };
    [Part::Words(count)].into_iter().chain(items).collect()
}

fn any_of(items: &[RefOr<Schema>], components: &Components) -> Vec<Part> {
    let mut all = Vec::new();
    for item in items {
        if !all.is_empty() {
            all.push(Part::Words(" or ".to_owned()));
        }
        all.extend(parts(item, components));
    }
    all
}

/// Parts, with a link to each shape.
pub(super) fn shown(parts: Vec<Part>) -> impl IntoView {
    let show = |part| match part {
        Part::Words(words) => words.into_any(),
        Part::Shape(name) => view! { <a href=format!("#{name}")>{name.clone()}</a> }.into_any(),
    };
    parts.into_iter().map(show).collect_view()
}
