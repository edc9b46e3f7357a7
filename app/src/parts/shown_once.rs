//! A secret that is shown this once, with a button that copies it.

use leptos::prelude::*;

use super::toast::Toasts;
use crate::browser;

/// The secret and what it is. Nothing of it is kept: whoever loses it makes another.
#[component]
pub(crate) fn ShownOncePanel(
    /// What it is: "The key of Shop".
    title: String,
    /// What to do with it.
    words: &'static str,
    secret: String,
) -> impl IntoView {
    // Without a script there is nothing that a button could do.
    let can_copy = RwSignal::new(false);
    Effect::new(move |_| can_copy.set(true));
    let (toasts, to_copy) = (Toasts::here(), StoredValue::new(secret.clone()));
    let copy = move |_| {
        leptos::task::spawn_local(async move {
            let done = browser::copy(&to_copy.get_value()).await;
            toasts.say(if done { "Copied." } else { "The browser did not let it be copied: select it and copy it." });
        });
    };
    view! {
        <div class="shown-once" role="status">
            <p>
                <strong>{title}</strong>
            </p>
            <div class="shown-once-line">
                <code data-testid="shown-once">{secret}</code>
                <Show when=move || can_copy.get()>
                    <button type="button" class="button" on:click=copy>
                        "Copy"
                    </button>
                </Show>
            </div>
            <p class="shown-once-words">{words} " It is not shown again."</p>
        </div>
    }
}
