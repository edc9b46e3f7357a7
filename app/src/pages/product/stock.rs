//! A product's stock: the sum, and each warehouse.

use domain::product::{ProductView, WarehouseStock};
use domain::quantity::grouped;
use domain::stock::StockLevel;
use domain::warehouse::WarehouseCode;
use leptos::prelude::*;

use crate::parts::stock_bar::{BarSize, StockBar};

/// Large figures, a large bar, and a bar for each warehouse where there are several.
#[component]
pub(super) fn StockSection(product: Signal<ProductView>) -> impl IntoView {
    let total = Memo::new(move |_| product.with(ProductView::total));
    let threshold = Signal::derive(move || product.with(|product| product.low_stock_threshold));
    let several = Memo::new(move |_| product.with(|product| product.stock.len() > 1));
    let codes = Memo::new(move |_| {
        product.with(|product| product.stock.iter().map(|stock| stock.warehouse.clone()).collect::<Vec<_>>())
    });
    view! {
        <section class="section card stock" aria-labelledby="stock-title">
            <h2 id="stock-title" class="unseen">"Stock"</h2>
            <dl class="figures">
                <div class="figure" data-tone="available">
                    <dt>"Available"</dt>
                    <dd data-testid="available">{move || grouped(total.get().available())}</dd>
                </div>
                <div class="figure" data-tone="held">
                    <dt>"Held"</dt>
                    <dd data-testid="held">{move || grouped(total.get().reserved)}</dd>
                </div>
                <div class="figure">
                    <dt>"On hand"</dt>
                    <dd data-testid="on-hand">{move || grouped(total.get().on_hand)}</dd>
                </div>
                <div class="figure">
                    <dt>"Low at"</dt>
                    <dd>{move || threshold.get().map_or_else(|| "–".to_owned(), grouped)}</dd>
                </div>
            </dl>
            <StockBar level=total threshold=threshold size=BarSize::Large />
            <Show when=move || several.get()>
                <ul class="warehouses">
                    <For each=move || codes.get() key=Clone::clone let:code>
                        <Warehouse code=code product=product />
                    </For>
                </ul>
            </Show>
        </section>
    }
}

#[component]
fn Warehouse(code: WarehouseCode, product: Signal<ProductView>) -> impl IntoView {
    let name = code.to_string();
    let level = Memo::new(move |_| {
        let of = |stock: &&WarehouseStock| stock.warehouse == code;
        let found = product.with(|product| product.stock.iter().find(of).map(|stock| (stock.on_hand, stock.reserved)));
        found.map(|(on_hand, reserved)| StockLevel { on_hand, reserved }).unwrap_or_default()
    });
    view! {
        <li class="warehouse">
            <span class="warehouse-code">{name}</span>
            <StockBar level=level threshold=Signal::stored(None) />
            <span class="warehouse-counts">
                {move || grouped(level.get().available())} " available, " {move || grouped(level.get().reserved)} " held"
            </span>
        </li>
    }
}
