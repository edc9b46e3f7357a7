//! What comes after the calls: the server functions, the shapes of bodies, and the problems.

use leptos::prelude::*;
use utoipa::openapi::schema::Components;
use utoipa::openapi::{RefOr, Schema};

use super::super::functions::Function;
use super::super::{shape, words};
use super::table::{row, table};
use crate::rest::openapi;

pub(super) fn function_section(functions: Vec<Function>) -> impl IntoView {
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

pub(super) fn shape_section(components: &Components) -> impl IntoView + use<> {
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

pub(super) fn problem_section() -> impl IntoView {
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
