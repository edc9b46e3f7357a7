//! What one takes along: a button that copies it.

use leptos::prelude::*;

use super::toast::Toasts;
use crate::browser;

/// Copies a text. Without a script there is nothing that a button could do, and its place stays empty.
#[component]
pub(crate) fn CopyButton(text: String) -> impl IntoView {
    let can_copy = RwSignal::new(false);
    Effect::new(move |_| can_copy.set(true));
    let (toasts, text) = (Toasts::here(), StoredValue::new(text));
    let copy = move |_| {
        leptos::task::spawn_local(async move {
            let done = browser::copy(&text.get_value()).await;
            toasts.say(if done { "Copied." } else { "The browser did not let it be copied: select it and copy it." });
        });
    };
    view! {
        <button type="button" class="button" class:unready=move || !can_copy.get() on:click=copy>
            "Copy"
        </button>
    }
}

/// A command for a shell.
#[component]
pub(crate) fn CommandLine(command: &'static str) -> impl IntoView {
    view! {
        <div class="command">
            <pre>
                <code>{command}</code>
            </pre>
            <CopyButton text=command.to_owned() />
        </div>
    }
}
