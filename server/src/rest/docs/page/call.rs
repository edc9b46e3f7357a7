//! One call: what it takes, what it answers, and a line for curl.

use http::Method;
use leptos::prelude::*;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::Components;
use utoipa::openapi::{Content, RefOr, Required, Response};

use super::super::shape::{self, Field};
use super::super::{curl, words};
use super::table::{row, table};
use crate::rest::openapi::{self, ROLE};

/// One call.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) operation: &'a Operation,
}

impl Call<'_> {
    /// Its anchor in the page.
    pub(super) fn id(&self) -> String {
        self.operation.operation_id.clone().unwrap_or_default()
    }

    pub(super) fn shown(&self, components: &Components) -> impl IntoView + use<> {
        let operation = self.operation;
        let role = operation.extensions.as_ref().and_then(|extensions| extensions.get(ROLE)?.as_str());
        let role = role.map_or("open to anyone".to_owned(), |role| format!("role {role}"));
        let summary = operation.summary.clone().unwrap_or_default();
        let about = words::paragraphs(operation.description.as_deref().unwrap_or_default());
        let line = curl::line(&self.method, self.path, operation, components);
        view! {
            <article id=self.id()>
                <h3>
                    <span class=format!("method {}", self.method.as_str().to_lowercase())>{self.method.to_string()}</span>
                    <code>{self.path.to_owned()}</code>
                    <span class="role">{role}</span>
                </h3>
                <p class="summary">{words::line(&summary)}</p>
                {about}
                {parameters(operation, components)}
                {request_body(operation, components)}
                {answers(operation, components)}
                <pre tabindex="0">{line}</pre>
            </article>
        }
    }
}

fn parameters(operation: &Operation, components: &Components) -> Option<AnyView> {
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let rows: Vec<_> = parameters.map(|parameter| parameter_row(parameter, components)).collect();
    (!rows.is_empty()).then(|| table("Parameters", rows.collect_view()))
}

fn parameter_row(parameter: &Parameter, components: &Components) -> impl IntoView + use<> {
    let place = match parameter.parameter_in {
        ParameterIn::Path => "path",
        ParameterIn::Query => "query",
        ParameterIn::Header => "header",
        ParameterIn::Cookie => "cookie",
        _ => "",
    };
    let (shape, about) = match &parameter.schema {
        Some(schema) => (shape::parts(schema, components), shape::about(schema, components)),
        None => (Vec::new(), String::new()),
    };
    let field = Field {
        name: parameter.name.clone(),
        is_required: parameter.required == Required::True,
        shape,
        about: parameter.description.clone().unwrap_or(about),
    };
    row(field, place)
}

fn request_body(operation: &Operation, components: &Components) -> Option<AnyView> {
    let Some(RefOr::T(body)) = &operation.request_body else { return None };
    let RefOr::T(Content { schema: Some(schema), .. }) = body.content.get("application/json")? else { return None };
    let parts = shape::parts(schema, components);
    Some(view! { <p>"Body: "{shape::shown(parts)}</p> }.into_any())
}

fn answers(operation: &Operation, components: &Components) -> AnyView {
    let answers = operation.responses.responses.iter().map(|(status, response)| match response {
        RefOr::T(response) => answer(status, response, components).into_any(),
        RefOr::Ref(reference) => {
            let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
            let response = components.responses.get(name);
            let codes = response.map(openapi::codes).unwrap_or_default();
            let codes =
                codes.into_iter().map(|code| view! { <a href=format!("#{code}")><code>{code.clone()}</code></a>" " });
            view! { <tr><td>{status.clone()}</td><td>{codes.collect_view()}</td></tr> }.into_any()
        }
    });
    let rows = answers.collect_view();
    view! { <table><caption>"Answers"</caption><tbody>{rows}</tbody></table> }.into_any()
}

fn answer(status: &str, response: &Response, components: &Components) -> impl IntoView + use<> {
    let shapes = response.content.values().filter_map(|content| match content {
        RefOr::T(Content { schema: Some(schema), .. }) => Some(shape::parts(schema, components)),
        RefOr::T(_) | RefOr::Ref(_) => None,
    });
    let shapes = shapes.map(|parts| view! { " "{shape::shown(parts)} }).collect_view();
    let headers: Vec<&str> = response.headers.keys().map(String::as_str).collect();
    let headers = format!("Headers: {}", headers.join(", "));
    view! {
        <tr>
            <td>{status.to_owned()}</td>
            <td>{words::line(&response.description)}{shapes}<br /><small>{headers}</small></td>
        </tr>
    }
}
