//! One warehouse: what it is called, when it is drawn on, and whether it is.

use domain::account::Role;
use domain::form::{FieldErrors, WarehouseForm};
use domain::warehouse::Warehouse;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::account::Account;
use crate::api::warehouses::{WarehouseActivate, WarehouseChange, warehouse_fetch};
use crate::error::ApiError;
use crate::forms::AuditForm;
use crate::links;
use crate::parts::activation::{Activation, Turn};
use crate::parts::badge::{AccountBadge, Standing};
use crate::parts::confirm::Confirm;
use crate::parts::field::{Kind, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::frame::PageHead;
use crate::parts::journal::{Journal, WithJournal, with_journal};
use crate::parts::loaded::{Loaded, StandsFor};
use crate::parts::page_key::PageKey;
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;

/// What the page shows.
type Folder = WithJournal<Warehouse>;

async fn folder(code: String) -> Result<Folder, ApiError> {
    with_journal(warehouse_fetch(code.clone()), format!("warehouse:{code}")).await
}

/// The page. It is built anew for another warehouse, since its forms are about one.
#[component]
pub(crate) fn WarehousePage() -> impl IntoView {
    let params = use_params_map();
    let code = Memo::new(move |_| params.with(|params| params.get("warehouse").unwrap_or_default()));
    view! {
        <For each=move || [code.get()] key=Clone::clone let:code>
            <OneWarehouse code=code />
        </For>
    }
}

#[component]
fn OneWarehouse(code: String) -> impl IntoView {
    PageKey::provide();
    let refresh = Refresh::new();
    let data = Resource::new(move || (code.clone(), refresh.count()), |(code, _)| folder(code));
    view! {
        <Loaded data=data rows=6 stands_for=StandsFor::Page let:folder>
            <Body folder=folder refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(folder: Signal<Folder>, refresh: Refresh) -> impl IntoView {
    let warehouse = Signal::derive(move || folder.with(|folder| folder.thing.clone()));
    let entries = Signal::derive(move || folder.with(|folder| folder.entries.clone()));
    let active = Memo::new(move |_| warehouse.with(|warehouse| warehouse.active));
    let turns = StoredValue::new(0);
    let standing = move || if active.get() { Standing::Valid("Active") } else { Standing::Over("Not active") };
    let code = warehouse.with_untracked(|warehouse| warehouse.code.to_string());
    let all = AuditForm::about("warehouse", code.clone());
    let line = move || {
        view! {
            <a href=links::WAREHOUSES>"Warehouses"</a>
            <span aria-hidden="true">" / "</span>
            <code class="sku">{code.clone()}</code>
            <span class="dot-before">
                {move || warehouse.with(|warehouse| format!("priority {}", warehouse.priority))}
            </span>
            {move || view! { <AccountBadge standing=standing() /> }}
        }
    };
    view! {
        <PageHead title=Signal::derive(move || warehouse.with(|warehouse| warehouse.name.to_string())) line=line />
        <div class="user">
            {Account::may(Role::Admin)
                .then(|| {
                    view! {
                        <section class="section card" aria-labelledby="facts-title">
                            <h2 id="facts-title">"Details"</h2>
                            <FactsForm warehouse=warehouse refresh=refresh />
                        </section>
                    }
                })}
            <section class="section card" aria-labelledby="use-title">
                <h2 id="use-title">"Use"</h2>
                <p class="muted card-line">
                    {move || {
                        if active.get() {
                            "Units are reserved from it and come into it."
                        } else {
                            "New reservations pass it by and nothing comes into it. What is held there is shipped or \
                             released from there; what is free can be transferred."
                        }
                    }}
                </p>
                {Account::may(Role::Admin)
                    .then(|| {
                        view! {
                            <Show
                                when=move || active.get()
                                fallback=move || {
                                    view! { <Activate warehouse=warehouse turns=turns refresh=refresh /> }
                                }
                            >
                                <Deactivate warehouse=warehouse turns=turns refresh=refresh />
                            </Show>
                        }
                    })}
            </section>
        </div>
        <Journal entries=entries label="Journal of this warehouse" all=all />
    }
}

#[component]
fn FactsForm(warehouse: Signal<Warehouse>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<WarehouseChange>::new();
    let toasts = Toasts::here();
    let now = warehouse.get_untracked();
    let code = now.code.to_string();
    let plan = FormPlan {
        name: "facts",
        about: vec![("warehouse", code.clone())],
        fields: vec![("name", now.name.to_string()), ("priority", now.priority.to_string())],
        check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |warehouse: &Warehouse| {
        toasts.say(format!("Saved: {}.", warehouse.code));
        refresh.now();
    });
    view! {
        <FormShell action=action form=form hidden=vec![("warehouse", code.clone())] key=format!("warehouse:{code}")>
            <TextField form=form name="name" label="Name" />
            <TextField
                form=form
                name="priority"
                label="Priority"
                kind=Kind::Whole
                hint=|| "1 is drawn on before 2; among equals, the code decides."
            />
            <div class="form-actions">
                <Submit form=form label="Save" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

/// Passing it by, asked first.
#[component]
fn Deactivate(warehouse: Signal<Warehouse>, turns: StoredValue<usize>, refresh: Refresh) -> impl IntoView {
    let form = activation(warehouse, false, turns, refresh);
    let code = move || warehouse.with(|warehouse| warehouse.code.to_string());
    view! {
        <Confirm
            id="deactivate".to_owned()
            label="Deactivate"
            about=Signal::derive(move || format!("Pass {} by", code()))
            question=Signal::derive(move || format!("Deactivate {}?", code()))
            consequence="Its free units go off sale and nothing comes in. What is on hand stays, and what is held there is shipped or released from there."
            form=form.state
        >
            <FormShell action=form.action form=form.state hidden=form.hidden key=form.key class="inline-form">
                <Submit form=form.state label="Deactivate warehouse" weight=Weight::Danger />
            </FormShell>
        </Confirm>
    }
}

/// Drawing on it again: it takes nothing away, so it is not asked about.
#[component]
fn Activate(warehouse: Signal<Warehouse>, turns: StoredValue<usize>, refresh: Refresh) -> impl IntoView {
    let form = activation(warehouse, true, turns, refresh);
    view! {
        <FormShell action=form.action form=form.state hidden=form.hidden key=form.key>
            <div class="form-actions">
                <Submit form=form.state label="Activate" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

fn activation(
    warehouse: Signal<Warehouse>,
    active: bool,
    turns: StoredValue<usize>,
    refresh: Refresh,
) -> Activation<WarehouseActivate> {
    let code = warehouse.with_untracked(|warehouse| warehouse.code.to_string());
    let turn = Turn { name: "use", subject: ("warehouse", code), active, turns, refresh };
    let done = if active { "is drawn on again" } else { "is passed by" };
    Activation::new(turn, move |warehouse: &Warehouse| format!("{} {done}.", warehouse.code))
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = WarehouseForm { code: String::new(), name: value("name"), priority: value("priority") };
    form.parse_change().err().unwrap_or_default()
}
