//! Reservations as rows: what, for whom, until when, and what can be done.

use domain::ids::ProductId;
use domain::quantity::grouped;
use domain::reservation::{ReservationStatus, ReservationView};
use leptos::either::Either;
use leptos::prelude::*;
use web_sys::SubmitEvent;

use super::badge::StatusBadge;
use super::countdown::Countdown;
use super::hold_actions::{HoldActions, OrderLink};
use super::moment::Moment;
use crate::browser;
use crate::links;
use crate::refresh::Refresh;
use crate::words::lines_in_words;

/// What the first column says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Of {
    /// The units of one product: the table is about it.
    OneProduct(ProductId),
    /// The lines, by SKU.
    All,
}

/// The table. Rows are kept while their reservation is listed, and only what changes in them is redrawn:
/// a button that has the keyboard keeps it.
#[component]
pub(crate) fn HoldTable(
    items: Signal<Vec<ReservationView>>,
    of: Of,
    refresh: Refresh,
    /// What the table is, for those who can't see where it stands.
    caption: &'static str,
) -> impl IntoView {
    let title = match of {
        Of::OneProduct(_) => "Units",
        Of::All => "Reservation",
    };
    let ids = Memo::new(move |_| items.with(|items| items.iter().map(|view| view.reservation.id).collect::<Vec<_>>()));
    // A row that takes another place loses the keyboard on the way; the button that moved it gets it back.
    let pressed: StoredValue<Option<String>> = StoredValue::new(None);
    let press = move |event: SubmitEvent| pressed.set_value(event.submitter().map(|button| button.id()));
    Effect::new(move |_| {
        ids.track();
        if let Some(id) = pressed.try_update_value(Option::take).flatten() {
            request_animation_frame(move || browser::give_back_focus(&id));
        }
    });
    let row = move |id| {
        let first = items.with_untracked(|items| items.iter().find(|view| view.reservation.id == id).cloned())?;
        let hold = Memo::new(move |before: Option<&ReservationView>| {
            let now = items.with(|items| items.iter().find(|view| view.reservation.id == id).cloned());
            now.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
        });
        Some(view! { <Row hold=hold.into() of=of refresh=refresh /> })
    };
    view! {
        <div class="table-frame">
            <table class="table holds">
                <caption class="unseen">{caption}</caption>
                <thead>
                    <tr>
                        <th scope="col">{title}</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Owner"</th>
                        <th scope="col">"Made"</th>
                        <th scope="col">"Deadline"</th>
                        <th scope="col">
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody on:submit=press>
                    <For each=move || ids.get() key=|id| *id children=row />
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn Row(hold: Signal<ReservationView>, of: Of, refresh: Refresh) -> impl IntoView {
    let (href, owner) = hold.with_untracked(|view| {
        (links::reservation(view.reservation.id), view.reservation.owner.as_ref().map(ToString::to_string))
    });
    let what = move || {
        hold.with(|view| match of {
            Of::OneProduct(id) => grouped(units_of(view, id)),
            Of::All => lines_in_words(&view.reservation),
        })
    };
    let status = Memo::new(move |_| hold.with(|view| view.reservation.status));
    let deadline = Signal::derive(move || hold.with(|view| view.reservation.expires_at));
    let server_time = Signal::derive(move || hold.with(|view| view.server_time));
    let ends = move || match status.get() {
        ReservationStatus::Held => Either::Left(view! { <Countdown deadline=deadline server_time=server_time /> }),
        ReservationStatus::Confirmed | ReservationStatus::Released | ReservationStatus::Expired => {
            Either::Right(view! { <Moment at=deadline /> })
        }
    };
    view! {
        <tr>
            <td class="row-title">
                <a href=href data-row="">{what}</a>
            </td>
            <td data-label="Status">
                <StatusBadge status=status />
            </td>
            <td data-label="Owner" class="owner">
                {owner.map_or_else(|| Either::Left(view! { <span class="none">"–"</span> }), Either::Right)}
            </td>
            <td data-label="Made">
                <Moment at=Signal::derive(move || hold.with(|view| view.reservation.created_at)) />
            </td>
            <td data-label="Deadline" class="ends">
                {ends}
            </td>
            <td class="row-actions">
                <HoldActions hold=hold refresh=refresh order=move || view! { <OrderLink hold=hold /> } />
            </td>
        </tr>
    }
}

fn units_of(view: &ReservationView, product_id: ProductId) -> i64 {
    let lines = view.reservation.lines.iter().filter(|line| line.product_id == product_id);
    lines.map(|line| line.quantity).sum()
}
