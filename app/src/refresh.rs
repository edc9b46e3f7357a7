//! Reading a page's data again: after a change, after a deadline, and when somebody comes back to it.

use std::time::Duration;

use leptos::leptos_dom::helpers::{set_interval_with_handle, set_timeout, window_event_listener_untyped};
use leptos::prelude::*;

use crate::browser;

/// How long what is read seldom rests.
const SELDOM: Duration = Duration::from_secs(3);

/// How often is often enough.
const OFTEN_ENOUGH: Duration = Duration::from_secs(15);

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

    /// Follows this one, seconds apart however often it reads: for what costs more than it changes.
    pub(crate) fn seldom(self) -> Self {
        let seldom = Self(RwSignal::new(0));
        let is_due = StoredValue::new(false);
        Effect::new(move |before: Option<u64>| {
            let count = self.count();
            if before.is_some_and(|before| before != count) && !is_due.get_value() {
                is_due.set_value(true);
                let read = move || {
                    let _ = is_due.try_set_value(false);
                    seldom.now();
                };
                set_timeout(read, SELDOM);
            }
            count
        });
        seldom
    }

    /// Reads again by itself once in a while: for what no stream tells of.
    pub(crate) fn often_enough(self) -> Self {
        Effect::new(move |_| {
            let reading = set_interval_with_handle(
                move || {
                    if browser::is_seen() {
                        self.now()
                    }
                },
                OFTEN_ENOUGH,
            )
            .ok();
            on_cleanup(move || reading.iter().for_each(|reading| reading.clear()));
        });
        self
    }

    pub(crate) fn count(self) -> u64 {
        self.0.get()
    }

    /// Reads again, unless the page is gone by now.
    pub(crate) fn now(self) {
        let _ = self.0.try_update(|count| *count += 1);
    }
}
