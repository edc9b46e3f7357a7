//! Reservations: what is held, the next to end first, and what became of the others.

use domain::page::Page;
use domain::quantity::grouped;
use domain::reservation::{ReservationStatus, ReservationView};
use domain::stats::Stats;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::api::reservations::reservation_list;
use crate::api::stats::stats_fetch;
use crate::clock;
use crate::error::ApiError;
use crate::links::{self, ReservationsAt, StatusTab};
use crate::live::{Live, Topic};
use crate::parts::badge::status_word;
use crate::parts::expiry_watch;
use crate::parts::frame::PageHead;
use crate::parts::hold_table::{HoldTable, Of};
use crate::parts::loaded::Loaded;
use crate::parts::page_key::PageKey;
use crate::parts::pager::Pager;
use crate::query::Query;
use crate::refresh::Refresh;

/// The tabs, in the order of a reservation's life.
const TABS: [StatusTab; 5] = [
    StatusTab::One(ReservationStatus::Held),
    StatusTab::One(ReservationStatus::Confirmed),
    StatusTab::One(ReservationStatus::Released),
    StatusTab::One(ReservationStatus::Expired),
    StatusTab::All,
];

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Listing {
    page: Page<ReservationView>,
    stats: Option<Stats>,
}

async fn listing(at: ReservationsAt) -> Result<Listing, ApiError> {
    // What is held is read from its end; what has ended, from the last to end.
    let (status, sort) = match at.status {
        StatusTab::All => (None, "latest"),
        StatusTab::One(ReservationStatus::Held) => (Some(ReservationStatus::Held), "soonest"),
        StatusTab::One(status) => (Some(status), "latest"),
    };
    let status = status.map(|status| status.as_str().to_owned());
    let (page, stats) = futures::join!(
        reservation_list(status, Some(at.sku), Some(at.owner), Some(sort.to_owned()), Some(at.cursor), None),
        stats_fetch(),
    );
    Ok(Listing { page: page?, stats: stats? })
}

fn read(search: &str) -> ReservationsAt {
    let query = Query::parse(search);
    let text = |name| query.get(name).unwrap_or_default();
    ReservationsAt {
        status: StatusTab::parse(&text("status")),
        sku: text("sku"),
        owner: text("owner"),
        cursor: text("cursor"),
    }
}

/// The page.
#[component]
pub(crate) fn Reservations() -> impl IntoView {
    PageKey::provide();
    let search = use_location().search;
    let at = Memo::new(move |_| search.with(|search| read(search)));
    let refresh = Refresh::new();
    Live::provide(refresh).listen(|| Topic::Everything);
    let data = Resource::new(move || (at.get(), refresh.count()), |(at, _)| listing(at));
    let line = move || match at.get().status {
        StatusTab::One(ReservationStatus::Held) => "Units that wait for their buyers, the next to end first.",
        StatusTab::One(ReservationStatus::Confirmed) => {
            "Paid for in time; what became of the units is their order's to tell."
        }
        StatusTab::One(ReservationStatus::Released) => "Given back before their time was over.",
        StatusTab::One(ReservationStatus::Expired) => "Their time passed: their units went back on sale.",
        StatusTab::All => "Everything that was ever held, the last to end first.",
    };
    view! {
        <PageHead title="Reservations" line=line>
            <a class="button main" href=links::PRODUCTS>"Reserve a product"</a>
        </PageHead>
        <Loaded data=data rows=14 let:listing>
            <List at=at listing=listing refresh=refresh />
        </Loaded>
    }
}

#[component]
fn List(at: Memo<ReservationsAt>, listing: Signal<Listing>, refresh: Refresh) -> impl IntoView {
    let items = Signal::derive(move || listing.with(|listing| listing.page.items.clone()));
    clock::sync_with(move || items.with(|items| items.first().map(|view| view.server_time)));
    expiry_watch::watch(items, refresh);
    let is_any = Memo::new(move |_| items.with(|items| !items.is_empty()));
    let lead = move |cursor: fn(&Page<ReservationView>) -> &Option<String>| {
        Signal::derive(move || {
            let cursor = listing.with(|listing| cursor(&listing.page).clone())?;
            Some(links::reservations(&ReservationsAt { cursor, ..at.get() }))
        })
    };
    view! {
        <div class="filter-bar">
            <nav class="tabs" aria-label="Status">
                {TABS.map(|tab| view! { <Tab at=at tab=tab listing=listing /> }).into_iter().collect_view()}
            </nav>
            <Filter at=at />
        </div>
        <Show when=move || is_any.get() fallback=move || view! { <Nothing at=at /> }>
            <HoldTable items=items of=Of::All refresh=refresh caption="Reservations" />
        </Show>
        <Pager prev=lead(|page| &page.prev) next=lead(|page| &page.next) />
    }
}

#[component]
fn Tab(at: Memo<ReservationsAt>, tab: StatusTab, listing: Signal<Listing>) -> impl IntoView {
    let href = move || links::reservations(&ReservationsAt { status: tab, cursor: String::new(), ..at.get() });
    let current = move || (at.get().status == tab).then_some("page");
    let word = match tab {
        StatusTab::All => "All",
        StatusTab::One(status) => status_word(status),
    };
    // Only what is held is counted completely; a count of the ended ones would say less than it seems to.
    let count = move || {
        let stats = listing.with(|listing| listing.stats.clone()).filter(|_| tab == StatusTab::default())?;
        Some((stats.reservations.get(&ReservationStatus::Held).copied()?, stats.as_of))
    };
    let count = move || {
        count().map(|(count, as_of)| {
            let age = format!("As of {} UTC", as_of.to_calendar());
            view! { <span class="tab-count" title=age>{grouped(count)}</span> }
        })
    };
    view! {
        <a class="tab" href=href aria-current=current>
            {word}
            {count}
        </a>
    }
}

/// Which product and whose: a form, and chips that take a filter away.
#[component]
fn Filter(at: Memo<ReservationsAt>) -> impl IntoView {
    let navigate = use_navigate();
    let sku = NodeRef::<leptos::html::Input>::new();
    let owner = NodeRef::<leptos::html::Input>::new();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text =
            |input: NodeRef<leptos::html::Input>| input.get_untracked().map(|input| input.value().trim().to_owned());
        let status = at.get_untracked().status;
        let (sku, owner) = (text(sku).unwrap_or_default(), text(owner).unwrap_or_default());
        let to = ReservationsAt { status, sku, owner, cursor: String::new() };
        navigate(&links::reservations(&to), NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    let status_word = move || match at.get().status {
        StatusTab::All => Some("all"),
        StatusTab::One(ReservationStatus::Held) => None,
        StatusTab::One(status) => Some(status.as_str()),
    };
    view! {
        <form class="filters" action=links::RESERVATIONS method="get" role="search" on:submit=submit>
            {move || status_word().map(|word| view! { <input type="hidden" name="status" value=word /> })}
            <input
                node_ref=sku
                type="search"
                name="sku"
                aria-label="SKU"
                placeholder="SKU"
                autocomplete="off"
                value=move || at.get().sku
                prop:value=move || at.get().sku
            />
            <input
                node_ref=owner
                type="search"
                name="owner"
                aria-label="Owner"
                placeholder="Owner"
                autocomplete="off"
                value=move || at.get().owner
                prop:value=move || at.get().owner
            />
            <button class="button">"Filter"</button>
        </form>
        <Chips at=at />
    }
}

#[component]
fn Chips(at: Memo<ReservationsAt>) -> impl IntoView {
    let chip = |name: &'static str, value: String, without: ReservationsAt| {
        (!value.is_empty()).then(|| {
            let label = format!("Remove the filter {name} {value}");
            view! {
                <a class="chip" href=links::reservations(&without) aria-label=label>
                    <span>{name} ": " {value}</span>
                    <span aria-hidden="true">"×"</span>
                </a>
            }
        })
    };
    move || {
        let at = ReservationsAt { cursor: String::new(), ..at.get() };
        let without_sku = ReservationsAt { sku: String::new(), ..at.clone() };
        let without_owner = ReservationsAt { owner: String::new(), ..at.clone() };
        view! {
            {chip("SKU", at.sku, without_sku)}
            {chip("Owner", at.owner, without_owner)}
        }
    }
}

#[component]
fn Nothing(at: Memo<ReservationsAt>) -> impl IntoView {
    let is_filtered = move || at.with(|at| !at.sku.is_empty() || !at.owner.is_empty());
    let title = move || match (is_filtered(), at.get().status) {
        (true, _) => "Nothing matches",
        (false, StatusTab::One(ReservationStatus::Held)) => "Nothing is held",
        (false, StatusTab::One(_) | StatusTab::All) => "Nothing here yet",
    };
    view! {
        <div class="empty">
            <h2>{title}</h2>
            <p>"Reservations are made on a product's page, or by a shop through the API."</p>
        </div>
    }
}
