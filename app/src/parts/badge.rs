//! What became of a reservation: a word and a shape, never colour alone.

use domain::reservation::ReservationStatus;
use leptos::prelude::*;

/// The word for a status.
pub(crate) const fn status_word(status: ReservationStatus) -> &'static str {
    match status {
        ReservationStatus::Held => "Held",
        ReservationStatus::Confirmed => "Confirmed",
        ReservationStatus::Released => "Released",
        ReservationStatus::Expired => "Expired",
    }
}

/// The shape for a status, in a square of 12: half full, checked, open, crossed.
const fn shape(status: ReservationStatus) -> &'static str {
    match status {
        ReservationStatus::Held => "M6 1.5a4.5 4.5 0 1 0 0 9zM6 1.5a4.5 4.5 0 0 1 0 9",
        ReservationStatus::Confirmed => "M2 6.5 5 9.5 10 3",
        ReservationStatus::Released => "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9",
        ReservationStatus::Expired => "M2.5 2.5l7 7M9.5 2.5l-7 7",
    }
}

/// A status.
#[component]
pub(crate) fn StatusBadge(#[prop(into)] status: Signal<ReservationStatus>) -> impl IntoView {
    view! {
        <span class="badge" data-status=move || status.get().as_str()>
            <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                <path d=move || shape(status.get()) />
            </svg>
            {move || status_word(status.get())}
        </span>
    }
}

/// A product that is not on sale.
#[component]
pub(crate) fn ArchivedBadge() -> impl IntoView {
    view! { <span class="badge" data-status="archived">"Archived"</span> }
}

/// A product at or below its threshold, or without a unit left.
#[component]
pub(crate) fn LowBadge(available: i64, threshold: Option<i64>) -> impl IntoView {
    let word = match threshold {
        _ if available <= 0 => Some("Sold out"),
        Some(threshold) if available <= threshold => Some("Nearly sold out"),
        Some(_) | None => None,
    };
    word.map(|word| view! { <span class="badge" data-status="low">{word}</span> })
}
