//! One order: where it stands and what may become of it, what was bought, and what happened to it.

mod lines;
mod machine;
mod notes;
mod steps;

use domain::journal::NamedEntry;
use domain::order::{Customer, OrderStatus, OrderView};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use crate::api::orders::{order_fetch, order_journal};
use crate::clock;
use crate::error::ApiError;
use crate::links::{self, OrdersAt};
use crate::live::{Live, Topic};
use crate::parts::badge::OrderBadge;
use crate::parts::countdown::Countdown;
use crate::parts::expiry_watch;
use crate::parts::frame::PageHead;
use crate::parts::loaded::{Loaded, StandsFor};
use crate::parts::moment::Moment;
use crate::parts::page_key::PageKey;
use crate::parts::timeline::{Tells, Timeline};
use crate::query::Query;
use crate::refresh::Refresh;
use crate::words::customer_in_words;

use lines::Lines;
use machine::{Machine, way_taken};
use notes::Notes;
use steps::Steps;

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Folder {
    order: OrderView,
    entries: Vec<NamedEntry>,
}

async fn folder(reference: String) -> Result<Folder, ApiError> {
    let (order, entries) = futures::join!(order_fetch(reference.clone()), order_journal(reference));
    Ok(Folder { order: order?, entries: entries? })
}

/// The page. It is built anew for another order, since its forms are about one: hence the list of one
/// item, which keeps nothing of an item that is gone.
#[component]
pub(crate) fn OrderPage() -> impl IntoView {
    let params = use_params_map();
    let reference = Memo::new(move |_| params.with(|params| params.get("order").unwrap_or_default()));
    view! {
        <For each=move || [reference.get()] key=Clone::clone let:reference>
            <OneOrder reference=reference />
        </For>
    }
}

#[component]
fn OneOrder(reference: String) -> impl IntoView {
    PageKey::provide();
    let refresh = Refresh::new();
    // Who is told that the order was changed meanwhile can read it again from there.
    provide_context(refresh);
    let data = Resource::new(move || (reference.clone(), refresh.count()), |(reference, _)| folder(reference));
    view! {
        <Loaded data=data rows=12 stands_for=StandsFor::Page let:folder>
            <Body folder=folder refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(folder: Signal<Folder>, refresh: Refresh) -> impl IntoView {
    let order = Memo::new(move |_| folder.with(|folder| folder.order.clone()));
    let entries = Signal::derive(move || folder.with(|folder| folder.entries.clone()));
    clock::sync_with(move || Some(order.with(|order| order.server_time)));
    expiry_watch::watch_deadline(Signal::derive(move || order.with(|order| order.expires_at)), refresh);
    let id = order.with_untracked(|order| order.order.id);
    Live::provide(refresh).listen(move || Topic::Order(id));
    let order: Signal<OrderView> = order.into();
    let title = Signal::derive(move || order.with(|view| format!("Order {}", view.order.number)));
    let way = Memo::new(move |_| folder.with(|folder| way_taken(&folder.entries, folder.order.order.status)));
    view! {
        <PageHead title=title line=move || view! { <Line order=order /> } />
        <div class="order">
            <div class="order-state">
                <Facts order=order />
                <Machine way=way />
            </div>
            <div class="order-side">
                <Steps order=order refresh=refresh />
            </div>
            <div class="order-rest">
                <Lines order=order />
                <section class="section" aria-labelledby="timeline-title">
                    <div class="section-head">
                        <h2 id="timeline-title">"Timeline"</h2>
                    </div>
                    <Timeline entries=entries label="Timeline of this order" line=Tells::Action />
                </section>
                <Notes order=order entries=entries refresh=refresh />
            </div>
        </div>
    }
}

/// The way back leads to the very page of the list that one came from.
#[component]
fn Line(order: Signal<OrderView>) -> impl IntoView {
    let search = use_location().search;
    let list = move || search.with(|search| links::list_of_order(&Query::parse(search)));
    let status = Memo::new(move |_| order.with(|view| view.order.status));
    let number = move || order.with(|view| view.order.number.to_string());
    view! {
        <a href=list>"Orders"</a>
        <span aria-hidden="true">" / "</span>
        <span>{number}</span>
        <OrderBadge status=status />
    }
}

/// Status, total, customer, times, and the words for what the status means.
#[component]
fn Facts(order: Signal<OrderView>) -> impl IntoView {
    let status = Memo::new(move |_| order.with(|view| view.order.status));
    let total = move || order.with(|view| view.order.total.to_string());
    let placed = Signal::derive(move || order.with(|view| view.order.placed_at));
    let reference = move || order.with(|view| view.order.reference.as_ref().map(ToString::to_string));
    view! {
        <section class="section card" aria-label="State">
            <dl class="facts">
                <div>
                    <dt>"Status"</dt>
                    <dd>
                        <OrderBadge status=status />
                    </dd>
                </div>
                <Deadline order=order />
                <div class="large">
                    <dt>"Total"</dt>
                    <dd class="number">{total}</dd>
                </div>
                <div>
                    <dt>"Customer"</dt>
                    <dd>
                        <Buyer order=order />
                    </dd>
                </div>
                <div>
                    <dt>"Placed"</dt>
                    <dd>
                        <Moment at=placed />
                    </dd>
                </div>
                <div>
                    <dt>"Reference"</dt>
                    <dd>{move || reference().unwrap_or_else(|| "–".to_owned())}</dd>
                </div>
                <div>
                    <dt>"Reservation"</dt>
                    <dd>
                        <Reserved order=order />
                    </dd>
                </div>
            </dl>
            <p class="state-words" role="status">{move || meaning(status.get())}</p>
        </section>
    }
}

/// How long it may still be paid for: it ends with its hold.
#[component]
fn Deadline(order: Signal<OrderView>) -> impl IntoView {
    let expires_at = Memo::new(move |_| order.with(|view| view.expires_at));
    let server_time = Signal::derive(move || order.with(|view| view.server_time));
    move || {
        expires_at.get().map(|deadline| {
            view! {
                <div>
                    <dt>"Time to pay"</dt>
                    <dd class="large">
                        <Countdown deadline=Signal::stored(deadline) server_time=server_time />
                    </dd>
                </div>
            }
        })
    }
}

/// The customer, and the way to all orders of the same.
#[component]
fn Buyer(order: Signal<OrderView>) -> impl IntoView {
    let customer = Memo::new(move |_| order.with(|view| view.order.customer.clone()));
    move || match customer.get() {
        None => Either::Left("–"),
        Some(customer) => {
            let (words, name) = (customer_in_words(&customer), other_name(&customer));
            let link = customer.email.as_ref().map(|email| {
                let mut at = OrdersAt::default();
                at.form.customer = email.to_string();
                links::orders(&at)
            });
            let words = match link {
                Some(href) => Either::Left(view! { <a href=href>{words}</a> }),
                None => Either::Right(words),
            };
            Either::Right(view! {
                {words}
                {name.map(|name| view! { <span class="muted also">{name}</span> })}
            })
        }
    }
}

/// What is known of a customer beside the address.
fn other_name(customer: &Customer) -> Option<String> {
    customer.email.as_ref()?;
    let name = customer.name.as_ref().map(ToString::to_string);
    let reference = customer.reference.as_ref().map(ToString::to_string);
    let known: Vec<String> = name.into_iter().chain(reference).collect();
    Some(known.join(", ")).filter(|known| !known.is_empty())
}

#[component]
fn Reserved(order: Signal<OrderView>) -> impl IntoView {
    let id = Memo::new(move |_| order.with(|view| view.order.reservation_id));
    move || match id.get() {
        Some(id) => Either::Left(view! { <a href=links::reservation(id)>"Open the reservation"</a> }),
        None => Either::Right("–"),
    }
}

const fn meaning(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Pending => "It is not paid for. When the time is over it ends, and its units go back on sale.",
        OrderStatus::Confirmed => "It is paid for: its units are its own.",
        OrderStatus::Processing => "It is being picked and packed.",
        OrderStatus::Shipped => "It was handed over to be delivered.",
        OrderStatus::Delivered => "It is with the customer.",
        OrderStatus::Cancelled => "It was called off before it was shipped. Nothing follows.",
        OrderStatus::Expired => "It was not paid for in time. Who pays late gets the units, if they are still free.",
        OrderStatus::Returned => "It came back. Nothing follows.",
    }
}
