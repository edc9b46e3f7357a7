//! From a reservation to its order: the form that makes one, or the way to the one there is.

use domain::account::Role;
use domain::form::FieldErrors;
use domain::order::OrderView;
use domain::reservation::{ReservationStatus, ReservationView};
use leptos::prelude::*;

use crate::account::Account;
use crate::api::orders::OrderPlace;
use crate::forms::PlaceForm;
use crate::parts::field::{Need, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::submit::{FormShell, Submit};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;

/// Whether an order can be made, and on which terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Terms {
    /// Its units are held.
    Held,
    /// Its units are taken again, if they are free.
    Late,
    No,
}

/// The section; nothing where there is an order, or can be none by whoever looks.
#[component]
pub(super) fn MakeOrder(hold: Signal<ReservationView>, refresh: Refresh) -> impl IntoView {
    let may = Account::may(Role::Operator);
    let terms = Memo::new(move |_| {
        hold.with(|ReservationView { reservation, .. }| match (reservation.order_id, reservation.status) {
            (None, ReservationStatus::Held | ReservationStatus::Expired) if !may => Terms::No,
            (None, ReservationStatus::Held) => Terms::Held,
            (None, ReservationStatus::Expired) => Terms::Late,
            (Some(_), _) | (None, ReservationStatus::Confirmed | ReservationStatus::Released) => Terms::No,
        })
    });
    let is_possible = Memo::new(move |_| terms.get() != Terms::No);
    view! {
        <Show when=move || is_possible.get()>
            <section class="section card" aria-labelledby="order-title">
                <h2 id="order-title">"Make order"</h2>
                <p class="muted card-line">{move || words(terms.get())}</p>
                <PlaceOrder hold=hold refresh=refresh />
            </section>
        </Show>
    }
}

const fn words(terms: Terms) -> &'static str {
    match terms {
        Terms::Held => "Its units are sold at today's prices. Until it is paid for, the time goes on.",
        Terms::Late => "The time is over. Its units are taken again, if they are still free.",
        Terms::No => "",
    }
}

#[component]
fn PlaceOrder(hold: Signal<ReservationView>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<OrderPlace>::new();
    let id = hold.with_untracked(|hold| hold.reservation.id.to_string());
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "order",
        about: vec![("reservation", id.clone())],
        fields: vec![("email", String::new()), ("reference", String::new()), ("confirm", "later".to_owned())],
        check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |view: &OrderView| {
        let again = if view.reacquired { " Its units were taken again." } else { "" };
        toasts.say(format!("Order {} placed.{again}", view.order.number));
        refresh.now();
    });
    let payments = vec![("later", "Not yet"), ("now", "Paid: confirm it at once")];
    view! {
        <FormShell action=action form=form hidden=vec![("reservation", id.clone())] key=format!("order:{id}")>
            <div class="field-row">
                <TextField
                    form=form
                    name="email"
                    label="Customer"
                    need=Need::Optional
                    hint=|| "The address of whoever buys."
                />
                <TextField
                    form=form
                    name="reference"
                    label="Reference"
                    need=Need::Optional
                    hint=|| "What the shop calls the order."
                />
                <SelectField form=form name="confirm" label="Payment" options=payments />
            </div>
            <div class="form-actions">
                <Submit form=form label="Make order" />
            </div>
        </FormShell>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = PlaceForm {
        // Which one is not typed, and checked where it is known.
        reservation: "00000000-0000-7000-8000-000000000000".to_owned(),
        email: value("email"),
        reference: value("reference"),
        confirm: value("confirm"),
    };
    form.parse().err().unwrap_or_default()
}
