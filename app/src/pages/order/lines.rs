//! What was bought: prices and names as they were sold.

use domain::order::{OrderLine, OrderView};
use domain::quantity::grouped;
use leptos::prelude::*;

use crate::links;

/// The table, with its sum.
#[component]
pub(super) fn Lines(order: Signal<OrderView>) -> impl IntoView {
    // Two lines may be of one product, at two prices.
    let lines = move || order.with(|view| view.order.lines.iter().cloned().enumerate().collect::<Vec<_>>());
    let key = |(place, line): &(usize, OrderLine)| {
        let from: Vec<_> = line.allocations.iter().map(|part| (part.warehouse.clone(), part.quantity)).collect();
        (*place, line.product_id, line.quantity, from)
    };
    let units = move || order.with(|view| grouped(view.order.units()));
    let total = move || order.with(|view| view.order.total.to_string());
    view! {
        <section class="section" aria-labelledby="lines-title">
            <div class="section-head">
                <h2 id="lines-title">"Lines"</h2>
            </div>
            <div class="table-frame">
                <table class="table order-lines">
                    <caption class="unseen">"Lines of this order"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"SKU"</th>
                            <th scope="col">"Name"</th>
                            <th scope="col">"From"</th>
                            <th scope="col" class="number">"Unit price"</th>
                            <th scope="col" class="number">"Units"</th>
                            <th scope="col" class="number">"Total"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=lines key=key let:line>
                            <LineRow line=line.1 />
                        </For>
                    </tbody>
                    <tfoot>
                        <tr>
                            <th scope="row" colspan="4">"Total"</th>
                            <td class="number">{units}</td>
                            <td class="number total">{total}</td>
                        </tr>
                    </tfoot>
                </table>
            </div>
        </section>
    }
}

#[component]
fn LineRow(line: OrderLine) -> impl IntoView {
    let from: Vec<String> = match line.allocations.as_slice() {
        [one] => vec![one.warehouse.to_string()],
        several => several.iter().map(|part| format!("{} from {}", grouped(part.quantity), part.warehouse)).collect(),
    };
    let total = line.unit_price.checked_mul(line.quantity);
    view! {
        <tr>
            <td class="row-title">
                <a class="sku" href=links::product(&line.sku, line.product_id) data-row="">
                    {line.sku.to_string()}
                </a>
            </td>
            <td class="row-name">{line.name.to_string()}</td>
            <td class="from" data-label="From">
                {from.join(", ")}
            </td>
            <td class="number" data-label="Unit price">
                {line.unit_price.to_string()}
            </td>
            <td class="number" data-label="Units">
                {grouped(line.quantity)}
            </td>
            <td class="number total" data-label="Total">
                {total.map_or_else(|_| "–".to_owned(), |total| total.to_string())}
            </td>
        </tr>
    }
}
