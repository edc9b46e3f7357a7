//! Watches the holds on a page: when one's time is over the page is read again by itself, and says so.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::ids::ReservationId;
use domain::reservation::{Reservation, ReservationStatus, ReservationView};
use domain::time::Timestamp;
use leptos::leptos_dom::helpers::set_timeout;
use leptos::prelude::*;

use super::toast::Toasts;
use crate::clock::ServerClock;
use crate::refresh::Refresh;
use crate::words::lines_in_words;

/// When the page is read again after a deadline, should it not have been told of it before. The sweep
/// needs a moment to give the units back; it is asked for again in case it was late.
const READ_AGAIN_MS: [u64; 3] = [250, 600, 1_500];

/// How far the clock of a page is behind the server's, between two of its ticks.
const BEHIND_MS: i64 = 250;

/// The holds that were shown as held, each with its deadline and what it held.
type Held = BTreeMap<ReservationId, (Timestamp, String)>;

/// Watches what `shown` says is on the page.
pub(crate) fn watch(shown: Signal<Vec<ReservationView>>, refresh: Refresh) {
    let (clock, toasts) = (ServerClock::here(), Toasts::here());
    read_when_over(
        move |now_ms| {
            shown.with_untracked(|shown| held(shown).map(|hold| hold.expires_at).filter(is_over(now_ms)).max())
        },
        refresh,
    );
    // Whether this page or the server's stream was the first to know: the page was read again, and what was
    // held before is not held any more.
    Effect::new(move |before: Option<Held>| {
        shown.with(|shown| {
            let now_ms = clock.now_ms_untracked().unwrap_or(i64::MIN);
            for words in before.iter().flat_map(|before| ended(before, shown, now_ms)) {
                toasts.say(format!("A hold expired: {words} back on sale."));
            }
            held(shown).map(|hold| (hold.id, (hold.expires_at, lines_in_words(hold)))).collect()
        })
    });
}

/// Watches one deadline.
pub(crate) fn watch_deadline(deadline: Signal<Option<Timestamp>>, refresh: Refresh) {
    read_when_over(move |now_ms| deadline.get_untracked().filter(is_over(now_ms)), refresh);
}

/// Reads the page again when the latest deadline that is over is another one than before.
fn read_when_over(latest: impl Fn(i64) -> Option<Timestamp> + 'static, refresh: Refresh) {
    let clock = ServerClock::here();
    Effect::new(move |before: Option<Option<Timestamp>>| {
        let before = before.flatten();
        let latest = clock.now_ms().and_then(&latest).max(before);
        if latest != before {
            for after_ms in READ_AGAIN_MS {
                set_timeout(move || refresh.now(), Duration::from_millis(after_ms));
            }
        }
        latest
    });
}

fn is_over(now_ms: i64) -> impl Fn(&Timestamp) -> bool {
    move |deadline| deadline.unix_milliseconds() <= now_ms
}

fn held(shown: &[ReservationView]) -> impl Iterator<Item = &Reservation> {
    shown.iter().map(|view| &view.reservation).filter(|hold| hold.status == ReservationStatus::Held)
}

/// What was held by those that now read as expired, or are past their deadline and gone from the list.
fn ended(before: &Held, shown: &[ReservationView], now_ms: i64) -> Vec<String> {
    let has_ended = |id, deadline: &Timestamp| {
        let read = shown.iter().find(|view| view.reservation.id == id);
        read.map_or_else(
            || is_over(now_ms.saturating_add(BEHIND_MS))(deadline),
            |view| view.reservation.status == ReservationStatus::Expired,
        )
    };
    let ended = before.iter().filter(|(id, (deadline, _))| has_ended(**id, deadline));
    ended.map(|(_, (_, words))| words.clone()).collect()
}
