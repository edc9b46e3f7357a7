//! The tables of fields and parameters.

use leptos::prelude::*;

use super::super::shape::{self, Field};
use super::super::words;

pub(super) fn table(caption: &'static str, rows: impl IntoView + 'static) -> AnyView {
    view! { <table><caption>{caption}</caption><tbody>{rows}</tbody></table> }.into_any()
}

pub(super) fn row(field: Field, place: &'static str) -> impl IntoView {
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
