//! A product's stock: the sum, and each warehouse.

use domain::product::{ProductView, WarehouseStock};
use domain::quantity::grouped;
use domain::stock::StockLevel;
use leptos::prelude::*;

use crate::parts::stock_bar::{BarSize, StockBar};

/// Large figures, a large bar, and a bar for each warehouse where there are several.
#[component]
pub(super) fn StockSection(product: Signal<ProductView>) -> impl IntoView {
    let total = Memo::new(move |_| product.with(ProductView::total));
    let threshold = Signal::derive(move || product.with(|product| product.low_stock_threshold));
    let several = Memo::new(move |_| product.with(|product| product.stock.len() > 1));
    let warehouses = move || product.with(|product| product.stock.clone());
    let key = |stock: &WarehouseStock| (stock.warehouse.clone(), stock.on_hand, stock.reserved);
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
                    <For each=warehouses key=key let:stock>
                        <Warehouse stock=stock />
                    </For>
                </ul>
            </Show>
        </section>
    }
}

#[component]
fn Warehouse(stock: WarehouseStock) -> impl IntoView {
    let level = StockLevel { on_hand: stock.on_hand, reserved: stock.reserved };
    view! {
        <li class="warehouse">
            <span class="warehouse-code">{stock.warehouse.to_string()}</span>
            <StockBar level=Signal::stored(level) threshold=Signal::stored(None) />
            <span class="warehouse-counts">
                {grouped(stock.available)} " available, " {grouped(stock.reserved)} " held"
            </span>
        </li>
    }
}
