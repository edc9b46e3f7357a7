//! The little Markdown that descriptions are written in: paragraphs, `code` and **weight**.

use leptos::prelude::*;

/// Text in paragraphs.
pub(super) fn paragraphs(text: &str) -> impl IntoView + use<> {
    let parts: Vec<String> = text.split("\n\n").map(|part| part.replace('\n', " ")).collect();
    parts.into_iter().filter(|part| !part.is_empty()).map(|part| view! { <p>{line(&part)}</p> }).collect_view()
}

/// Text in a line. Code may stand within weight, and not the other way round.
pub(super) fn line(text: &str) -> Vec<AnyView> {
    let parts = text.split("**").enumerate().filter(|(_, part)| !part.is_empty());
    let weighted = parts.map(|(index, part)| {
        let part = with_code(part);
        if index % 2 == 1 { view! { <strong>{part}</strong> }.into_any() } else { part.into_any() }
    });
    weighted.collect()
}

fn with_code(text: &str) -> Vec<AnyView> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    let parts = parts.map(|(index, part)| {
        let part = part.to_owned();
        if index % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_may_stand_within_weight() {
        let text = "**Errors** have a `code`. Each takes an **`Idempotency-Key`**: sent again. **Money** is minor.";
        let html = view! { <p>{line(text)}</p> }.to_html().replace("<!>", "");
        let expected = "<p><strong>Errors</strong> have a <code>code</code>. Each takes an \
            <strong><code>Idempotency-Key</code></strong>: sent again. <strong>Money</strong> is minor.</p>";
        assert_eq!(html, expected);
    }
}
