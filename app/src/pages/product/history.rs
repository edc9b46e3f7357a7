//! How a product's stock has moved: drawn, and as a table for those who do not see the drawing.

use std::fmt::Write as _;

use domain::history::{StockHistory, Stretch};
use domain::quantity::grouped;
use domain::stock::StockLevel;
use domain::time::Timestamp;
use leptos::prelude::*;

use crate::error::ApiError;
use crate::parts::loaded::Loaded;
use crate::parts::moment::Moment;
use crate::query::Query;

/// How wide a step is drawn, and how high the drawing is; the page stretches both.
const STEP: usize = 10;
const HEIGHT: i64 = 1_000;

const STRETCHES: [(Stretch, &str, &str); 4] = [
    (Stretch::Hour, "Hour", "the last hour"),
    (Stretch::Day, "Day", "the last day"),
    (Stretch::Month, "Month", "the last 30 days"),
    (Stretch::All, "All", "all time"),
];

/// Which stretch the address asks for.
pub(super) fn stretch_of(query: &Query) -> Stretch {
    query.get("over").and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[component]
pub(super) fn HistorySection(
    history: Resource<Result<StockHistory, ApiError>>,
    query: Memo<Query>,
    stretch: Memo<Stretch>,
) -> impl IntoView {
    let tab = move |(this, word, _): (Stretch, &'static str, &'static str)| {
        let href = move || {
            let mut query = query.get().without("over");
            if this != Stretch::default() {
                query.0.push(("over".to_owned(), <&str>::from(this).to_owned()));
            }
            match query.written() {
                written if written.is_empty() => "?".to_owned(),
                written => written,
            }
        };
        let current = move || (stretch.get() == this).then_some("page");
        view! { <a class="tab" href=href aria-current=current data-noscroll="true">{word}</a> }
    };
    view! {
        <section class="section card history" aria-labelledby="history-title">
            <div class="section-head">
                <h2 id="history-title">"Stock over time"</h2>
                <nav class="tabs" aria-label="How far back">
                    {STRETCHES.map(tab).into_iter().collect_view()}
                </nav>
            </div>
            <Loaded data=history rows=4 let:history>
                <Chart history=history stretch=stretch />
            </Loaded>
        </section>
    }
}

#[component]
fn Chart(history: Signal<StockHistory>, stretch: Memo<Stretch>) -> impl IntoView {
    let most = Memo::new(move |_| history.with(|history| highest(&history.levels)));
    let label = move || {
        let over = STRETCHES.iter().find(|(this, ..)| *this == stretch.get()).map_or("", |(.., words)| words);
        history.with(|history| in_words(history, over))
    };
    let reserved = move || history.with(|history| area(&history.levels, |_| 0, |level| level.reserved));
    let available =
        move || history.with(|history| area(&history.levels, |level| level.reserved, |level| level.on_hand));
    let on_hand = move || history.with(|history| edge(&history.levels, |level| level.on_hand));
    let view_box = move || {
        let steps = history.with(|history| history.levels.len().saturating_sub(1));
        format!("0 0 {} {HEIGHT}", steps * STEP)
    };
    view! {
        <figure class="chart">
            <div class="chart-scale" aria-hidden="true">
                <span>{move || grouped(most.get())}</span>
                <span>"0"</span>
            </div>
            <svg class="chart-drawing" viewBox=view_box preserveAspectRatio="none" role="img" aria-label=label>
                <path class="chart-available" d=available />
                <path class="chart-reserved" d=reserved />
                <path class="chart-on-hand" d=on_hand />
            </svg>
            <div class="chart-ends" aria-hidden="true">
                <Moment at=Signal::derive(move || history.with(|history| history.from)) />
                <Moment at=Signal::derive(move || history.with(|history| history.to)) />
            </div>
            <figcaption class="chart-key">
                <span data-tone="on-hand">"On hand"</span>
                <span data-tone="held">"Held"</span>
                <span data-tone="available">"Available"</span>
            </figcaption>
        </figure>
        <details class="chart-table">
            <summary>"As a table"</summary>
            <div class="table-frame">
                <table class="table">
                    <caption class="unseen">"Stock over time, where it changed"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"By"</th>
                            <th scope="col" class="number">"On hand"</th>
                            <th scope="col" class="number">"Held"</th>
                            <th scope="col" class="number">"Available"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || history.with(changes) key=|(at, level)| (*at, level.on_hand, level.reserved) let:change>
                            <Change at=change.0 level=change.1 />
                        </For>
                    </tbody>
                </table>
            </div>
        </details>
    }
}

#[component]
fn Change(at: Timestamp, level: StockLevel) -> impl IntoView {
    view! {
        <tr>
            <td>
                <Moment at=at />
            </td>
            <td class="number">{grouped(level.on_hand)}</td>
            <td class="number">{grouped(level.reserved)}</td>
            <td class="number">{grouped(level.available())}</td>
        </tr>
    }
}

/// The first level, and each that differs from the one before it.
fn changes(history: &StockHistory) -> Vec<(Timestamp, StockLevel)> {
    let mut before = None;
    let levels = (0_i64..).zip(&history.levels);
    let changed = levels.filter(|(_, level)| before.replace(**level) != Some(**level));
    changed.map(|(number, level)| (history.at(number), *level)).collect()
}

fn in_words(history: &StockHistory, over: &str) -> String {
    let level = |level: Option<&StockLevel>| {
        let level = level.copied().unwrap_or_default();
        format!("{} available and {} held", grouped(level.available()), grouped(level.reserved))
    };
    let (first, last) = (level(history.levels.first()), level(history.levels.last()));
    format!("Stock over {over}: {first} at first, {last} now. The table below has the same.")
}

fn highest(levels: &[StockLevel]) -> i64 {
    levels.iter().map(|level| level.on_hand).max().unwrap_or_default().max(1)
}

/// How far down a count lies.
fn down(count: i64, most: i64) -> i64 {
    let part = i128::from(count) * i128::from(HEIGHT) / i128::from(most);
    HEIGHT - i64::try_from(part).unwrap_or_default()
}

/// The line along a count. A level stays until the next one.
fn edge(levels: &[StockLevel], count: impl Fn(&StockLevel) -> i64) -> String {
    let most = highest(levels);
    let mut path = String::new();
    for (number, level) in levels.iter().enumerate() {
        let y = down(count(level), most);
        // Writing to a text does not fail.
        let _ = match number {
            0 => write!(path, "M0 {y}"),
            number => write!(path, "H{}V{y}", number * STEP),
        };
    }
    path
}

/// The area between two counts: along the upper one, and back along the lower.
fn area(levels: &[StockLevel], bottom: impl Fn(&StockLevel) -> i64, top: impl Fn(&StockLevel) -> i64) -> String {
    let most = highest(levels);
    let mut path = edge(levels, top);
    for (number, level) in levels.iter().enumerate().rev() {
        let _ = write!(path, "V{}H{}", down(bottom(level), most), number * STEP);
    }
    path.push('Z');
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [StockLevel; 3] = [
        StockLevel { on_hand: 10, reserved: 0 },
        StockLevel { on_hand: 10, reserved: 4 },
        StockLevel { on_hand: 5, reserved: 0 },
    ];

    #[test]
    fn a_level_is_drawn_until_the_next_one() {
        assert_eq!(edge(&LEVELS, |level| level.on_hand), "M0 0H10V0H20V500");
        let held = area(&LEVELS, |_| 0, |level| level.reserved);
        assert_eq!(held, "M0 1000H10V600H20V1000V1000H20V1000H10V1000H0Z");
        assert_eq!(edge(&[StockLevel::default()], |level| level.on_hand), "M0 1000");
    }

    #[test]
    fn the_table_has_a_row_where_something_changed() {
        let from: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let levels = [vec![LEVELS[0]; 96], vec![LEVELS[2]]].concat();
        let history = StockHistory { from, to: from.plus_seconds(9_600), levels };
        assert_eq!(changes(&history), [(from, LEVELS[0]), (history.to, LEVELS[2])]);
    }
}
