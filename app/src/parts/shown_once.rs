//! A secret that is shown this once, with a button that copies it.

use leptos::prelude::*;

use super::copy::CopyButton;

/// The secret and what it is. Nothing of it is kept: whoever loses it makes another.
#[component]
pub(crate) fn ShownOncePanel(
    /// What it is: "The key of Shop".
    title: String,
    /// What to do with it.
    words: &'static str,
    secret: String,
) -> impl IntoView {
    let to_copy = secret.clone();
    view! {
        <div class="shown-once" role="status">
            <p>
                <strong>{title}</strong>
            </p>
            <div class="shown-once-line">
                <code data-testid="shown-once">{secret}</code>
                <CopyButton text=to_copy />
            </div>
            <p class="shown-once-words">{words} " It is not shown again."</p>
        </div>
    }
}
