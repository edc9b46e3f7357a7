//! The few icons, drawn in lines of the text's own colour. They are never alone: a word stands beside.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Icon {
    Overview,
    Products,
    Reservations,
    Orders,
    Warehouses,
    Audit,
    Chaos,
    Settings,
    Person,
    Leave,
    More,
    Search,
    Sun,
    Moon,
    Close,
}

impl Icon {
    /// Its lines, in a square of 20.
    const fn path(self) -> &'static str {
        match self {
            Self::Overview => "M3 3h6v8H3zM11 3h6v5h-6zM11 10h6v7h-6zM3 13h6v4H3z",
            Self::Products => "M10 2.5 17 6v8l-7 3.5L3 14V6zM3 6l7 3.5L17 6M10 9.5v8",
            Self::Reservations => "M10 3a7.5 7.5 0 1 1 0 15 7.5 7.5 0 0 1 0-15M10 6.5v4.2l2.8 1.8",
            Self::Orders => "M5 2.5h10v15l-2.5-1.6-2.5 1.6-2.5-1.6L5 17.5zM8 6.5h4M8 10h4",
            Self::Warehouses => "M2.5 17.5v-10L10 3l7.5 4.5v10M6 17.5v-7h8v7M6 14h8",
            Self::Audit => "M4 4.5h1M8 4.5h8M4 10h1M8 10h8M4 15.5h1M8 15.5h8",
            Self::Chaos => "M11 2.5 4.5 11.5H10L9 17.5l6.5-9H10z",
            Self::Settings => "M3 6h7M14 6h3M12 4v4M3 14h3M10 14h7M8 12v4",
            Self::Person => "M10 3.5a3.25 3.25 0 1 1 0 6.5 3.25 3.25 0 0 1 0-6.5M3.5 17a6.5 6.5 0 0 1 13 0",
            Self::Leave => "M11.5 3H4v14h7.5M8.5 10H17M14 7l3 3-3 3",
            Self::More => "M3 5.5h14M3 10h14M3 14.5h14",
            Self::Search => "M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11M13 13l4 4",
            Self::Sun => {
                "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7M10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 \
                 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1"
            }
            Self::Moon => "M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z",
            Self::Close => "M5 5l10 10M15 5 5 15",
        }
    }
}

/// An icon of 20 by 20.
#[component]
pub(crate) fn Picture(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
            <path d=icon.path() />
        </svg>
    }
}

/// The mark of the house: a hand's breadth of stock, held.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
            <rect class="mark-ground" width="24" height="24" rx="6" />
            <path class="mark-lines" d="M7 5.5v13M17 5.5v13M7 12h10" />
        </svg>
    }
}
