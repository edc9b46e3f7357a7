//! How long a hold has left, to the second, by the server's clock.

use domain::time::Timestamp;
use leptos::prelude::*;

use crate::clock::ServerClock;

/// Under this it turns amber.
const SOON_MS: i64 = 60_000;

/// `mm:ss`, then "expired". All of them run by the one clock of the page.
#[component]
pub(crate) fn Countdown(
    #[prop(into)] deadline: Signal<Timestamp>,
    /// When the deadline was read, for what the server renders.
    #[prop(into)]
    server_time: Signal<Timestamp>,
) -> impl IntoView {
    let clock = ServerClock::here();
    let left = Memo::new(move |_| seconds_left(clock.left_ms(deadline.get(), server_time.get())));
    let state = move || match left.get() {
        0 => "over",
        seconds if seconds * 1_000 < SOON_MS => "soon",
        _ => "running",
    };
    view! {
        <span class="countdown" role="timer" data-state=state title=move || format!("Ends {} UTC", deadline.get().to_calendar())>
            {move || in_words(left.get())}
        </span>
    }
}

/// A second that has begun counts: `00:01` is shown until it is over.
fn seconds_left(left_ms: i64) -> i64 {
    left_ms.max(0).saturating_add(999) / 1_000
}

fn in_words(seconds: i64) -> String {
    match seconds {
        0 => "expired".to_owned(),
        seconds => format!("{:02}:{:02}", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_ends_exactly_at_the_deadline() {
        let cases =
            [(600_000, "10:00"), (599_001, "10:00"), (59_000, "00:59"), (1, "00:01"), (0, "expired"), (-5, "expired")];
        for (left_ms, words) in cases {
            assert_eq!(in_words(seconds_left(left_ms)), words, "{left_ms}");
        }
    }
}
