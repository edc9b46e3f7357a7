//! Stock as one bar: reserved, available, and what is missing to the threshold. Drawn by attributes, since
//! a strict content policy refuses inline styles.

use domain::quantity::grouped;
use domain::stock::StockLevel;
use leptos::prelude::*;

/// How high the bar is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BarSize {
    /// In a row.
    Small,
    /// On a product's own page.
    Large,
}

/// The parts of a bar, as fractions of its width in thousandths.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Parts {
    reserved: i64,
    available: i64,
    missing: i64,
}

/// One bar. What it shows is said in its label too.
#[component]
pub(crate) fn StockBar(
    #[prop(into)] level: Signal<StockLevel>,
    #[prop(into)] threshold: Signal<Option<i64>>,
    #[prop(default = BarSize::Small)] size: BarSize,
) -> impl IntoView {
    let parts = Memo::new(move |_| parts(level.get(), threshold.get()));
    let class = match size {
        BarSize::Small => "stock-bar",
        BarSize::Large => "stock-bar large",
    };
    let label = move || {
        let level = level.get();
        let (reserved, available) = (grouped(level.reserved), grouped(level.available()));
        format!("{reserved} held, {available} available")
    };
    view! {
        <svg class=class viewBox="0 0 1000 8" preserveAspectRatio="none" role="img" aria-label=label>
            <rect class="bar-ground" width="1000" height="8" />
            <rect class="bar-reserved" width=move || parts.get().reserved height="8" />
            <rect
                class="bar-available"
                x=move || parts.get().reserved
                width=move || parts.get().available
                height="8"
            />
            <rect
                class="bar-missing"
                x=move || 1000 - parts.get().missing
                width=move || parts.get().missing
                height="8"
            />
        </svg>
    }
}

/// The bar ends at what is on hand, or further right where the threshold asks for more.
fn parts(level: StockLevel, threshold: Option<i64>) -> Parts {
    let missing = threshold.unwrap_or(0).saturating_sub(level.available()).max(0);
    let whole = i128::from(level.on_hand) + i128::from(missing);
    let part = |units: i64| match whole {
        0 => 0,
        whole => i64::try_from(i128::from(units) * 1_000 / whole).unwrap_or(0),
    };
    Parts { reserved: part(level.reserved), available: part(level.available()), missing: part(missing) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_bar_fill_it_and_no_more() {
        let parts = |on_hand, reserved, threshold| parts(StockLevel { on_hand, reserved }, threshold);
        assert_eq!(parts(10, 4, None), Parts { reserved: 400, available: 600, missing: 0 });
        assert_eq!(parts(10, 4, Some(16)), Parts { reserved: 200, available: 300, missing: 500 });
        assert_eq!(parts(0, 0, None), Parts { reserved: 0, available: 0, missing: 0 });
        let vast = parts(i64::MAX, i64::MAX / 2, Some(i64::MAX));
        assert!(vast.reserved + vast.available + vast.missing <= 1_000);
    }
}
