//! Starting a run, and stopping it.

use domain::chaos::{ChaosForm, ChaosLimits, ChaosRun, Guards};
use domain::form::FieldErrors;
use leptos::prelude::*;

use crate::api::chaos::{ChaosStart, ChaosStop};
use crate::parts::field::{Kind, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values, nothing_to_check};
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::refresh::Refresh;

/// The form that starts a run.
#[component]
pub(super) fn StartForm(is_under_way: Memo<bool>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<ChaosStart>::new();
    let plan = FormPlan {
        name: "chaos",
        about: Vec::new(),
        fields: vec![
            ("attempts", "50".to_owned()),
            ("stock", "10".to_owned()),
            ("clients", "50".to_owned()),
            ("guards", String::new()),
        ],
        check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |_: &Option<ChaosRun>| refresh.now());
    view! {
        <FormShell
            action=action
            form=form
            hidden=Vec::new()
            key="chaos".to_owned()
            class="form card chaos-start"
        >
            <div class="field-row">
                <TextField form=form name="attempts" label="Buyers" kind=Kind::Whole hint=|| "Up to 20,000." />
                <TextField form=form name="stock" label="Units" kind=Kind::Whole hint=|| "One for each winner." />
                <TextField form=form name="clients" label="At a time" kind=Kind::Whole hint=|| "Up to 200." />
            </div>
            <GuardsSwitch form=form />
            <div class="form-actions">
                <Show
                    when=move || !is_under_way.get()
                    fallback=|| view! { <p class="chaos-busy">"A run is under way: one at a time."</p> }
                >
                    <Submit form=form label="Start" />
                </Show>
            </div>
        </FormShell>
    }
}

/// Whether the crowd goes to Holdfast, or to a count that is read and then written.
#[component]
fn GuardsSwitch(form: FormState) -> impl IntoView {
    let off = Guards::Off.to_string();
    let is_off = form.first_value("guards") == off;
    view! {
        <label class="switch">
            <input
                type="checkbox"
                role="switch"
                name="guards"
                value=off.clone()
                checked=is_off
                aria-describedby="guards-note"
                on:change:target=move |event| {
                    let text = if event.target().checked() { off.clone() } else { String::new() };
                    form.type_in("guards", text);
                }
            />
            <span>"Without guards"</span>
        </label>
        <p class="field-note" id="guards-note">
            "Reads how many there are, then writes one fewer, as naive code does. It must oversell."
        </p>
    }
}

/// Ends a run before its time.
#[component]
pub(super) fn StopForm(refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<ChaosStop>::new();
    let plan = FormPlan {
        name: "chaos-stop",
        about: Vec::new(),
        fields: Vec::new(),
        check: nothing_to_check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |_: &Option<ChaosRun>| refresh.now());
    view! {
        <FormShell action=action form=form hidden=Vec::new() key="chaos-stop".to_owned() class="inline-form">
            <Submit form=form label="Stop" weight=Weight::Plain />
        </FormShell>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = ChaosForm {
        attempts: value("attempts"),
        stock: value("stock"),
        clients: value("clients"),
        guards: value("guards"),
    };
    form.parse(ChaosLimits::PAGE).err().unwrap_or_default()
}
