//! A line for `curl` to each call. They are read from top to bottom: each works after those before it.

use http::Method;
use serde_json::Value;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::Components;
use utoipa::openapi::{Content, RefOr};

use super::shape;

/// How every line begins; the key is left out where none is asked for.
pub(super) fn start(path: &str) -> String {
    format!("curl -s \"$HOLDFAST{path}\"")
}

pub(super) const KEY: &str = " \\\n  -H \"Authorization: Bearer $KEY\"";

/// The line of an operation of the API.
pub(super) fn line(method: &Method, path: &str, operation: &Operation, components: &Components) -> String {
    let mut line = start(&filled(path, operation, components));
    if is_endless(operation) {
        // Shown as it comes.
        line = line.replacen("-s", "-sN", 1);
    }
    if operation.extensions.as_ref().is_some_and(|extensions| extensions.contains_key(super::super::openapi::ROLE)) {
        line.push_str(KEY);
    }
    let body = body(operation);
    if *method != Method::GET && !(*method == Method::POST && body.is_some()) {
        line.push_str(&format!(" -X {method}"));
    }
    if let Some(body) = body {
        line.push_str(&format!(
            " \\\n  -H 'Content-Type: application/json' \\\n  -d '{}'",
            body.to_string().replace('\'', r"'\''")
        ));
    }
    line
}

/// Whether the answer goes on for as long as somebody reads.
fn is_endless(operation: &Operation) -> bool {
    let responses = operation.responses.responses.values();
    responses
        .filter_map(|response| match response {
            RefOr::T(response) => Some(&response.content),
            RefOr::Ref(_) => None,
        })
        .any(|content| content.contains_key("text/event-stream"))
}

/// The path with examples in the place of its parameters. What only a running server can know is a
/// variable of the shell, named after the kind of thing: `$RESERVATION_ID`, or `$ORDER` for an order's number.
fn filled(path: &str, operation: &Operation, components: &Components) -> String {
    let parameters = operation.parameters.iter().flatten();
    parameters.fold(path.to_owned(), |path, parameter| match parameter {
        RefOr::T(Parameter { name, parameter_in: ParameterIn::Path, schema: Some(schema), .. }) => {
            let value = match name.as_str() {
                "id" => variable(operation),
                "order" => "$ORDER".to_owned(),
                _ => shape::example(schema, components).unwrap_or_default(),
            };
            path.replace(&format!("{{{name}}}"), &value)
        }
        RefOr::T(_) | RefOr::Ref(_) => path,
    })
}

fn variable(operation: &Operation) -> String {
    let tag = operation.tags.iter().flatten().next().map(String::as_str).unwrap_or_default();
    format!("${}_ID", tag.trim_end_matches('s').to_uppercase())
}

/// The example of the body.
pub(super) fn body(operation: &Operation) -> Option<&Value> {
    let Some(RefOr::T(body)) = &operation.request_body else { return None };
    match body.content.get("application/json")? {
        RefOr::T(Content { example, .. }) => example.as_ref(),
        RefOr::Ref(_) => None,
    }
}
