//! The list of orders: filtered, sorted, page by page, all of it in the address.

use domain::order::OrderSummary;
use domain::order::filter::{OrderFilterForm, OrderSort};
use domain::page::Page;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::api::orders::order_list;
use crate::error::ApiError;
use crate::forms::FILTER_CURRENCY;
use crate::links::{self, OrdersAt};
use crate::live::{Live, Topic};
use crate::parts::copy::CommandLine;
use crate::parts::frame::PageHead;
use crate::parts::loaded::Loaded;
use crate::parts::pager::Pager;
use crate::query::Query;
use crate::refresh::Refresh;

mod filter;
mod table;

use filter::{OrderChips, OrderFilterBar};
use table::OrderTable;

/// What the page shows: nothing, where the address asks for what can't be.
type Listing = Option<Page<OrderSummary>>;

async fn listing(at: OrdersAt) -> Result<Listing, ApiError> {
    if at.form.parse(FILTER_CURRENCY).is_err() {
        return Ok(None);
    }
    let OrderFilterForm { status, from, to, min, max, customer, sort } = at.form;
    let status = Some(status.join(",")).filter(|words| !words.is_empty());
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let page = order_list(
        status,
        given(from),
        given(to),
        given(min),
        given(max),
        given(customer),
        given(sort),
        given(at.cursor),
        None,
    );
    Ok(Some(page.await?))
}

/// Which way a list goes; the default where the address says something else.
fn sort_of(form: &OrderFilterForm) -> OrderSort {
    form.sort.parse().unwrap_or_default()
}

/// The page.
#[component]
pub(crate) fn Orders() -> impl IntoView {
    let search = use_location().search;
    let at = Memo::new(move |_| search.with(|search| OrdersAt::read(&Query::parse(search))));
    let refresh = Refresh::new();
    Live::provide(refresh).listen(|| Topic::Everything);
    let data = Resource::new(move || (at.get(), refresh.count()), |(at, _)| listing(at));
    let line = move || match sort_of(&at.get().form) {
        OrderSort::Newest => "What was bought, the latest first.",
        OrderSort::Highest => "What was bought, the highest total first.",
    };
    view! {
        <PageHead title="Orders" line=line>
            <Export at=at />
        </PageHead>
        <OrderFilterBar at=at />
        <div class="filter-bar">
            <nav class="tabs" aria-label="Sort">
                <SortTab at=at sort=OrderSort::Newest word="Newest" />
                <SortTab at=at sort=OrderSort::Highest word="Highest value" />
            </nav>
            <OrderChips at=at />
        </div>
        <Loaded data=data rows=14 let:listing>
            <List at=at listing=listing />
        </Loaded>
    }
}

/// The same orders as a file; no link where the filter is none.
#[component]
fn Export(at: Memo<OrdersAt>) -> impl IntoView {
    let href =
        Memo::new(move |_| at.with(|at| at.form.parse(FILTER_CURRENCY).ok().map(|query| links::orders_csv(&query))));
    move || match href.get() {
        Some(href) => view! { <a class="button" href=href download="orders.csv">"Export CSV"</a> }.into_any(),
        None => view! { <span class="button" aria-disabled="true">"Export CSV"</span> }.into_any(),
    }
}

#[component]
fn SortTab(at: Memo<OrdersAt>, sort: OrderSort, word: &'static str) -> impl IntoView {
    let href = move || {
        let form = OrderFilterForm { sort: sort.as_str().to_owned(), ..at.get().form };
        links::orders(&OrdersAt { form, cursor: String::new() })
    };
    let current = move || (sort_of(&at.get().form) == sort).then_some("page");
    view! { <a class="tab" href=href aria-current=current data-noscroll="true">{word}</a> }
}

#[component]
fn List(at: Memo<OrdersAt>, listing: Signal<Listing>) -> impl IntoView {
    let items = Signal::derive(move || {
        listing.with(|listing| listing.as_ref().map(|page| page.items.clone()).unwrap_or_default())
    });
    let is_any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let lead = move |cursor: fn(&Page<OrderSummary>) -> &Option<String>| {
        Signal::derive(move || {
            let cursor = listing.with(|listing| listing.as_ref().and_then(|page| cursor(page).clone()))?;
            Some(links::orders(&OrdersAt { cursor, ..at.get() }))
        })
    };
    let sort = Memo::new(move |_| sort_of(&at.get().form));
    let pager = move || {
        let words = match sort.get() {
            OrderSort::Newest => ("Newer", "Older"),
            OrderSort::Highest => ("Higher", "Lower"),
        };
        view! { <Pager prev=lead(|page| &page.prev) next=lead(|page| &page.next) words=words /> }
    };
    view! {
        <Show when=move || is_any.get() fallback=move || view! { <Nothing at=at listing=listing /> }>
            <OrderTable items=items at=at sort=sort />
        </Show>
        {pager}
    }
}

/// Why the list is empty, and what to do about it.
#[component]
fn Nothing(at: Memo<OrdersAt>, listing: Signal<Listing>) -> impl IntoView {
    let is_refused = Memo::new(move |_| listing.with(Option::is_none));
    let is_filtered = move || at.with(|at| !at.form.pairs().iter().all(|(name, _)| *name == "sort"));
    move || match (is_refused.get(), is_filtered()) {
        (true, _) => view! {
            <div class="empty" role="alert">
                <h2>"This filter can't be read"</h2>
                <p>"What is wrong is said at its field above."</p>
                <p class="empty-ways">
                    <a class="button" href=links::ORDERS>"Show all orders"</a>
                </p>
            </div>
        }
        .into_any(),
        (false, true) => view! {
            <div class="empty">
                <h2>"Nothing matches"</h2>
                <p>"No order is as the filter wants it."</p>
                <p class="empty-ways">
                    <a class="button" href=links::ORDERS>"Clear the filter"</a>
                </p>
            </div>
        }
        .into_any(),
        (false, false) => view! {
            <div class="empty">
                <h2>"No orders yet"</h2>
                <p>"An order is made of a reservation on its page, by a shop through the API, or imported:"</p>
                <CommandLine command="holdfast import orders FILE" />
                <p class="empty-ways">
                    <a class="button main" href=links::RESERVATIONS>"Reservations"</a>
                </p>
            </div>
        }
        .into_any(),
    }
}
