//! Short notes on what was just done. They come in one region that is read out politely and go by
//! themselves; nothing is said only there.

use std::time::Duration;

use leptos::leptos_dom::helpers::set_timeout;
use leptos::prelude::*;

use super::icons::{Icon, Picture};

/// How long a note stays.
const STAYS: Duration = Duration::from_secs(7);
/// How many stand at once; the oldest makes room.
const SHOWN_MAX: usize = 4;

#[derive(Clone, PartialEq, Eq, Debug)]
struct Toast {
    number: u64,
    text: String,
}

/// The notes that are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    last: StoredValue<u64>,
}

impl Toasts {
    pub(crate) fn provide() {
        provide_context(Self { shown: RwSignal::default(), last: StoredValue::new(0) });
    }

    /// The region of this page; one that nobody sees, where nobody provided one.
    pub(crate) fn here() -> Self {
        use_context().unwrap_or_else(|| Self { shown: RwSignal::default(), last: StoredValue::new(0) })
    }

    pub(crate) fn say(self, text: impl Into<String>) {
        let number = self.last.get_value() + 1;
        self.last.set_value(number);
        self.shown.update(|shown| {
            shown.push(Toast { number, text: text.into() });
            let surplus = shown.len().saturating_sub(SHOWN_MAX);
            shown.drain(..surplus);
        });
        set_timeout(move || self.take_away(number), STAYS);
    }

    fn take_away(self, number: u64) {
        self.shown.update(|shown| shown.retain(|toast| toast.number != number));
    }
}

/// Where notes appear. It is there from the beginning, so that screen readers listen to it.
#[component]
pub(crate) fn ToastRegion() -> impl IntoView {
    let toasts = Toasts::here();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.shown.get() key=|toast| toast.number let:toast>
                <div class="toast">
                    <span>{toast.text}</span>
                    <button
                        type="button"
                        class="plain-icon"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.take_away(toast.number)
                    >
                        <Picture icon=Icon::Close />
                    </button>
                </div>
            </For>
        </div>
    }
}
