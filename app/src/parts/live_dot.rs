//! A small sign of whether a page moves by itself.

use leptos::prelude::*;

use crate::live::{Live, Standing};

/// The sign; nothing on a page that does not listen. It has its place before it says anything.
#[component]
pub(crate) fn LiveDot() -> impl IntoView {
    Live::standing().map(|standing| {
        let state = move || match standing.get() {
            Standing::Silent => "silent",
            Standing::Live => "live",
            Standing::Reconnecting => "reconnecting",
            Standing::Offline => "offline",
        };
        let word = move || match standing.get() {
            Standing::Silent | Standing::Live => "Live",
            Standing::Reconnecting => "Reconnecting",
            Standing::Offline => "Offline",
        };
        let meaning = move || match standing.get() {
            Standing::Silent => "",
            Standing::Live => "What is shown here moves by itself.",
            Standing::Reconnecting => "The connection broke off and is tried again. What you see may be old.",
            Standing::Offline => "The server can't be reached. What you see is old, and will be read again.",
        };
        view! {
            <span class="live-dot" data-standing=state title=meaning>
                {word}
            </span>
        }
    })
}
