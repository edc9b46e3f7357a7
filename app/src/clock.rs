//! The server's clock, as far as a browser can know it. Countdowns run by it and never by the browser's
//! own clock, which may be minutes off.

use std::time::Duration;

use domain::time::Timestamp;
use leptos::leptos_dom::helpers::{set_interval_with_handle, set_timeout};
use leptos::prelude::*;

use crate::browser;

/// How often countdowns are looked at; a second is then never shown a quarter of a second late.
const TICK: Duration = Duration::from_millis(250);

/// What time it is on the server; nothing while the server renders and until the browser took over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerClock {
    now_ms: RwSignal<Option<i64>>,
    /// The server's time when the page was asked for.
    start_ms: StoredValue<Option<f64>>,
    /// Whether what is shown came with the document, not by a later request.
    first: StoredValue<bool>,
}

impl ServerClock {
    /// Provides the one clock, and starts it in the browser.
    pub(crate) fn provide() {
        let clock =
            Self { now_ms: RwSignal::new(None), start_ms: StoredValue::new(None), first: StoredValue::new(true) };
        provide_context(clock);
        Effect::new(move |_| {
            set_timeout(move || clock.first.set_value(false), Duration::ZERO);
            let ticking = set_interval_with_handle(move || clock.tick(), TICK).ok();
            on_cleanup(move || ticking.iter().for_each(|ticking| ticking.clear()));
        });
    }

    /// The clock of this page. One that stands still, where nobody provided one.
    pub(crate) fn here() -> Self {
        use_context().unwrap_or_else(|| Self {
            now_ms: RwSignal::new(None),
            start_ms: StoredValue::new(None),
            first: StoredValue::new(true),
        })
    }

    /// Milliseconds since 1970, on the server.
    pub(crate) fn now_ms(self) -> Option<i64> {
        self.now_ms.get()
    }

    /// The same, for what need not be told of every tick.
    pub(crate) fn now_ms_untracked(self) -> Option<i64> {
        self.now_ms.get_untracked()
    }

    /// Milliseconds until `deadline`; until the browser took over, as it was at `server_time`.
    pub(crate) fn left_ms(self, deadline: Timestamp, server_time: Timestamp) -> i64 {
        let now = self.now_ms().unwrap_or_else(|| server_time.unix_milliseconds());
        deadline.unix_milliseconds().saturating_sub(now)
    }

    /// Learns the time from an answer. An answer is old by the time that it was on its way, so of all that
    /// came the one that says the latest is the best.
    pub(crate) fn sync(self, server_time: Timestamp) {
        let came_ms = match self.first.get_value() {
            true => browser::document_came_ms().unwrap_or_else(browser::elapsed_ms),
            false => browser::elapsed_ms(),
        };
        let start = server_time.unix_milliseconds() as f64 - came_ms;
        if self.start_ms.get_value().is_none_or(|known| start > known) {
            self.start_ms.set_value(Some(start));
        }
        self.tick();
    }

    fn tick(self) {
        if let Some(start) = self.start_ms.get_value() {
            self.now_ms.set(Some((start + browser::elapsed_ms()) as i64));
        }
    }
}

/// Keeps the clock to what the answers of this page say.
pub(crate) fn sync_with(server_time: impl Fn() -> Option<Timestamp> + 'static) {
    let clock = ServerClock::here();
    Effect::new(move |_| {
        if let Some(server_time) = server_time() {
            clock.sync(server_time);
        }
    });
}
