//! The little Markdown that descriptions are written in: paragraphs, `code` and **weight**.

use leptos::prelude::*;

/// Text in paragraphs.
pub(super) fn paragraphs(text: &str) -> impl IntoView + use<> {
    let parts: Vec<String> = text.split("\n\n").map(|part| part.replace('\n', " ")).collect();
    parts.into_iter().filter(|part| !part.is_empty()).map(|part| view! { <p>{line(&part)}</p> }).collect_view()
}

/// Text in a line.
pub(super) fn line(text: &str) -> Vec<AnyView> {
    let mut parts = Vec::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            let code = part.to_owned();
            parts.push(view! { <code>{code}</code> }.into_any());
        } else {
            parts.extend(weighted(part));
        }
    }
    parts
}

fn weighted(text: &str) -> impl Iterator<Item = AnyView> {
    text.split("**").enumerate().filter(|(_, part)| !part.is_empty()).map(|(index, part)| {
        let part = part.to_owned();
        if index % 2 == 1 { view! { <strong>{part}</strong> }.into_any() } else { part.into_any() }
    })
}
