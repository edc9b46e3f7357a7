//! The buyers as small squares. All that share a fate are one path: twenty thousand elements would be too
//! many for a browser, eight are not.

use std::fmt::Write as _;

use domain::chaos::{ChaosRun, Counts, Square};
use domain::quantity::grouped;
use leptos::prelude::*;
use strum::VariantArray as _;

/// The width and height of a cell, in the units of the drawing. A mark is at most seven of them.
const CELL: usize = 8;

/// How many cells stand in a row, and how large they are drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Layout {
    columns: usize,
    rows: usize,
    /// The width of a cell on a screen that has room for all of them.
    pixels: usize,
}

/// The grid, and what its marks mean.
#[component]
pub(super) fn Grid(run: Signal<Option<ChaosRun>>) -> impl IntoView {
    let layout = Memo::new(move |_| run.with(|run| layout(run.as_ref().map_or(0, |run| run.squares.0.len()))));
    let counts = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.counts).unwrap_or_default()));
    let view_box = move || {
        let Layout { columns, rows, .. } = layout.get();
        format!("0 0 {} {}", columns * CELL, rows * CELL)
    };
    let label = move || {
        let Counts { won, refused, .. } = counts.get();
        format!("Buyers: {} won, {} refused, {} not over", count(won), count(refused), count(counts.get().open()))
    };
    let path = move |square: Square| {
        let drawn = Memo::new(move |_| {
            let columns = layout.get().columns;
            run.with(|run| run.as_ref().map(|run| marks(&run.squares.0, square, columns)).unwrap_or_default())
        });
        view! { <path data-square=name(square) d=move || drawn.get() /> }
    };
    view! {
        <svg
            class="chaos-grid"
            role="img"
            aria-label=label
            viewBox=view_box
            width=move || layout.get().columns * layout.get().pixels
            height=move || layout.get().rows * layout.get().pixels
        >
            {Square::VARIANTS.iter().map(|square| path(*square)).collect_view()}
        </svg>
        <ul class="chaos-legend">
            {Square::VARIANTS.iter().map(|square| view! { <Meaning square=*square counts=counts /> }).collect_view()}
        </ul>
    }
}

/// One mark, its word, and how many there are. Those that nobody has are left out, but for the two that a
/// run is about.
#[component]
fn Meaning(square: Square, counts: Memo<Counts>) -> impl IntoView {
    let many = Memo::new(move |_| counts.with(|counts| of(counts, square)));
    let is_shown = Memo::new(move |_| many.get() > 0 || matches!(square, Square::Won | Square::Refused));
    let mut mark = String::new();
    draw(&mut mark, square, 0, 0);
    let mark = StoredValue::new(mark);
    view! {
        <Show when=move || is_shown.get()>
            <li>
                <svg class="chaos-mark" viewBox="0 0 7 7" width="12" height="12" aria-hidden="true">
                    <path data-square=name(square) d=mark.get_value() />
                </svg>
                {square.words()}
                " "
                <strong data-testid=name(square)>{move || count(many.get())}</strong>
            </li>
        </Show>
    }
}

fn name(square: Square) -> &'static str {
    match square {
        Square::Waiting => "waiting",
        Square::Held => "held",
        Square::Asking => "asking",
        Square::Won => "won",
        Square::WonAgain => "won-again",
        Square::Refused => "refused",
        Square::GaveBack => "gave-back",
        Square::Failed => "failed",
    }
}

/// How many have exactly this fate.
fn of(counts: &Counts, square: Square) -> u64 {
    match square {
        Square::Waiting => counts.waiting,
        Square::Held => counts.held,
        Square::Asking => counts.asking,
        Square::Won => counts.won.saturating_sub(counts.won_again),
        Square::WonAgain => counts.won_again,
        Square::Refused => counts.refused,
        Square::GaveBack => counts.gave_back,
        Square::Failed => counts.failed,
    }
}

/// About four times as wide as high, and the smaller the more there are.
fn layout(squares: usize) -> Layout {
    let columns = (squares * 4).isqrt().clamp(1, 400).max(squares.min(10));
    let pixels = match squares {
        0..=200 => 20,
        201..=2_000 => 12,
        _ => 6,
    };
    Layout { columns, rows: squares.div_ceil(columns).max(1), pixels }
}

/// All marks of one kind, as one path.
fn marks(squares: &[Square], kind: Square, columns: usize) -> String {
    let mut path = String::new();
    for (place, _) in squares.iter().enumerate().filter(|(_, square)| **square == kind) {
        draw(&mut path, kind, place % columns * CELL, place / columns * CELL);
    }
    path
}

/// A shape for each fate, so that none is told by its colour alone. Holes come of the even-odd rule.
fn draw(path: &mut String, square: Square, x: usize, y: usize) {
    let shape = match square {
        Square::Waiting => "m3 3h1v1h-1z",
        Square::Held => "h7v7h-7zm1 1v5h5v-5z",
        Square::Asking => "m3.5 0l3.5 3.5l-3.5 3.5l-3.5 -3.5z",
        Square::Won => "h7v7h-7z",
        Square::WonAgain => "h7v7h-7zm2.5 2.5v2h2v-2z",
        Square::Refused => "m2 2h3v3h-3z",
        Square::GaveBack => "m0 2.5h7v2h-7z",
        Square::Failed => "h2l1.5 2.5l1.5 -2.5h2l-2.5 3.5l2.5 3.5h-2l-1.5 -2.5l-1.5 2.5h-2l2.5 -3.5z",
    };
    // Writing to a string does not fail.
    let _ = write!(path, "M{x} {y}{shape}");
}

fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_square_has_a_place_of_its_own() {
        for squares in [1, 9, 50, 1_000, 20_000] {
            let Layout { columns, rows, .. } = layout(squares);
            assert!(columns * rows >= squares && columns * (rows - 1) < squares, "{squares}");
        }
        let path = marks(&[Square::Won, Square::Refused, Square::Won], Square::Won, 2);
        assert_eq!(path, "M0 0h7v7h-7zM0 8h7v7h-7z");
    }
}
