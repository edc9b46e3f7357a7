//! A product's stock: the sum, and each warehouse.

use domain::product::{ProductView, WarehouseStock};
use domain::quantity::grouped;
use domain::stock::StockLevel;
use domain::warehouse::{Warehouse, WarehouseCode};
use leptos::prelude::*;

use crate::links;
use crate::parts::stock_bar::{BarSize, StockBar};

/// Large figures, a large bar, and a bar for each warehouse where there are several.
#[component]
pub(super) fn StockSection(product: Signal<ProductView>, warehouses: Signal<Vec<Warehouse>>) -> impl IntoView {
    let sold = Memo::new(move |_| product.with(|product| warehouses.with(|warehouses| on_sale(product, warehouses))));
    let total = Memo::new(move |_| product.with(ProductView::total));
    let threshold = Signal::derive(move || product.with(|product| product.low_stock_threshold));
    let several = Memo::new(move |_| product.with(|product| product.stock.len() > 1));
    // In the order in which they are drawn on.
    let rows = Memo::new(move |_| {
        warehouses.with(|warehouses| {
            let row = |stock: &WarehouseStock| (stock.warehouse.clone(), standing(&stock.warehouse, warehouses));
            let mut rows: Vec<_> = product.with(|product| product.stock.iter().map(row).collect());
            rows.sort_by_key(|(code, _)| warehouses.iter().position(|each| each.code == *code).unwrap_or(usize::MAX));
            rows
        })
    });
    view! {
        <section class="section card stock" aria-labelledby="stock-title">
            <h2 id="stock-title" class="unseen">"Stock"</h2>
            <dl class="figures">
                <div class="figure" data-tone="available">
                    <dt>"Available"</dt>
                    <dd data-testid="available">{move || grouped(sold.get().available())}</dd>
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
            <StockBar level=sold threshold=threshold size=BarSize::Large />
            <Show when=move || several.get()>
                <ul class="warehouses">
                    <For each=move || rows.get() key=Clone::clone let:row>
                        <Place code=row.0 standing=row.1 product=product />
                    </For>
                </ul>
            </Show>
        </section>
    }
}

/// Whether units in a warehouse can be reserved.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Standing {
    OnSale,
    PassedBy,
}

/// One that is not among those that were read is newer than they are, and begins as active.
fn standing(code: &WarehouseCode, warehouses: &[Warehouse]) -> Standing {
    match warehouses.iter().find(|warehouse| warehouse.code == *code) {
        Some(warehouse) if !warehouse.active => Standing::PassedBy,
        Some(_) | None => Standing::OnSale,
    }
}

/// The level over the warehouses from which units can be reserved.
pub(super) fn on_sale(product: &ProductView, warehouses: &[Warehouse]) -> StockLevel {
    product.total_in(|code| standing(code, warehouses) == Standing::OnSale)
}

#[component]
fn Place(code: WarehouseCode, standing: Standing, product: Signal<ProductView>) -> impl IntoView {
    let free = match standing {
        Standing::OnSale => " available, ",
        Standing::PassedBy => " free, not active, ",
    };
    let (name, link) = (code.to_string(), links::warehouse(&code));
    let level = Memo::new(move |_| {
        let of = |stock: &&WarehouseStock| stock.warehouse == code;
        let found = product.with(|product| product.stock.iter().find(of).map(|stock| (stock.on_hand, stock.reserved)));
        found.map(|(on_hand, reserved)| StockLevel { on_hand, reserved }).unwrap_or_default()
    });
    view! {
        <li class="warehouse">
            <a class="warehouse-code" href=link>
                {name}
            </a>
            <StockBar level=level threshold=Signal::stored(None) />
            <span class="warehouse-counts">
                {move || grouped(level.get().available())} {free} {move || grouped(level.get().reserved)} " held"
            </span>
        </li>
    }
}
