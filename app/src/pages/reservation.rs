//! One reservation: what it holds, how long it still does, and what happened to it.

mod order;

use domain::ids::OrderId;
use domain::quantity::grouped;
use domain::reservation::{ReservationLine, ReservationStatus, ReservationView};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::api::reservations::reservation_fetch;
use crate::clock;
use crate::error::ApiError;
use crate::forms::AuditForm;
use crate::links::{self, ReservationsAt};
use crate::live::{Live, Topic};
use crate::parts::badge::StatusBadge;
use crate::parts::countdown::Countdown;
use crate::parts::expiry_watch;
use crate::parts::frame::PageHead;
use crate::parts::hold_actions::HoldActions;
use crate::parts::journal::{Journal, WithJournal, with_journal};
use crate::parts::loaded::{Loaded, StandsFor};
use crate::parts::moment::Moment;
use crate::parts::page_key::PageKey;
use crate::refresh::Refresh;
use crate::words::lines_in_words;

use order::MakeOrder;

/// What the page shows.
type Folder = WithJournal<ReservationView>;

async fn folder(id: String) -> Result<Folder, ApiError> {
    with_journal(reservation_fetch(id.clone()), format!("reservation:{id}")).await
}

/// The page. It is built anew for another reservation, since its forms are about one: hence the list of
/// one item, which keeps nothing of an item that is gone.
#[component]
pub(crate) fn ReservationPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id").unwrap_or_default()));
    view! {
        <For each=move || [id.get()] key=Clone::clone let:id>
            <OneReservation id=id />
        </For>
    }
}

#[component]
fn OneReservation(id: String) -> impl IntoView {
    PageKey::provide();
    let refresh = Refresh::new();
    let data = Resource::new(move || (id.clone(), refresh.count()), |(id, _)| folder(id));
    view! {
        <Loaded data=data rows=8 stands_for=StandsFor::Page let:folder>
            <Body folder=folder refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(folder: Signal<Folder>, refresh: Refresh) -> impl IntoView {
    let hold = Signal::derive(move || folder.with(|folder| folder.thing.clone()));
    let entries = Signal::derive(move || folder.with(|folder| folder.entries.clone()));
    clock::sync_with(move || Some(hold.with(|hold| hold.server_time)));
    expiry_watch::watch(Signal::derive(move || vec![hold.get()]), refresh);
    let id = hold.with_untracked(|hold| hold.reservation.id);
    Live::provide(refresh).listen(move || Topic::Reservation(id));
    let title = Signal::derive(move || hold.with(|hold| lines_in_words(&hold.reservation)));
    let all = AuditForm::about("reservation", id.to_string());
    view! {
        <PageHead title=title line=move || view! { <Line hold=hold /> }>
            <HoldActions hold=hold refresh=refresh />
        </PageHead>
        <Facts hold=hold />
        <MakeOrder hold=hold refresh=refresh />
        <section class="section" aria-labelledby="lines-title">
            <div class="section-head">
                <h2 id="lines-title">"Lines"</h2>
            </div>
            <Lines hold=hold />
        </section>
        <Journal entries=entries label="Journal of this reservation" all=all />
    }
}

#[component]
fn Line(hold: Signal<ReservationView>) -> impl IntoView {
    let id = hold.with_untracked(|hold| hold.reservation.id.to_string());
    view! {
        <a href=links::RESERVATIONS>"Reservations"</a>
        <span aria-hidden="true">" / "</span>
        <code>{id}</code>
    }
}

/// Status, time left, and the words for what that means.
#[component]
fn Facts(hold: Signal<ReservationView>) -> impl IntoView {
    let status = Memo::new(move |_| hold.with(|hold| hold.reservation.status));
    let deadline = Signal::derive(move || hold.with(|hold| hold.reservation.expires_at));
    let created = Signal::derive(move || hold.with(|hold| hold.reservation.created_at));
    let server_time = Signal::derive(move || hold.with(|hold| hold.server_time));
    let owner = move || hold.with(|hold| hold.reservation.owner.as_ref().map(ToString::to_string));
    let left = move || match status.get() {
        ReservationStatus::Held => Either::Left(view! { <Countdown deadline=deadline server_time=server_time /> }),
        ReservationStatus::Confirmed | ReservationStatus::Released | ReservationStatus::Expired => Either::Right("–"),
    };
    let order_id = Memo::new(move |_| hold.with(|hold| hold.reservation.order_id));
    let order = move || {
        order_id.get().map(|id| {
            view! {
                <div>
                    <dt>"Order"</dt>
                    <dd>
                        <a href=links::order_by_id(id)>"Open the order"</a>
                    </dd>
                </div>
            }
        })
    };
    let whose = move || match owner() {
        Some(owner) => {
            let href = links::reservations(&ReservationsAt { owner: owner.clone(), ..ReservationsAt::default() });
            Either::Left(view! { <a href=href>{owner}</a> })
        }
        None => Either::Right("–"),
    };
    view! {
        <section class="section card" aria-label="State">
            <dl class="facts">
                <div>
                    <dt>"Status"</dt>
                    <dd>
                        <StatusBadge status=status />
                    </dd>
                </div>
                <div>
                    <dt>"Time left"</dt>
                    <dd class="large">{left}</dd>
                </div>
                {order}
                <div>
                    <dt>"Owner"</dt>
                    <dd>{whose}</dd>
                </div>
                <div>
                    <dt>"Made"</dt>
                    <dd>
                        <Moment at=created />
                    </dd>
                </div>
                <div>
                    <dt>"Deadline"</dt>
                    <dd>
                        <Moment at=deadline />
                    </dd>
                </div>
            </dl>
            <p class="state-words" role="status">{move || meaning(status.get(), order_id.get())}</p>
        </section>
    }
}

const fn meaning(status: ReservationStatus, order_id: Option<OrderId>) -> &'static str {
    match (status, order_id) {
        (ReservationStatus::Held, Some(_)) => {
            "It is ordered, not paid for: when the time is over it ends, and its order with it."
        }
        (ReservationStatus::Held, None) => {
            "Its units are held. When the time is over they go back on sale by themselves."
        }
        (ReservationStatus::Confirmed, _) => "It was paid for in time and does not expire.",
        (ReservationStatus::Released, _) => "It was given back: its units are back on sale.",
        (ReservationStatus::Expired, _) => "Its time is over: its units are back on sale.",
    }
}

#[component]
fn Lines(hold: Signal<ReservationView>) -> impl IntoView {
    let lines = move || hold.with(|hold| hold.reservation.lines.clone());
    let key = |line: &ReservationLine| (line.product_id, line.quantity, line.allocations.len());
    view! {
        <div class="table-frame">
            <table class="table lines">
                <caption class="unseen">"Lines of this reservation"</caption>
                <thead>
                    <tr>
                        <th scope="col">"SKU"</th>
                        <th scope="col" class="number">"Units"</th>
                        <th scope="col">"From"</th>
                    </tr>
                </thead>
                <tbody>
                    <For each=lines key=key let:line>
                        <LineRow line=line />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn LineRow(line: ReservationLine) -> impl IntoView {
    let parts = line.allocations.iter();
    let from: Vec<String> = parts
        .map(|part| format!("{} from {}, {}", grouped(part.quantity), part.warehouse, part.reason.words()))
        .collect();
    view! {
        <tr>
            <td class="row-title">
                <a class="sku" href=links::product(&line.sku, line.product_id) data-row="">
                    {line.sku.to_string()}
                </a>
            </td>
            <td class="number" data-label="Units">
                {grouped(line.quantity)}
            </td>
            <td data-label="From">{from.join("; ")}</td>
        </tr>
    }
}
