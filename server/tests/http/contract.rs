//! Answers against the document. Every answer of the other tests is held against it too: `support::Client`
//! calls [`Contract::check`] on each.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};
use server::rest;

use crate::support::Reply;

/// The document, strict: what it does not name may not be in an answer.
pub(crate) struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, &'static Validator>>,
}

pub(crate) static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    let mut document: Value = serde_json::from_str(rest::document()).unwrap();
    close(&mut document["components"]["schemas"]);
    Contract { document, validators: Mutex::default() }
});

/// Takes a shape's word for it that it names all its fields.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.contains_key("properties") && !members.contains_key("additionalProperties") {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl Contract {
    /// Panics where an answer is not as documented.
    pub(crate) fn check(&self, method: &Method, path: &str, reply: &Reply) {
        let Some((template, operation)) = self.operation(method, path) else { return };
        let status = reply.status.as_u16().to_string();
        let place = format!("{method} {template} {status}");
        let response = self.resolved(&operation["responses"][&status]);
        assert!(response.is_object(), "{place} is not documented: {}", reply.text());
        for name in response["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
            let optional = ["Idempotency-Replayed", "Retry-After"].contains(&name.as_str());
            assert!(optional || reply.header(name).is_some(), "{place} has no {name}");
        }
        let Some(contents) = response["content"].as_object() else {
            assert!(reply.bytes.is_empty(), "{place} has a body: {}", reply.text());
            return;
        };
        let sent = reply.header("content-type").unwrap_or_default().split(';').next().unwrap();
        let content = contents.get(sent).unwrap_or_else(|| panic!("{place} was sent as {sent}: {}", reply.text()));
        if sent.ends_with("json") {
            let validator = self.validator(&place, &content["schema"]);
            let body = reply.json();
            let errors: Vec<String> =
                validator.iter_errors(&body).map(|error| format!("{} {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{place}: {errors:#?} {body:#}");
        }
    }

    /// The operation that a request reaches, under its path in the document.
    fn operation(&self, method: &Method, path: &str) -> Option<(&str, &Value)> {
        let path = path.split('?').next().unwrap().trim_end_matches('/');
        let asked: Vec<&str> = path.split('/').collect();
        let fits = |template: &str| {
            let parts: Vec<&str> = template.split('/').collect();
            parts.len() == asked.len()
                && parts.iter().zip(&asked).all(|(part, asked)| part.starts_with('{') || part == asked)
        };
        let paths = self.document["paths"].as_object().unwrap();
        let (template, item) = paths.iter().find(|(template, _)| fits(template))?;
        item.get(method.as_str().to_lowercase()).map(|operation| (template.as_str(), operation))
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(place) => self.document.pointer(place.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }

    fn validator(&self, place: &str, schema: &Value) -> &'static Validator {
        let mut validators = self.validators.lock().unwrap();
        validators.entry(place.to_owned()).or_insert_with(|| {
            let mut root = schema.clone();
            root["components"] = self.document["components"].clone();
            let validator = jsonschema::options().should_validate_formats(true).build(&root);
            Box::leak(Box::new(validator.unwrap_or_else(|error| panic!("{place}: {error}"))))
        })
    }

    fn operations(&self) -> impl Iterator<Item = (String, &Value)> {
        self.document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
            let item = item.as_object().unwrap().iter();
            item.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
    }
}

#[test]
fn the_document_has_the_routes_of_the_table_and_their_roles() {
    let role = |access| match access {
        domain::account::Access::Anyone => Value::Null,
        domain::account::Access::Role(role) => json!(role.to_string()),
    };
    let declared = rest::declared();
    let table: BTreeMap<String, Value> =
        declared.iter().map(|route| (format!("{} {}", route.method, route.path), role(route.access))).collect();
    assert_eq!(table.len(), declared.len(), "a route is declared twice");
    let documented: BTreeMap<String, Value> =
        CONTRACT.operations().map(|(name, operation)| (name, operation["x-role"].clone())).collect();
    assert_eq!(table, documented);
    for (name, operation) in CONTRACT.operations() {
        let open = operation["x-role"].is_null();
        let expected = if open { json!([{}]) } else { json!([{"key": []}, {"session": []}]) };
        assert_eq!(operation["security"], expected, "{name}");
    }
}

#[test]
fn the_document_is_whole() {
    let document = &CONTRACT.document;
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for (name, operation) in CONTRACT.operations() {
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{name}");
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
        let parameters: Vec<&Value> = operation["parameters"].as_array().into_iter().flatten().collect();
        let in_path = name.matches('{').count();
        assert_eq!(parameters.iter().filter(|parameter| parameter["in"] == "path").count(), in_path, "{name}");
        let is_change = ["POST", "PUT", "PATCH", "DELETE"].iter().any(|method| name.starts_with(method));
        assert_eq!(parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key"), is_change, "{name}");
        if let Some(body) = operation.get("requestBody") {
            assert!(body["content"]["application/json"]["example"].is_object(), "{name} has no example");
        }
        // Codes that do not exist would have been left out.
        assert!(operation.get("x-problems").is_none(), "{name}");
    }
    for (_, operation) in CONTRACT.operations() {
        for response in operation["responses"].as_object().unwrap().values() {
            for link in response["links"].as_object().into_iter().flatten().map(|(_, link)| link) {
                assert!(ids.contains(link["operationId"].as_str().unwrap()), "{link}");
            }
        }
    }
    walk(document, &mut |value| {
        if let Some(place) = value["$ref"].as_str() {
            assert!(document.pointer(place.trim_start_matches('#')).is_some(), "{place} leads nowhere");
        }
    });
}

#[test]
fn bodies_take_no_field_that_is_not_named() {
    let raw: Value = serde_json::from_str(rest::document()).unwrap();
    let mut names = BTreeSet::new();
    for (_, operation) in CONTRACT.operations() {
        reach(&raw, &operation["requestBody"], &mut names);
    }
    let objects = names.iter().map(|name| (name, &raw["components"]["schemas"][name]));
    let open: Vec<&String> = objects
        .filter(|(_, schema)| schema.get("properties").is_some() && schema["additionalProperties"] != false)
        .map(|(name, _)| name)
        .collect();
    assert!(!names.is_empty());
    assert_eq!(open, Vec::<&String>::new());
}

#[test]
fn examples_of_bodies_have_the_documented_shape() {
    for (name, operation) in CONTRACT.operations() {
        let content = &operation["requestBody"]["content"]["application/json"];
        if let Some(example) = content.get("example") {
            let validator = CONTRACT.validator(&format!("{name} body"), &content["schema"]);
            assert!(validator.is_valid(example), "{name}: {:?}", validator.validate(example));
        }
    }
}

/// The names of the shapes that a value refers to, and those that they refer to.
fn reach(document: &Value, value: &Value, names: &mut BTreeSet<String>) {
    let mut found = Vec::new();
    walk(value, &mut |value| {
        let name = value["$ref"].as_str().and_then(|place| place.strip_prefix("#/components/schemas/"));
        found.extend(name.map(str::to_owned));
    });
    for name in found {
        if names.insert(name.clone()) {
            reach(document, &document["components"]["schemas"][&name], names);
        }
    }
}

fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Object(members) => members.values().for_each(|value| walk(value, visit)),
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
