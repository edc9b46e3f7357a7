//! The page itself.

use http::Method;
use leptos::prelude::*;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::Components;
use utoipa::openapi::{Content, RefOr, Required, Response, Schema};

use super::super::openapi::{self, Document, ROLE};
use super::functions::{self, Function};
use super::shape::{self, Field};
use super::{curl, words};

/// What comes before the first call.
const BEFORE: &str = "\
export HOLDFAST=http://127.0.0.1:8000
export KEY=hf_...           # an API key, as /settings and `holdfast key create` make them";

/// The page, in somebody's theme.
pub(super) fn whole(theme: Option<&str>, body: &str) -> String {
    let theme = theme.map(|theme| format!(" data-theme=\"{theme}\"")).unwrap_or_default();
    format!(
        "<!DOCTYPE html><html lang=\"en\"{theme}><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>API · Holdfast</title><link rel=\"stylesheet\" href=\"/api/docs/style.css\">\
         <link rel=\"icon\" href=\"data:,\"></head><body>{body}</body></html>"
    )
}

/// The body of the page.
pub(super) fn body(document: &Document) -> String {
    let (api, components) = (&document.api, &document.components);
    let about = api.info.description.clone().unwrap_or_default();
    let groups: Vec<Group> =
        api.tags.iter().flatten().map(|tag| Group::of(&tag.name, tag.description.as_deref(), document)).collect();
    let functions = functions::all();
    let rail = rail(&groups);
    view! {
        <a class="skip" href="#main">"Skip to the calls"</a>
        {rail}
        <main id="main">
            <header>
                <p class="back"><a href="/">"Holdfast"</a></p>
                <h1>"The API"</h1>
                {words::paragraphs(&about)}
                <p>"For programs: "<a href="/api/openapi.json">"/api/openapi.json"</a>" (OpenAPI 3.1)."</p>
                <p>"The lines for curl below work from top to bottom, on an empty database too, with"</p>
                <pre tabindex="0">{BEFORE}</pre>
                <p>
                    "Where one has "<code>"$RESERVATION_ID"</code>" or the like, put the id that an earlier answer gave; "
                    <code>"$ORDER"</code>" is the number of an order."
                </p>
            </header>
            {groups.iter().map(|group| group.shown(components)).collect_view()}
            {function_section(functions)}
            {shape_section(components)}
            {problem_section()}
        </main>
    }
    .to_html()
}

/// The operations under one tag.
struct Group<'a> {
    name: &'a str,
    about: &'a str,
    calls: Vec<Call<'a>>,
}

struct Call<'a> {
    method: Method,
    path: &'a str,
    operation: &'a Operation,
}

impl<'a> Group<'a> {
    fn of(name: &'a str, about: Option<&'a str>, document: &'a Document) -> Self {
        let has_tag = |operation: &Operation| operation.tags.iter().flatten().any(|tag| tag == name);
        let calls = |(path, item): (&'a String, &'a PathItem)| {
            let operations = openapi::operations(item).filter(|(_, operation)| has_tag(operation));
            operations.map(move |(method, operation)| Call { method, path, operation })
        };
        Self {
            name,
            about: about.unwrap_or_default(),
            calls: document.api.paths.paths.iter().flat_map(calls).collect(),
        }
    }

    fn shown(&self, components: &Components) -> impl IntoView + use<> {
        let (name, title, about) = (self.name.to_owned(), capital(self.name), words::paragraphs(self.about));
        view! {
            <section id=name.clone() aria-labelledby=format!("{name}-title")>
                <h2 id=format!("{name}-title")>{title}</h2>
                {about}
                {self.calls.iter().map(|call| call.shown(components)).collect_view()}
            </section>
        }
    }
}

impl Call<'_> {
    fn id(&self) -> String {
        self.operation.operation_id.clone().unwrap_or_default()
    }

    fn shown(&self, components: &Components) -> impl IntoView + use<> {
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

fn rail(groups: &[Group]) -> impl IntoView + use<> {
    let group = |group: &Group| {
        let call = |call: &Call| {
            let (href, method, path) = (format!("#{}", call.id()), call.method.to_string(), call.path.to_owned());
            view! {
                <li>
                    <a href=href><span class=format!("method {}", method.to_lowercase())>{method.clone()}</span>" "{path}</a>
                </li>
            }
        };
        view! {
            <h2><a href=format!("#{}", group.name)>{capital(group.name)}</a></h2>
            <ul>{group.calls.iter().map(call).collect_view()}</ul>
        }
    };
    view! {
        <nav aria-label="Calls">
            {groups.iter().map(group).collect_view()}
            <h2><a href="#functions">"Server functions"</a></h2>
            <h2><a href="#shapes">"Shapes"</a></h2>
            <h2><a href="#problems">"Problems"</a></h2>
        </nav>
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

fn function_section(functions: Vec<Function>) -> impl IntoView {
    let shown = |function: Function| {
        let Function { path, method, about, role, line } = function;
        let id = path.rsplit('/').next().unwrap_or_default().to_owned();
        view! {
            <article id=format!("fn-{id}")>
                <h3>
                    <span class=format!("method {}", method.as_str().to_lowercase())>{method.to_string()}</span>
                    <code>{path}</code>
                    <span class="role">{role}</span>
                </h3>
                <p class="summary">{words::line(about)}</p>
                <pre tabindex="0">{line}</pre>
            </article>
        }
    };
    view! {
        <section id="functions" aria-labelledby="functions-title">
            <h2 id="functions-title">"Server functions"</h2>
            <p>
                "What the pages call: reads by GET, changes by POST as forms, JSON out. They take what people type, such as \
                 amounts in major units and minutes, and any change takes an idempotency key in the field "<code>"key"</code>
                ". Shops are better served by the calls above, whose names stay. Where one is about whoever is signed in, \
                 the line sends the cookie of a session; "<code>"$LINK"</code>" is the end of a link that signs in once."
            </p>
            {functions.into_iter().map(shown).collect_view()}
        </section>
    }
}

fn shape_section(components: &Components) -> impl IntoView + use<> {
    let of_answers =
        |(name, schema): &(&String, &RefOr<Schema>)| !name.starts_with("Problem") && shape::has_place(schema);
    let shown = |(name, schema): (&String, &RefOr<Schema>)| {
        let rows: Vec<_> = shape::fields(schema, components).into_iter().map(|field| row(field, "")).collect();
        let alternatives = rows.is_empty().then(|| view! { <p>{shape::shown(shape::parts(schema, components))}</p> });
        let fields = (!rows.is_empty()).then(|| table("Fields", rows.collect_view()));
        view! {
            <article id=name.clone()>
                <h3>{name.clone()}</h3>
                {words::paragraphs(&shape::about(schema, components))}
                {alternatives}
                {fields}
            </article>
        }
    };
    view! {
        <section id="shapes" aria-labelledby="shapes-title">
            <h2 id="shapes-title">"Shapes"</h2>
            {components.schemas.iter().filter(of_answers).map(shown).collect_view()}
        </section>
    }
}

fn problem_section() -> impl IntoView {
    let rows = openapi::problems().into_iter().map(|problem| {
        view! {
            <tr id=problem.code>
                <td>{problem.status}</td>
                <td><code>{problem.code}</code></td>
                <td>{problem.title}</td>
                <td>{problem.members.iter().map(|member| view! { <code>{*member}</code>" " }).collect_view()}</td>
            </tr>
        }
    });
    view! {
        <section id="problems" aria-labelledby="problems-title">
            <h2 id="problems-title">"Problems"</h2>
            <p>"Each with " <code>"type"</code>", "<code>"title"</code>", "<code>"status"</code>", "<code>"detail"</code>", "
                <code>"code"</code>" and "<code>"request_id"</code>", and with what is named here."</p>
            <table>
                <thead><tr><th>"Status"</th><th>"Code"</th><th>"Title"</th><th>"With"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
}

fn table(caption: &'static str, rows: impl IntoView + 'static) -> AnyView {
    view! { <table><caption>{caption}</caption><tbody>{rows}</tbody></table> }.into_any()
}

fn row(field: Field, place: &'static str) -> impl IntoView {
    let Field { name, is_required, shape, about } = field;
    let required = is_required.then(|| view! { <span class="required">"required"</span> });
    view! {
        <tr>
            <td><code>{name}</code>" "<small>{place}</small></td>
            <td>{shape::shown(shape)}" "{required}</td>
            <td>{words::line(&about.replace('\n', " "))}</td>
        </tr>
    }
}

fn capital(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}
