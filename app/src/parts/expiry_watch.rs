//! Watches the holds on a page: when one's time is over the page is read again by itself, and says so.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::ids::ReservationId;
use domain::reservation::{ReservationStatus, ReservationView};
use domain::time::Timestamp;
use leptos::leptos_dom::helpers::set_timeout;
use leptos::prelude::*;

use super::toast::Toasts;
use crate::clock::ServerClock;
use crate::refresh::Refresh;
use crate::words::lines_in_words;

/// When the page is read again after a deadline. The sweep needs a moment to give the units back; it is
/// asked for again in case it was late.
const READ_AGAIN_MS: [u64; 3] = [250, 600, 1_500];

/// Watches what `shown` says is on the page.
pub(crate) fn watch(shown: Signal<Vec<ReservationView>>, refresh: Refresh) {
    let (clock, toasts) = (ServerClock::here(), Toasts::here());
    // Holds that were seen to end here, and have not been read as ended yet.
    let ended: StoredValue<BTreeMap<ReservationId, (Timestamp, String)>> = StoredValue::default();
    Effect::new(move |_| {
        let Some(now_ms) = clock.now_ms() else { return };
        let newly_ended = shown.with_untracked(|shown| note_ended(shown, now_ms, ended));
        if newly_ended {
            for after_ms in READ_AGAIN_MS {
                set_timeout(move || refresh.now(), Duration::from_millis(after_ms));
            }
        }
    });
    Effect::new(move |_| {
        shown.with(|shown| {
            for text in read_as_ended(shown, ended) {
                toasts.say(text);
            }
        });
    });
}

/// Whether a hold has ended since the last look.
fn note_ended(
    shown: &[ReservationView],
    now_ms: i64,
    ended: StoredValue<BTreeMap<ReservationId, (Timestamp, String)>>,
) -> bool {
    let mut newly = false;
    for ReservationView { reservation, .. } in shown {
        let is_over = reservation.expires_at.unix_milliseconds() <= now_ms;
        let known = ended.with_value(|ended| ended.get(&reservation.id).map(|(at, _)| *at));
        if is_over && reservation.status == ReservationStatus::Held && known != Some(reservation.expires_at) {
            let words = lines_in_words(reservation);
            ended.update_value(|ended| _ = ended.insert(reservation.id, (reservation.expires_at, words)));
            newly = true;
        }
    }
    newly
}

/// What is to be said of holds that ended on this page and now read so, or are gone from the list.
fn read_as_ended(
    shown: &[ReservationView],
    ended: StoredValue<BTreeMap<ReservationId, (Timestamp, String)>>,
) -> Vec<String> {
    let mut said = Vec::new();
    ended.update_value(|ended| {
        ended.retain(|id, (at, words)| {
            let read = shown.iter().map(|view| &view.reservation).find(|reservation| reservation.id == *id);
            match read.map(|reservation| (reservation.status, reservation.expires_at)) {
                Some((ReservationStatus::Held, deadline)) => deadline == *at,
                Some((ReservationStatus::Expired, _)) | None => {
                    said.push(format!("A hold expired: {words} back on sale."));
                    false
                }
                Some((ReservationStatus::Confirmed | ReservationStatus::Released, _)) => false,
            }
        });
    });
    said
}

/// Watches one deadline: the page is read again when it has passed.
pub(crate) fn watch_deadline(deadline: Signal<Option<Timestamp>>, refresh: Refresh) {
    let clock = ServerClock::here();
    let passed: StoredValue<Option<Timestamp>> = StoredValue::new(None);
    Effect::new(move |_| {
        let (Some(now_ms), Some(deadline)) = (clock.now_ms(), deadline.get()) else { return };
        if deadline.unix_milliseconds() <= now_ms && passed.get_value() != Some(deadline) {
            passed.set_value(Some(deadline));
            for after_ms in READ_AGAIN_MS {
                set_timeout(move || refresh.now(), Duration::from_millis(after_ms));
            }
        }
    });
}
