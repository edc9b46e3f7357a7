//! The whole at a glance: figures, what ends soon, what just happened.

use domain::journal::NamedEntry;
use domain::quantity::grouped;
use domain::reservation::ReservationView;
use domain::stats::Stats;
use leptos::prelude::*;

use crate::api::journal::{About, journal_latest};
use crate::api::reservations::reservation_list;
use crate::api::stats::stats_fetch;
use crate::clock;
use crate::error::ApiError;
use crate::links;
use crate::live::{Live, Topic};
use crate::parts::expiry_watch;
use crate::parts::figure::Figure;
use crate::parts::frame::PageHead;
use crate::parts::hold_table::{HoldTable, Of};
use crate::parts::loaded::Loaded;
use crate::parts::orders_bar::OrdersBar;
use crate::parts::page_key::PageKey;
use crate::parts::timeline::Timeline;
use crate::refresh::Refresh;

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Glance {
    stats: Option<Stats>,
    ending: Vec<ReservationView>,
    latest: Vec<NamedEntry>,
}

const ENDING_SHOWN: &str = "8";
const ENTRIES_SHOWN: &str = "10";

async fn glance() -> Result<Glance, ApiError> {
    let held = Some("held".to_owned());
    let (stats, ending, latest) = futures::join!(
        stats_fetch(),
        reservation_list(held, None, None, None, None, Some(ENDING_SHOWN.to_owned())),
        journal_latest(About::Everything, ENTRIES_SHOWN),
    );
    Ok(Glance { stats: stats?, ending: ending?.items, latest: latest? })
}

/// The page.
#[component]
pub(crate) fn Overview() -> impl IntoView {
    PageKey::provide();
    let refresh = Refresh::new();
    Live::provide(refresh).listen(|| Topic::Everything);
    let data = Resource::new(move || refresh.count(), |_| glance());
    view! {
        <PageHead title="Overview" line=|| "What is in stock, what is held, and what just happened.">
            <a class="button main" href=links::PRODUCTS>"Find a product"</a>
        </PageHead>
        <Loaded data=data rows=12 let:glance>
            <Body glance=glance refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(glance: Signal<Glance>, refresh: Refresh) -> impl IntoView {
    let ending = Signal::derive(move || glance.with(|glance| glance.ending.clone()));
    clock::sync_with(move || ending.with(|ending| ending.first().map(|view| view.server_time)));
    expiry_watch::watch(ending, refresh);
    let latest = Signal::derive(move || glance.with(|glance| glance.latest.clone()));
    let is_any = Memo::new(move |_| ending.with(|ending| !ending.is_empty()));
    view! {
        <Figures stats=Signal::derive(move || glance.with(|glance| glance.stats.clone())) />
        <OrdersSection stats=Signal::derive(move || glance.with(|glance| glance.stats.clone())) />
        <section class="section" aria-labelledby="ending-title">
            <div class="section-head">
                <h2 id="ending-title">"Ending soon"</h2>
                <a href=links::RESERVATIONS>"All that is held"</a>
            </div>
            <Show when=move || is_any.get() fallback=|| view! { <p class="empty-line">"Nothing is held."</p> }>
                <HoldTable items=ending of=Of::All refresh=refresh caption="Holds, the next to end first" />
            </Show>
        </section>
        <section class="section" aria-labelledby="latest-title">
            <div class="section-head">
                <h2 id="latest-title">"Latest"</h2>
            </div>
            <Timeline entries=latest label="Latest journal entries" />
        </section>
    }
}

#[component]
fn Figures(stats: Signal<Option<Stats>>) -> impl IntoView {
    let figure = move |read: fn(&Stats) -> i64| Signal::derive(move || stats.with(|stats| stats.as_ref().map(read)));
    let age =
        move || stats.with(|stats| stats.as_ref().map(|stats| format!("As of {} UTC", stats.as_of.to_calendar())));
    let low = move || {
        let low = stats.with(|stats| stats.as_ref().map_or(0, |stats| stats.low_stock));
        (low > 0).then(|| view! { <p class="figures-note">{grouped(low)} " nearly sold out"</p> })
    };
    view! {
        <section class="figures-frame" aria-label="Figures" title=age>
            <dl class="figures">
                <Figure label="On hand" count=figure(|stats| stats.on_hand) />
                <Figure label="Held now" count=figure(|stats| stats.reserved) tone="held" />
                <Figure label="Available" count=figure(|stats| stats.available) tone="available" />
                <Figure label="Products" count=figure(|stats| stats.products) />
            </dl>
            {low}
        </section>
    }
}

/// Where the orders stand, as soon as there are any.
#[component]
fn OrdersSection(stats: Signal<Option<Stats>>) -> impl IntoView {
    let counts =
        Memo::new(move |_| stats.with(|stats| stats.as_ref().map(|stats| stats.orders.clone()).unwrap_or_default()));
    let is_any = Memo::new(move |_| counts.with(|counts| counts.values().any(|count| *count > 0)));
    view! {
        <Show when=move || is_any.get()>
            <section class="section" aria-labelledby="orders-title">
                <div class="section-head">
                    <h2 id="orders-title">"Orders"</h2>
                    <a href=links::ORDERS>"All orders"</a>
                </div>
                <OrdersBar counts=counts />
            </section>
        </Show>
    }
}
