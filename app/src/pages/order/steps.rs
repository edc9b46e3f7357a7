//! What can be done with an order: every step that its machine has for people. Those that may be taken now
//! are forms and say what they do to the stock; the others are shown too, and say why not.

use std::collections::BTreeMap;

use domain::order::machine::{By, Effect as OnStock, STEPS_NEED, TRANSITIONS};
use domain::order::{Order, OrderStatus, OrderView};
use leptos::either::Either;
use leptos::prelude::*;
use web_sys::SubmitEvent;

use crate::api::orders::OrderProceed;
use crate::browser;
use crate::parts::field::SelectField;
use crate::parts::form::{AfterSuccess, FormPlan, FormState, nothing_to_check};
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::words::{listed, units_in_words};

/// A step of the machine, as this order can or can't take it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Step {
    to: OrderStatus,
    /// The version that is on the page: another operator may be quicker.
    version: i64,
    can: Can,
}

/// Whether a step may be taken now.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Can {
    /// What it does to the stock.
    Yes {
        does: String,
        gives_a_choice: bool,
    },
    No {
        why: String,
    },
}

/// The buttons, those that end the order apart.
#[component]
pub(super) fn Steps(order: Signal<OrderView>, refresh: Refresh) -> impl IntoView {
    let steps = Memo::new(move |_| order.with(steps));
    let some = move |ends: bool| steps.get().into_iter().filter(|step| step.to.is_final() == ends).collect::<Vec<_>>();
    let (id, number) = order.with_untracked(|view| (view.order.id.to_string(), view.order.number.to_string()));
    let about = StoredValue::new((id, number));
    // A step makes its buttons anew; the one that had the keyboard gets it back.
    let pressed: StoredValue<Option<String>> = StoredValue::new(None);
    let press = move |event: SubmitEvent| pressed.set_value(event.submitter().map(|button| button.id()));
    Effect::new(move |_| {
        steps.track();
        if let Some(id) = pressed.try_update_value(Option::take).flatten() {
            request_animation_frame(move || browser::give_back_focus(&id));
        }
    });
    let item = move |step: Step| {
        let (id, number) = about.get_value();
        view! { <Item step=step id=id number=number refresh=refresh /> }
    };
    view! {
        <section class="section card" aria-labelledby="steps-title" on:submit=press>
            <h2 id="steps-title">"Next step"</h2>
            <ul class="steps">
                <For each=move || some(false) key=Clone::clone children=item />
            </ul>
            <ul class="steps apart" aria-label="Steps that end the order">
                <For each=move || some(true) key=Clone::clone children=item />
            </ul>
        </section>
    }
}

#[component]
fn Item(step: Step, id: String, number: String, refresh: Refresh) -> impl IntoView {
    let Step { to, version, can } = step;
    let note = format!("step-{to}-note");
    let body = match can {
        Can::Yes { does, gives_a_choice } => Either::Left(view! {
            <Take to=to version=version id=id number=number gives_a_choice=gives_a_choice refresh=refresh />
            <p class="step-words" id=note>{does}</p>
        }),
        Can::No { why } => Either::Right(view! {
            <button type="button" class="button" id=format!("step-{to}") aria-disabled="true" aria-describedby=note.clone()>
                <span>{label(to)}</span>
            </button>
            <p class="step-words" id=note>{why}</p>
        }),
    };
    view! { <li class="step">{body}</li> }
}

/// The form of a step that may be taken.
#[component]
fn Take(
    to: OrderStatus,
    version: i64,
    id: String,
    number: String,
    gives_a_choice: bool,
    refresh: Refresh,
) -> impl IntoView {
    let action = ServerAction::<OrderProceed>::new();
    let toasts = Toasts::here();
    let fields = if gives_a_choice { vec![("restock", "true".to_owned())] } else { Vec::new() };
    let plan = FormPlan {
        name: "step",
        about: vec![("order", id.clone()), ("to", to.to_string())],
        fields,
        check: nothing_to_check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |view: &OrderView| {
        let again = if view.reacquired { " Its units were taken again." } else { "" };
        toasts.say(format!("Order {number} is {} now.{again}", view.order.status));
        refresh.now();
    });
    let key = format!("proceed:{id}:{to}:{version}");
    let hidden = vec![("order", id), ("to", to.to_string()), ("version", version.to_string())];
    let weight = if to.is_final() { Weight::Danger } else { Weight::Main };
    let choice = gives_a_choice.then(|| {
        let options = vec![("true", "Put back on sale"), ("false", "Write off")];
        view! { <SelectField form=form name="restock" label="Its units" options=options /> }
    });
    view! {
        <FormShell action=action form=form hidden=hidden key=key class="form step-form">
            {choice}
            <Submit form=form label=label(to) weight=weight id=format!("step-{to}") />
        </FormShell>
    }
}

/// What the button of a step says.
const fn label(to: OrderStatus) -> &'static str {
    match to {
        OrderStatus::Pending => "Reopen",
        OrderStatus::Confirmed => "Confirm",
        OrderStatus::Processing => "Process",
        OrderStatus::Shipped => "Ship",
        OrderStatus::Delivered => "Deliver",
        OrderStatus::Cancelled => "Cancel order",
        OrderStatus::Expired => "Expire",
        OrderStatus::Returned => "Return",
    }
}

/// Every status that people can lead to, in the order of the machine's table.
fn steps(view: &OrderView) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for transition in TRANSITIONS.iter().filter(|transition| transition.by == By::People) {
        if steps.iter().all(|step| step.to != transition.to) {
            steps.push(Step { to: transition.to, version: view.order.version, can: can(view, transition.to) });
        }
    }
    steps
}

fn can(view: &OrderView, to: OrderStatus) -> Can {
    let now = view.order.status;
    let step = now.transition(to).filter(|step| step.by == By::People);
    match step {
        Some(step) if view.allowed_transitions.contains(&to) => {
            Can::Yes { does: does(step.effect, &view.order), gives_a_choice: step.effect == OnStock::TakeBack }
        }
        Some(_) => Can::No { why: format!("Needs the role {STEPS_NEED}.") },
        None => {
            let from = TRANSITIONS.iter().filter(|step| step.to == to && step.by == By::People);
            let from: Vec<String> = from.map(|step| step.from.to_string()).collect();
            Can::No { why: format!("Only from {}; it is {now}.", listed(&from, "or")) }
        }
    }
}

/// What a step does to the stock of this order's units.
fn does(effect: OnStock, order: &Order) -> String {
    match effect {
        OnStock::MakeFirm => format!("Keeps {}, without a deadline.", units(order, "in")),
        OnStock::GiveBack => format!("Puts {} back on sale.", units(order, "in")),
        OnStock::None => "Moves no stock.".to_owned(),
        OnStock::Ship => format!("Takes {}.", units(order, "out of")),
        OnStock::TakeBack => format!("Brings back {}, or writes them off.", units(order, "into")),
        OnStock::TakeAgain => format!("Takes {} again, if they are free.", units_in_words(order.units())),
    }
}

/// `3 units out of MAIN and 2 units out of BER`.
fn units(order: &Order, preposition: &str) -> String {
    let mut units: BTreeMap<String, i64> = BTreeMap::new();
    for (key, quantity) in order.units_by_key() {
        *units.entry(key.warehouse.to_string()).or_default() += quantity;
    }
    let words = units.into_iter().map(|(code, units)| format!("{} {preposition} {code}", units_in_words(units)));
    listed(&words.collect::<Vec<_>>(), "and")
}

#[cfg(test)]
mod tests {
    use domain::account::Role;
    use domain::order::{OrderAllocation, OrderLine};
    use domain::warehouse::WarehouseCode;

    use super::*;

    fn view(status: OrderStatus) -> OrderView {
        let part = |code: &str, quantity| OrderAllocation { warehouse: WarehouseCode::new(code).unwrap(), quantity };
        let price = domain::money::Money::new(255, domain::currency::Currency::GBP);
        let line = OrderLine {
            sku: domain::sku::Sku::new("A").unwrap(),
            product_id: "019a0000-0000-7000-8000-000000000001".parse().unwrap(),
            name: domain::text::Name::new("A").unwrap(),
            unit_price: price,
            quantity: 5,
            allocations: vec![part("MAIN", 1), part("BER", 4)],
        };
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let order = Order {
            id: "019a0000-0000-7000-8000-000000000002".parse().unwrap(),
            number: domain::order::OrderNumber::new(1_042),
            status,
            customer: None,
            currency: price.currency,
            total: price.checked_mul(5).unwrap(),
            lines: vec![line],
            reservation_id: None,
            reference: None,
            notes: Vec::new(),
            version: 3,
            placed_at: at,
            updated_at: at,
        };
        order.view(None, at)
    }

    #[test]
    fn every_step_is_there_and_says_what_it_does_or_why_not() {
        let words = |status| -> Vec<(&'static str, String)> {
            let words = |step: Step| match step.can {
                Can::Yes { does, .. } => (label(step.to), does),
                Can::No { why } => (label(step.to), why),
            };
            steps(&view(status)).into_iter().map(words).collect()
        };
        let processing = [
            ("Confirm", "Only from pending or expired; it is processing."),
            ("Cancel order", "Puts 4 units in BER and 1 unit in MAIN back on sale."),
            ("Process", "Only from confirmed; it is processing."),
            ("Ship", "Takes 4 units out of BER and 1 unit out of MAIN."),
            ("Deliver", "Only from shipped; it is processing."),
            ("Return", "Only from shipped or delivered; it is processing."),
        ];
        let told = words(OrderStatus::Processing);
        let told: Vec<(&str, &str)> = told.iter().map(|(label, words)| (*label, words.as_str())).collect();
        assert_eq!(told, processing);
        let seen_by_a_viewer = view(OrderStatus::Processing).seen_by(Role::Viewer);
        assert_eq!(
            can(&seen_by_a_viewer, OrderStatus::Shipped),
            Can::No { why: "Needs the role operator.".to_owned() }
        );
        assert_eq!(words(OrderStatus::Expired)[0].1, "Takes 5 units again, if they are free.");
    }
}
