//! Orders by status: one bar, and under it the ways to the lists.

use std::collections::BTreeMap;

use domain::order::OrderStatus;
use domain::order::filter::OrderFilterForm;
use domain::quantity::grouped;
use leptos::prelude::*;

use super::badge::OrderBadge;
use crate::links::{self, OrdersAt};

/// A part of the bar, in thousandths of its width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Part {
    status: OrderStatus,
    from: i64,
    wide: i64,
}

/// The bar. What it shows is said under it.
#[component]
pub(crate) fn OrdersBar(#[prop(into)] counts: Signal<BTreeMap<OrderStatus, i64>>) -> impl IntoView {
    let drawn = move || {
        let parts = counts.with(parts).into_iter();
        let parts = parts.map(|Part { status, from, wide }| {
            view! { <rect data-status=status.as_str() x=from width=wide height="8" /> }
        });
        parts.collect_view()
    };
    let some = move || counts.get().into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>();
    view! {
        <svg class="orders-bar" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar-ground" width="1000" height="8" />
            {drawn}
        </svg>
        <ul class="orders-legend">
            <For each=some key=|counted| *counted let:counted>
                <Way status=counted.0 count=counted.1 />
            </For>
        </ul>
    }
}

#[component]
fn Way(status: OrderStatus, count: i64) -> impl IntoView {
    let form = OrderFilterForm { status: vec![status.to_string()], ..OrderFilterForm::default() };
    let href = links::orders(&OrdersAt { form, cursor: String::new() });
    view! {
        <li>
            <a href=href>
                <OrderBadge status=status />
                <span class="number">{grouped(count)}</span>
            </a>
        </li>
    }
}

/// The parts side by side; the bar is full where there is any order.
fn parts(counts: &BTreeMap<OrderStatus, i64>) -> Vec<Part> {
    let all: i128 = counts.values().map(|count| i128::from(*count)).sum();
    let at = |before: i128| i64::try_from(before * 1_000 / all.max(1)).unwrap_or(1_000);
    let mut before = 0;
    let parts = counts.iter().map(|(status, count)| {
        let from = at(before);
        before += i128::from(*count);
        Part { status: *status, from, wide: at(before) - from }
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_bar() {
        let counts =
            BTreeMap::from([(OrderStatus::Pending, 1), (OrderStatus::Shipped, i64::MAX), (OrderStatus::Returned, 2)]);
        let parts = parts(&counts);
        assert_eq!(parts.iter().map(|part| part.wide).sum::<i64>(), 1_000);
        assert!(parts.windows(2).all(|pair| pair[0].from + pair[0].wide == pair[1].from));
        assert!(super::parts(&BTreeMap::new()).is_empty());
    }
}
