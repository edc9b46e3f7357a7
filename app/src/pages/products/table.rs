//! Products as rows.

use domain::product::ProductSummary;
use domain::quantity::grouped;
use domain::stock::StockLevel;
use leptos::prelude::*;

use crate::links;
use crate::parts::badge::{ArchivedBadge, LowBadge};
use crate::parts::stock_bar::StockBar;

/// The table. A row stays while its product is shown, and what changes in it moves.
#[component]
pub(super) fn ProductTable(items: Signal<Vec<ProductSummary>>) -> impl IntoView {
    let ids = Memo::new(move |_| items.with(|items| items.iter().map(|product| product.id).collect::<Vec<_>>()));
    let row = move |id| {
        let find = move || items.with(|items| items.iter().find(|product| product.id == id).cloned());
        let first = untrack(find)?;
        let product = Memo::new(move |before: Option<&ProductSummary>| {
            find().or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
        });
        Some(view! { <Row product=product /> })
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
                    <For each=move || ids.get() key=|id| *id children=row />
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(product: Memo<ProductSummary>) -> impl IntoView {
    // Neither ever changes.
    let (id, sku) = product.with_untracked(|product| (product.id, product.sku.clone()));
    let level =
        Memo::new(move |_| product.with(|product| StockLevel { on_hand: product.on_hand, reserved: product.reserved }));
    let threshold = Memo::new(move |_| product.with(|product| product.low_stock_threshold));
    let archived = Memo::new(move |_| product.with(|product| product.archived));
    view! {
        <tr>
            <td class="row-title">
                <a class="sku" href=links::product(&sku, id) data-row="">
                    {sku.to_string()}
                </a>
            </td>
            <td class="row-name">
                <span class="name">{move || product.with(|product| product.name.to_string())}</span>
                {move || archived.get().then(|| view! { <ArchivedBadge /> })}
                {move || view! { <LowBadge available=level.get().available() threshold=threshold.get() /> }}
            </td>
            <td class="number" data-label="Price">
                {move || product.with(|product| product.price.to_string())}
            </td>
            <td class="bar" data-label="Stock">
                <StockBar level=level threshold=threshold />
            </td>
            <td class="number" data-label="Held">
                {move || grouped(level.get().reserved)}
            </td>
            <td class="number available" data-label="Available">
                {move || grouped(level.get().available())}
            </td>
        </tr>
    }
}
