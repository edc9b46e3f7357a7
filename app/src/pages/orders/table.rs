//! Orders as rows.

use domain::order::OrderSummary;
use domain::order::filter::OrderSort;
use domain::quantity::grouped;
use leptos::either::Either;
use leptos::prelude::*;

use crate::links::{self, OrdersAt};
use crate::parts::badge::OrderBadge;
use crate::parts::moment::Moment;
use crate::words::customer_in_words;

/// The table. A row is drawn anew where anything in it changed.
#[component]
pub(super) fn OrderTable(items: Signal<Vec<OrderSummary>>, at: Memo<OrdersAt>, sort: Memo<OrderSort>) -> impl IntoView {
    let sorted = move |by: OrderSort| (sort.get() == by).then_some("descending");
    let key = |order: &OrderSummary| (order.id, order.version, order.status);
    view! {
        <div class="table-frame">
            <table class="table orders">
                <caption class="unseen">"Orders"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Number"</th>
                        <th scope="col" aria-sort=move || sorted(OrderSort::Newest)>"Placed"</th>
                        <th scope="col">"Customer"</th>
                        <th scope="col" class="number">"Items"</th>
                        <th scope="col" class="number" aria-sort=move || sorted(OrderSort::Highest)>"Total"</th>
                        <th scope="col">"Status"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || items.get() key=key let:order>
                        <Row order=order at=at />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(order: OrderSummary, at: Memo<OrdersAt>) -> impl IntoView {
    let OrderSummary { number, status, customer, total, items, placed_at, .. } = order;
    let customer = customer.as_ref().map(customer_in_words);
    view! {
        <tr>
            <td class="row-title">
                <a href=move || at.with(|at| links::order_of_list(number, at)) data-row="">
                    {number.to_string()}
                </a>
            </td>
            <td class="placed" data-label="Placed">
                <Moment at=placed_at />
            </td>
            <td class="customer" data-label="Customer">
                {customer.map_or_else(|| Either::Left(view! { <span class="none">"–"</span> }), Either::Right)}
            </td>
            <td class="number" data-label="Items">
                {grouped(items)}
            </td>
            <td class="number total" data-label="Total">
                {total.to_string()}
            </td>
            <td data-label="Status" class="status">
                <OrderBadge status=status />
            </td>
        </tr>
    }
}
