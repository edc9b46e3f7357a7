//! The order machine as a picture, drawn from the table that declares it: where the order stands, and the
//! way that it took.

use domain::journal::NamedEntry;
use domain::order::OrderStatus;
use domain::order::machine::{By, TRANSITIONS, Transition};
use leptos::prelude::*;
use strum::VariantArray as _;

use crate::parts::badge::{order_shape, order_word};
use crate::words::listed;

const COLUMN: i32 = 164;
const ROW: i32 = 68;
const WIDE: i32 = 118;
const HIGH: i32 = 32;
const EDGE: i32 = 4;

/// Where a status is drawn: its column in halves, and its row. The way of an order that is bought and
/// kept is the row in the middle; how it ends otherwise lies above and below.
const fn place(status: OrderStatus) -> (i32, i32) {
    match status {
        OrderStatus::Pending => (0, 1),
        OrderStatus::Confirmed => (2, 1),
        OrderStatus::Processing => (4, 1),
        OrderStatus::Shipped => (6, 1),
        OrderStatus::Delivered => (8, 1),
        OrderStatus::Cancelled => (2, 0),
        OrderStatus::Expired => (1, 2),
        OrderStatus::Returned => (7, 2),
    }
}

/// The middle of a status.
const fn middle(status: OrderStatus) -> (i32, i32) {
    let (halves, row) = place(status);
    (EDGE + WIDE / 2 + halves * COLUMN / 2, EDGE + HIGH / 2 + row * ROW)
}

/// The statuses that an order had, by its journal, and the one that it has: a deadline that has passed
/// counts at once, and is told later.
pub(super) fn way_taken(entries: &[NamedEntry], now: OrderStatus) -> Vec<OrderStatus> {
    let of_order = entries.iter().map(|named| &named.entry).filter(|entry| entry.subject.kind() == "order");
    let told = of_order.filter_map(|entry| entry.after.as_ref()?.get("status")?.as_str()?.parse().ok());
    let mut way: Vec<OrderStatus> = told.chain([now]).collect();
    way.dedup();
    way
}

/// The diagram.
#[component]
pub(super) fn Machine(way: Memo<Vec<OrderStatus>>) -> impl IntoView {
    let (width, height) = (2 * EDGE + WIDE + 4 * COLUMN, 2 * EDGE + HIGH + 2 * ROW);
    let picture = move || {
        let way = way.get();
        let steps = TRANSITIONS.into_iter().map(|step| view! { <Step step=step is_taken=is_taken(&way, step) /> });
        let nodes =
            OrderStatus::VARIANTS.iter().map(|status| view! { <Node status=*status stands=stands(&way, *status) /> });
        view! {
            {steps.collect_view()}
            {nodes.collect_view()}
        }
    };
    view! {
        // It is as wide as its words need: on a small screen it is moved sideways within its frame.
        <div class="machine-frame" tabindex="0" role="group" aria-label="The way of the order">
            <svg
                class="machine"
                viewBox=format!("0 0 {width} {height}")
                width=width
                height=height
                role="img"
                aria-label=move || way.with(|way| in_words(way))
            >
                {picture}
            </svg>
        </div>
    }
}

#[component]
fn Step(step: Transition, is_taken: bool) -> impl IntoView {
    let by = match step.by {
        By::People => "people",
        By::System => "system",
    };
    view! { <path class="machine-step" data-by=by data-taken=is_taken.then_some("true") d=line(step) /> }
}

#[component]
fn Node(status: OrderStatus, stands: &'static str) -> impl IntoView {
    let (x, y) = middle(status);
    let corner = format!("translate({} {})", x - WIDE / 2 + 10, y - 6);
    view! {
        <g class="machine-node" data-status=status.as_str() data-stands=stands>
            <rect x=x - WIDE / 2 y=y - HIGH / 2 width=WIDE height=HIGH rx="6" />
            <path d=order_shape(status) transform=corner />
            <text x=x - WIDE / 2 + 28 y=y + 4>{order_word(status)}</text>
        </g>
    }
}

fn stands(way: &[OrderStatus], status: OrderStatus) -> &'static str {
    match way {
        [.., last] if *last == status => "now",
        way if way.contains(&status) => "past",
        _ => "other",
    }
}

fn is_taken(way: &[OrderStatus], step: Transition) -> bool {
    way.windows(2).any(|pair| *pair == [step.from, step.to])
}

/// The line of a step, with its arrow: straight between neighbours, else round the corner, in at the side
/// of what lies off the middle row.
fn line(Transition { from, to, .. }: Transition) -> String {
    let ((x1, y1), (x2, y2)) = (middle(from), middle(to));
    let (right, down) = ((x2 - x1).signum(), (y2 - y1).signum());
    let is_middle = |status| place(status).1 == 1;
    if y1 == y2 {
        let (start, end) = (x1 + right * WIDE / 2, x2 - right * WIDE / 2);
        format!("M{start} {y1}H{end}{}", arrow(end, y2, right, 0))
    } else if x1 == x2 {
        let (start, end) = (y1 + down * HIGH / 2, y2 - down * HIGH / 2);
        format!("M{x1} {start}V{end}{}", arrow(x2, end, 0, down))
    } else if is_middle(from) {
        let (start, end) = (y1 + down * HIGH / 2, x2 - right * WIDE / 2);
        format!("M{x1} {start}Q{x1} {y2} {end} {y2}{}", arrow(end, y2, right, 0))
    } else {
        let (start, end) = (x1 + right * WIDE / 2, y2 - down * HIGH / 2);
        format!("M{start} {y1}Q{x2} {y1} {x2} {end}{}", arrow(x2, end, 0, down))
    }
}

/// Two short lines that end at a point, coming from a direction.
fn arrow(x: i32, y: i32, right: i32, down: i32) -> String {
    let (back_x, back_y) = (x - 6 * right, y - 6 * down);
    let (aside_x, aside_y) = (4 * down, 4 * right);
    format!("M{} {}L{x} {y}L{} {}", back_x + aside_x, back_y + aside_y, back_x - aside_x, back_y - aside_y)
}

/// What the diagram shows, for those who do not see it.
fn in_words(way: &[OrderStatus]) -> String {
    let words = |statuses: &[OrderStatus]| statuses.iter().map(|status| status.to_string()).collect::<Vec<_>>();
    let Some(now) = way.last() else { return String::new() };
    let next = match words(&now.allowed()).as_slice() {
        [] => "Nothing follows.".to_owned(),
        next => format!("It may become {}.", listed(next, "or")),
    };
    format!("The order's way so far: {}. {next}", words(way).join(", then "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_line_of_its_own_and_no_two_statuses_one_place() {
        let mut lines: Vec<String> = TRANSITIONS.into_iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), TRANSITIONS.len());
        let mut places: Vec<(i32, i32)> = OrderStatus::VARIANTS.iter().map(|status| place(*status)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), OrderStatus::VARIANTS.len());
    }

    #[test]
    fn the_way_is_said_in_words() {
        use OrderStatus::{Cancelled, Confirmed, Pending};
        assert_eq!(
            in_words(&[Pending, Confirmed]),
            "The order's way so far: pending, then confirmed. It may become processing or cancelled."
        );
        assert!(in_words(&[Pending, Cancelled]).ends_with("Nothing follows."));
        let step = Pending.transition(Confirmed).unwrap();
        assert!(is_taken(&[Pending, Confirmed], step));
        assert!(!is_taken(&[Pending, Cancelled], step));
    }
}
