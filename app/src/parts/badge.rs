//! Where a reservation or an order stands: a word and a shape, never colour alone.

use domain::order::OrderStatus;
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

/// The word for an order's status.
pub(crate) const fn order_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "Pending",
        OrderStatus::Confirmed => "Confirmed",
        OrderStatus::Processing => "Processing",
        OrderStatus::Shipped => "Shipped",
        OrderStatus::Delivered => "Delivered",
        OrderStatus::Cancelled => "Cancelled",
        OrderStatus::Expired => "Expired",
        OrderStatus::Returned => "Returned",
    }
}

/// The shape for an order's status, in a square of 12: half full, checked, stacked, on its way, at home,
/// struck out, crossed, coming back.
pub(crate) const fn order_shape(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "M6 1.5a4.5 4.5 0 1 0 0 9zM6 1.5a4.5 4.5 0 0 1 0 9",
        OrderStatus::Confirmed => "M2 6.5 5 9.5 10 3",
        OrderStatus::Processing => "M2 3h8M2 6h8M2 9h5",
        OrderStatus::Shipped => "M1.5 6h8.5M7 2.5 10.5 6 7 9.5",
        OrderStatus::Delivered => "M2 6.5 6 2.5l4 4M3.5 6v4.5h5V6",
        OrderStatus::Cancelled => "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M3 9l6-6",
        OrderStatus::Expired => "M2.5 2.5l7 7M9.5 2.5l-7 7",
        OrderStatus::Returned => "M4.5 2 2 4.5 4.5 7M2 4.5h5.5a2.7 2.7 0 0 1 0 5.5H5",
    }
}

/// Where an order stands.
#[component]
pub(crate) fn OrderBadge(#[prop(into)] status: Signal<OrderStatus>) -> impl IntoView {
    view! {
        <span class="badge" data-status=move || status.get().as_str()>
            <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                <path d=move || order_shape(status.get()) />
            </svg>
            {move || order_word(status.get())}
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

/// Whether somebody or something is let in, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Standing {
    Valid(&'static str),
    Over(&'static str),
}

/// Whether somebody or something is let in.
#[component]
pub(crate) fn AccountBadge(standing: Standing) -> impl IntoView {
    let (status, shape, word) = match standing {
        Standing::Valid(word) => ("valid", "M2 6.5 5 9.5 10 3", word),
        Standing::Over(word) => ("over", "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M3 9l6-6", word),
    };
    view! {
        <span class="badge" data-status=status>
            <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
                <path d=shape />
            </svg>
            {word}
        </span>
    }
}
