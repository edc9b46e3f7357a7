//! Products as rows.

use domain::product::ProductSummary;
use domain::quantity::grouped;
use domain::stock::StockLevel;
use leptos::prelude::*;

use crate::links;
use crate::parts::badge::{ArchivedBadge, LowBadge};
use crate::parts::stock_bar::StockBar;

/// The table. A row is drawn anew where anything in it changed.
#[component]
pub(super) fn ProductTable(items: Signal<Vec<ProductSummary>>) -> impl IntoView {
    let key = |product: &ProductSummary| {
        let facts = (product.name.clone(), product.price, product.archived, product.low_stock_threshold);
        (product.id, facts, product.on_hand, product.reserved)
    };
    view! {
        <div class="table-frame">
            <table class="table products">
                <caption class="unseen">"Products, by SKU"</caption>
                <thead>
                    <tr>
                        <th scope="col" aria-sort="ascending">"SKU"</th>
                        <th scope="col">"Name"</th>
                        <th scope="col" class="number">"Price"</th>
                        <th scope="col">"Stock"</th>
                        <th scope="col" class="number">"Held"</th>
                        <th scope="col" class="number">"Available"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || items.get() key=key let:product>
                        <Row product=product />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(product: ProductSummary) -> impl IntoView {
    let level = StockLevel { on_hand: product.on_hand, reserved: product.reserved };
    let threshold = product.low_stock_threshold;
    view! {
        <tr>
            <td class="row-title">
                <a class="sku" href=links::product(&product.sku, product.id) data-row="">
                    {product.sku.to_string()}
                </a>
            </td>
            <td class="row-name">
                <span class="name">{product.name.to_string()}</span>
                {product.archived.then(|| view! { <ArchivedBadge /> })}
                <LowBadge available=product.available threshold=threshold />
            </td>
            <td class="number" data-label="Price">
                {product.price.to_string()}
            </td>
            <td class="bar" data-label="Stock">
                <StockBar level=Signal::stored(level) threshold=Signal::stored(threshold) />
            </td>
            <td class="number" data-label="Held">
                {grouped(product.reserved)}
            </td>
            <td class="number available" data-label="Available">
                {grouped(product.available)}
            </td>
        </tr>
    }
}
