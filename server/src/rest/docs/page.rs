//! The page itself.

mod call;
mod sections;
mod table;

use leptos::prelude::*;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Components;

use super::super::openapi::{self, Document};
use super::{functions, words};
use call::Call;
use sections::{function_section, problem_section, shape_section};

/// What comes before the first call.
const BEFORE: &str = "\
export HOLDFAST=http://127.0.0.1:8000
export KEY=hf_...           # an API key, as /settings and `holdfast key add` make them";

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

fn capital(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}
