//! Reading a page's data again: after a change, after a deadline, and when somebody comes back to it.

use leptos::leptos_dom::helpers::window_event_listener_untyped;
use leptos::prelude::*;

use crate::browser;

/// How often a page's data were asked for: what its resource is keyed on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refresh(RwSignal<u64>);

impl Refresh {
    /// For a new page. A tab that was in the background may show what is long past, so that coming back
    /// to it reads it again.
    pub(crate) fn new() -> Self {
        let refresh = Self(RwSignal::new(0));
        Effect::new(move |_| {
            let watching = window_event_listener_untyped("visibilitychange", move |_| {
                if browser::is_seen() {
                    refresh.now();
                }
            });
            on_cleanup(move || watching.remove());
        });
        refresh
    }

    pub(crate) fn count(self) -> u64 {
        self.0.get()
    }

    /// Reads again, unless the page is gone by now.
    pub(crate) fn now(self) {
        let _ = self.0.try_update(|count| *count += 1);
    }
}
