//! What can be done with a hold: extend it, give its units back, or make an order of it.

use domain::account::Role;
use domain::reservation::{ReservationStatus, ReservationView};
use leptos::prelude::*;

use super::form::{AfterSuccess, FormPlan, FormState, nothing_to_check};
use super::submit::{FormShell, Submit, Weight};
use super::toast::Toasts;
use crate::account::Account;
use crate::api::reservations::{ReservationExtend, ReservationRelease};
use crate::links;
use crate::refresh::Refresh;
use crate::words::lines_in_words;

/// By how much a hold is extended at one press: to this from now.
pub(crate) const EXTEND_MINUTES: &str = "10";

/// The buttons, as long as the hold is one and for those who may press them. Once it is ordered only its order ends it.
#[component]
pub(crate) fn HoldActions(
    hold: Signal<ReservationView>,
    refresh: Refresh,
    /// The way to its order, or to the form that makes one.
    #[prop(optional, into)]
    order: ViewFn,
) -> impl IntoView {
    let may = Account::may(Role::Operator);
    let is_held = Memo::new(move |_| {
        hold.with(|ReservationView { reservation, .. }| {
            may && reservation.status == ReservationStatus::Held && reservation.order_id.is_none()
        })
    });
    view! {
        <div class="hold-actions">
            {move || order.run()}
            <Show when=move || is_held.get()>
                <Extend hold=hold refresh=refresh />
                <Release hold=hold refresh=refresh />
            </Show>
        </div>
    }
}

/// The way to a hold's order, or to the form that makes one, from a row.
#[component]
pub(crate) fn OrderLink(hold: Signal<ReservationView>) -> impl IntoView {
    let may = Account::may(Role::Operator);
    let link = Memo::new(move |_| {
        hold.with(|ReservationView { reservation, .. }| match (reservation.order_id, reservation.status) {
            (Some(id), _) => Some(("Open order", links::order_by_id(id))),
            (None, ReservationStatus::Held) if !may => None,
            (None, ReservationStatus::Held) => Some(("Make order", links::reservation_order(reservation.id))),
            (None, ReservationStatus::Confirmed | ReservationStatus::Released | ReservationStatus::Expired) => None,
        })
    });
    move || link.get().map(|(word, href)| view! { <a class="button" href=href>{word}</a> })
}

#[component]
fn Extend(hold: Signal<ReservationView>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<ReservationExtend>::new();
    let id = hold.with_untracked(|view| view.reservation.id.to_string());
    let toasts = Toasts::here();
    let form = FormState::new(action, about("extend", &id), move |view: &ReservationView| {
        let words = lines_in_words(&view.reservation);
        let minutes = view.reservation.expires_at.milliseconds_since(view.server_time) / 60_000;
        toasts.say(match minutes {
            ..=10 => format!("Extended: {words} held for 10 minutes from now."),
            minutes => format!("Not changed: {words} held for {minutes} minutes already."),
        });
        refresh.now();
    });
    let hidden = vec![("id", id.clone()), ("minutes", EXTEND_MINUTES.to_owned())];
    view! {
        <FormShell action=action form=form hidden=hidden key=format!("extend:{id}") class="inline-form">
            <Submit form=form label="Extend" weight=Weight::Plain id=format!("extend-{id}") title="Hold it for 10 minutes from now" />
        </FormShell>
    }
}

#[component]
fn Release(hold: Signal<ReservationView>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<ReservationRelease>::new();
    let id = hold.with_untracked(|view| view.reservation.id.to_string());
    let toasts = Toasts::here();
    let form = FormState::new(action, about("release", &id), move |view: &ReservationView| {
        toasts.say(format!("Released: {} back on sale.", lines_in_words(&view.reservation)));
        refresh.now();
    });
    let hidden = vec![("id", id.clone())];
    view! {
        <FormShell action=action form=form hidden=hidden key=format!("release:{id}") class="inline-form">
            <Submit form=form label="Release" weight=Weight::Plain id=format!("release-{id}") title="Give its units back" />
        </FormShell>
    }
}

fn about(name: &'static str, id: &str) -> FormPlan {
    FormPlan {
        name,
        about: vec![("id", id.to_owned())],
        fields: Vec::new(),
        check: nothing_to_check,
        after: AfterSuccess::Keep,
    }
}
