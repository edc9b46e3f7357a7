//! The list of products, searched as one types.

use std::time::Duration;

use domain::account::Role;
use domain::page::Page;
use domain::product::{Archived, ProductSummary};
use domain::quantity::grouped;
use domain::stats::Stats;
use leptos::either::Either;
use leptos::html::Input;
use leptos::leptos_dom::helpers::debounce;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::account::Account;
use crate::api::products::product_list;
use crate::api::stats::stats_fetch;
use crate::browser;
use crate::error::ApiError;
use crate::links::{self, ProductsAt};
use crate::live::{Live, Topic};
use crate::parts::copy::CommandLine;
use crate::parts::frame::PageHead;
use crate::parts::icons::{Icon, Picture};
use crate::parts::loaded::Loaded;
use crate::parts::pager::Pager;
use crate::query::Query;
use crate::refresh::Refresh;

mod table;

use table::ProductTable;

/// How long typing rests before it is searched for.
const REST: Duration = Duration::from_millis(180);

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Listing {
    products: Page<ProductSummary>,
    stats: Option<Stats>,
}

async fn listing(at: ProductsAt) -> Result<Listing, ApiError> {
    let archived: &'static str = at.archived.into();
    let (products, stats) =
        futures::join!(product_list(Some(at.q), Some(archived.to_owned()), Some(at.cursor), None), stats_fetch(),);
    Ok(Listing { products: products?, stats: stats? })
}

/// The page.
#[component]
pub(crate) fn Products() -> impl IntoView {
    let search = use_location().search;
    let at = Memo::new(move |_| search.with(|search| read(search)));
    let refresh = Refresh::new();
    let live = Live::provide(refresh);
    let data = Resource::new(move || (at.get(), refresh.count()), |(at, _)| listing(at));
    view! {
        <PageHead title="Products" line=move || view! { <Line data=data /> }>
            {Account::may(Role::Admin).then(|| view! { <a class="button main" href=links::PRODUCT_NEW>"New product"</a> })}
        </PageHead>
        <FilterBar at=at />
        <Loaded data=data rows=14 let:listing>
            <List at=at listing=listing live=live />
        </Loaded>
    }
}

fn read(search: &str) -> ProductsAt {
    let query = Query::parse(search);
    let text = |name| query.get(name).unwrap_or_default();
    ProductsAt { q: text("q"), archived: text("archived").parse().unwrap_or_default(), cursor: text("cursor") }
}

/// How many there are, as the figures said last.
#[component]
fn Line(data: Resource<Result<Listing, ApiError>>) -> impl IntoView {
    let words = move || {
        let stats = data.get().and_then(Result::ok).and_then(|listing| listing.stats);
        stats.map(|stats| {
            let low = match stats.low_stock {
                0 => String::new(),
                low => format!(", {} nearly sold out", grouped(low)),
            };
            let count = if stats.products == 1 { "product" } else { "products" };
            let age = format!("As of {} UTC", stats.as_of.to_calendar());
            view! { <span title=age>{grouped(stats.products)} " " {count} " on sale" {low}</span> }
        })
    };
    view! { <Transition fallback=|| "\u{a0}">{words}</Transition> }
}

/// Search and tabs: a form and links, the address is what they change.
#[component]
fn FilterBar(at: Memo<ProductsAt>) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    let navigate = use_navigate();
    let go = move |q: String| {
        let to = ProductsAt { q, archived: at.get_untracked().archived, cursor: String::new() };
        if to.q != at.get_untracked().q {
            let options = NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() };
            navigate(&links::products(&to), options);
        }
    };
    let go_now = go.clone();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if let Some(input) = input.get_untracked() {
            go_now(input.value());
        }
    };
    let mut type_in = debounce(REST, go);
    // The address may change by a link or by going back: then the field follows, but never under typing.
    Effect::new(move |_| {
        let q = at.with(|at| at.q.clone());
        if let Some(input) = input.get()
            && !browser::is_focused(&input)
        {
            input.set_value(&q);
        }
    });
    let archived_word = move || match at.get().archived {
        Archived::Without => None,
        shown => Some(<&'static str>::from(shown)),
    };
    view! {
        <div class="filter-bar">
            <form class="search" action=links::PRODUCTS method="get" role="search" on:submit=submit>
                <Picture icon=Icon::Search />
                <input
                    node_ref=input
                    type="search"
                    name="q"
                    aria-label="Search products"
                    placeholder="Search by SKU or name"
                    autocomplete="off"
                    value=at.get_untracked().q
                    on:input:target=move |event| type_in(event.target().value())
                />
                {move || archived_word().map(|word| view! { <input type="hidden" name="archived" value=word /> })}
                <button class="button">"Search"</button>
            </form>
            <nav class="tabs" aria-label="Which products">
                <Tab at=at shows=Archived::Without word="On sale" />
                <Tab at=at shows=Archived::Only word="Archived" />
                <Tab at=at shows=Archived::With word="All" />
            </nav>
        </div>
    }
}

#[component]
fn Tab(at: Memo<ProductsAt>, shows: Archived, word: &'static str) -> impl IntoView {
    let href = move || links::products(&ProductsAt { q: at.get().q, archived: shows, cursor: String::new() });
    let current = move || (at.get().archived == shows).then_some("page");
    view! { <a class="tab" href=href aria-current=current>{word}</a> }
}

#[component]
fn List(at: Memo<ProductsAt>, listing: Signal<Listing>, live: Live) -> impl IntoView {
    let is_empty = Memo::new(move |_| listing.with(|listing| listing.products.items.is_empty()));
    let items = Signal::derive(move || listing.with(|listing| listing.products.items.clone()));
    live.listen(move || match items.with(|items| items.iter().map(|product| product.id).collect::<Vec<_>>()) {
        // The first of them may be on its way.
        ids if ids.is_empty() => Topic::Everything,
        ids => Topic::Products(ids),
    });
    let lead = move |cursor: fn(&Page<ProductSummary>) -> &Option<String>| {
        Signal::derive(move || {
            let cursor = listing.with(|listing| cursor(&listing.products).clone())?;
            Some(links::products(&ProductsAt { cursor, ..at.get() }))
        })
    };
    view! {
        <Show when=move || !is_empty.get() fallback=move || view! { <Nothing at=at /> }>
            <ProductTable items=items />
        </Show>
        <Pager prev=lead(|page| &page.prev) next=lead(|page| &page.next) />
    }
}

/// Why the list is empty, and what to do about it.
#[component]
fn Nothing(at: Memo<ProductsAt>) -> impl IntoView {
    move || {
        let at = at.get();
        match (at.q.is_empty(), at.archived) {
            (false, _) => view! {
                <div class="empty">
                    <h2>"Nothing matches"</h2>
                    <p>"No product's SKU or name has words that begin with “" {at.q.clone()} "”."</p>
                    <p class="empty-ways">
                        <a class="button" href=links::products(&ProductsAt { archived: at.archived, ..ProductsAt::default() })>
                            "Clear the search"
                        </a>
                    </p>
                </div>
            }
            .into_any(),
            (true, Archived::Only) => view! {
                <div class="empty">
                    <h2>"Nothing is archived"</h2>
                    <p>"Products that are taken off sale are listed here."</p>
                </div>
            }
            .into_any(),
            (true, Archived::Without | Archived::With) => view! {
                <div class="empty">
                    <h2>"No products yet"</h2>
                    {match Account::may(Role::Admin) {
                        true => Either::Left(view! { <FirstProduct /> }),
                        false => Either::Right(view! { <p>"An admin creates them, or imports a catalogue."</p> }),
                    }}
                </div>
            }
            .into_any(),
        }
    }
}

/// The ways to a first product, for those who may go them.
#[component]
fn FirstProduct() -> impl IntoView {
    view! {
        <p>"Create one here, or import a whole catalogue with its stock:"</p>
        <CommandLine command="holdfast import catalogue FILE" />
        <p class="empty-ways">
            <a class="button main" href=links::PRODUCT_NEW>"Create a product"</a>
        </p>
    }
}
