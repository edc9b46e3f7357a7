//! Pages that move by themselves: one that listens to `/api/events` reads its data again when something of
//! what it shows has changed, on whatever server.
//!
//! What is told is only that something changed; what is shown is read as always. So there is one way in which
//! a page comes by its data, and it is never half of one state and half of another.

mod stream;

use std::time::Duration;

use leptos::leptos_dom::helpers::{set_timeout, window_event_listener_untyped};
use leptos::prelude::*;

use crate::browser;
use crate::refresh::Refresh;
use stream::{Heard, Stream};

pub(crate) use stream::Topic;

/// How long a page rests between two readings, however much happens.
const REST: Duration = Duration::from_millis(300);
/// A stream that was refused is asked for again after so long, doubled with each time.
const AGAIN_MIN: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(15);
/// After so many failures in a row a page says that it is offline.
const FAILURES_MAX: u32 = 3;

/// Whether what is shown moves by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It does not yet: the stream was not asked for, or not answered.
    Silent,
    Live,
    Reconnecting,
    Offline,
}

/// When it may read again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pace {
    Idle,
    /// It has read a moment ago.
    Resting,
    /// The same, and something has changed since.
    Due,
}

/// What a page knows of its stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    standing: RwSignal<Standing>,
    /// How often the stream failed since it was last heard.
    failures: StoredValue<u32>,
    /// How often it was asked for anew: where that changes it is asked for again.
    attempts: RwSignal<u32>,
    refresh: Refresh,
    pace: StoredValue<Pace>,
}

impl Live {
    /// For a new page; its head says how it stands.
    pub(crate) fn provide(refresh: Refresh) -> Self {
        let live = Self {
            standing: RwSignal::new(Standing::Silent),
            failures: StoredValue::new(0),
            attempts: RwSignal::new(0),
            refresh,
            pace: StoredValue::new(Pace::Idle),
        };
        provide_context(live);
        live
    }

    /// How this page stands, where it listens.
    pub(crate) fn standing() -> Option<RwSignal<Standing>> {
        use_context::<Self>().map(|live| live.standing)
    }

    /// Listens for as long as the page is there and in front: a tab behind others gives its connection back,
    /// of which a browser has few.
    pub(crate) fn listen(self, topic: impl Fn() -> Topic + Send + Sync + 'static) {
        let topic = Memo::new(move |_| topic());
        let seen = RwSignal::new(true);
        Effect::new(move |_| {
            seen.set(browser::is_seen());
            let watching = window_event_listener_untyped("visibilitychange", move |_| {
                let _ = seen.try_set(browser::is_seen());
            });
            on_cleanup(move || watching.remove());
        });
        Effect::new(move |_| {
            self.attempts.track();
            let (topic, is_seen) = (topic.get(), seen.get());
            if let Some(stream) = is_seen.then(|| Stream::open(&topic, move |heard| self.hear(heard))).flatten() {
                // It is closed when this runs again, or the page is gone. The server never comes here: it may not
                // drop on one thread what it made on another.
                StoredValue::new_local(stream);
            }
        });
    }

    fn hear(self, heard: Heard) {
        match heard {
            Heard::Opened => {
                let _ = self.failures.try_set_value(0);
                let _ = self.standing.try_set(Standing::Live);
                // What was done between the reading and the listening would be missing.
                self.read_soon();
            }
            Heard::Changed => self.read_soon(),
            Heard::Failed => _ = self.failed(),
            Heard::Refused => {
                let failures = self.failed();
                let again = AGAIN_MAX.min(AGAIN_MIN * 2_u32.pow(failures.min(6)));
                set_timeout(move || _ = self.attempts.try_update(|attempts| *attempts += 1), again);
            }
        }
    }

    /// Counts a failure: how many there were in a row before it.
    fn failed(self) -> u32 {
        let before = self.failures.try_get_value().unwrap_or_default();
        let _ = self.failures.try_set_value(before.saturating_add(1));
        let standing = if before + 1 < FAILURES_MAX { Standing::Reconnecting } else { Standing::Offline };
        let _ = self.standing.try_set(standing);
        before
    }

    /// At once, or as soon as it has rested from the last reading.
    fn read_soon(self) {
        match self.pace.try_get_value() {
            Some(Pace::Idle) => self.read(),
            Some(Pace::Resting) => _ = self.pace.try_set_value(Pace::Due),
            Some(Pace::Due) | None => {}
        }
    }

    fn read(self) {
        self.refresh.now();
        let _ = self.pace.try_set_value(Pace::Resting);
        set_timeout(move || self.rested(), REST);
    }

    fn rested(self) {
        match self.pace.try_get_value() {
            Some(Pace::Due) => self.read(),
            Some(Pace::Idle | Pace::Resting) => _ = self.pace.try_set_value(Pace::Idle),
            None => {}
        }
    }
}
