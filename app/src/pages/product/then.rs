//! What a product's stock was at some moment, and who held it.

use domain::history::{Holder, ProductThen};
use domain::product::WarehouseStock;
use domain::quantity::grouped;
use leptos::either::Either;
use leptos::prelude::*;

use crate::error::ApiError;
use crate::forms::read_moment;
use crate::links;
use crate::parts::loaded::Loaded;
use crate::parts::moment::Moment;
use crate::query::Query;

/// Nothing, where no moment is asked for, or none that can be read.
pub(super) type Then = Option<ProductThen>;

/// A form that asks for a moment by the address, and what stood there then.
#[component]
pub(super) fn ThenSection(then: Resource<Result<Then, ApiError>>, query: Memo<Query>) -> impl IntoView {
    let asked = Memo::new(move |_| query.with(|query| query.get("at")).unwrap_or_default());
    let over = move || query.with(|query| query.get("over"));
    let refused = Memo::new(move |_| asked.with(|asked| !asked.is_empty() && read_moment(asked).is_none()));
    let now = move || {
        let written = query.get().without("at").written();
        if written.is_empty() { "?".to_owned() } else { written }
    };
    view! {
        <section class="section card then" aria-labelledby="then-title">
            <h2 id="then-title">"Stock as it was"</h2>
            <form class="then-form" method="get" action="">
                {move || over().map(|over| view! { <input type="hidden" name="over" value=over /> })}
                <div class="field">
                    <div class="field-label">
                        <label for="then-at">"At"</label>
                    </div>
                    <input
                        id="then-at"
                        type="datetime-local"
                        name="at"
                        step="1"
                        required
                        value=move || asked.get().trim_end_matches('Z').to_owned()
                        aria-describedby="then-hint"
                    />
                    <p id="then-hint" class="field-note">
                        {move || if refused.get() { "This is no time. By UTC, such as 2026-01-31T09:30." } else { "By UTC." }}
                    </p>
                </div>
                <button class="button">"Show"</button>
                <Show when=move || !asked.with(String::is_empty)>
                    <a class="button" href=now data-noscroll="true">
                        "Now"
                    </a>
                </Show>
            </form>
            <Loaded data=then rows=2 let:then>
                <Shown then=then />
            </Loaded>
        </section>
    }
}

#[component]
fn Shown(then: Signal<Then>) -> impl IntoView {
    move || {
        let Some(ProductThen { product, held_by }) = then.get() else { return Either::Left(()) };
        let at = product.as_of;
        Either::Right(view! {
            <p class="then-when">
                "At " <Moment at=at /> ": " <strong>{grouped(product.total().available())}</strong> " available, "
                {grouped(product.total().reserved)} " held, " {grouped(product.total().on_hand)} " on hand."
            </p>
            {(product.stock.len() > 1).then(|| view! { <Warehouses stock=product.stock /> })}
            <Holders holders=held_by />
        })
    }
}

#[component]
fn Warehouses(stock: Vec<WarehouseStock>) -> impl IntoView {
    let line = |stock: WarehouseStock| {
        let (available, held) = (grouped(stock.available), grouped(stock.reserved));
        view! { <li>{stock.warehouse.to_string()} ": " {available} " available, " {held} " held"</li> }
    };
    view! { <ul class="then-warehouses">{stock.into_iter().map(line).collect_view()}</ul> }
}

#[component]
fn Holders(holders: Vec<Holder>) -> impl IntoView {
    if holders.is_empty() {
        return Either::Left(view! { <p class="empty-line">"Nobody held any."</p> });
    }
    let row = |holder: Holder| {
        let Holder { reservation_id, owner, order, quantity, since } = holder;
        let what = match (reservation_id, order) {
            (_, Some(number)) => Some((links::order(number), format!("Order {number}"))),
            (Some(id), None) => Some((links::reservation(id), "Reservation".to_owned())),
            (None, None) => None,
        };
        view! {
            <tr>
                <td class="row-title">
                    {match what {
                        Some((href, words)) => Either::Left(view! { <a href=href>{words}</a> }),
                        None => Either::Right("–"),
                    }}
                </td>
                <td data-label="Owner">{owner.map_or_else(|| "–".to_owned(), |owner| owner.to_string())}</td>
                <td class="number" data-label="Units">
                    {grouped(quantity)}
                </td>
                <td data-label="Since">
                    <Moment at=since />
                </td>
            </tr>
        }
    };
    Either::Right(view! {
        <div class="table-frame">
            <table class="table">
                <caption class="unseen">"Who held it then"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Held by"</th>
                        <th scope="col">"Owner"</th>
                        <th scope="col" class="number">"Units"</th>
                        <th scope="col">"Since"</th>
                    </tr>
                </thead>
                <tbody>{holders.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    })
}
