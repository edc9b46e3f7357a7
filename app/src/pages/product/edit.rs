//! A product's own facts, and taking it off sale.

use domain::form::FieldErrors;
use domain::product::ProductView;
use leptos::prelude::*;

use crate::api::products::{ProductArchive, ProductChange};
use crate::forms::ChangeForm;
use crate::parts::field::{Kind, Need, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values, nothing_to_check};
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;

/// Closed until it is needed, which is seldom.
#[component]
pub(super) fn EditSection(product: Signal<ProductView>, refresh: Refresh) -> impl IntoView {
    view! {
        <details class="section card edit">
            <summary>
                <h2>"Product details"</h2>
            </summary>
            <EditForm product=product refresh=refresh />
            <ArchiveForm product=product refresh=refresh />
        </details>
    }
}

#[component]
fn EditForm(product: Signal<ProductView>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<ProductChange>::new();
    let now = product.get_untracked();
    let (id, currency) = (now.id.to_string(), now.price.currency.code().to_owned());
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "edit",
        about: vec![("product", id.clone())],
        fields: vec![
            ("name", now.name.to_string()),
            ("price", now.price.to_major()),
            ("currency", currency.clone()),
            ("low_stock_threshold", now.low_stock_threshold.map(|units| units.to_string()).unwrap_or_default()),
        ],
        check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |product: &ProductView| {
        toasts.say(format!("Saved: {}.", product.sku));
        refresh.now();
    });
    let hidden = vec![("product", id.clone()), ("currency", currency.clone())];
    view! {
        <FormShell action=action form=form hidden=hidden key=format!("change:{id}")>
            <TextField form=form name="name" label="Name" />
            <div class="field-row">
                <TextField form=form name="price" label="Price" kind=Kind::Amount hint=move || format!("In {currency}.") />
                <TextField
                    form=form
                    name="low_stock_threshold"
                    label="Low at"
                    kind=Kind::Whole
                    need=Need::Optional
                    hint=|| "Warns at this many."
                />
            </div>
            <div class="form-actions">
                <Submit form=form label="Save" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

#[component]
fn ArchiveForm(product: Signal<ProductView>, refresh: Refresh) -> impl IntoView {
    let archived = Memo::new(move |_| product.with(|product| product.archived));
    // Two forms, not one whose meaning changes: what is sent is what was shown.
    view! {
        <Show
            when=move || archived.get()
            fallback=move || {
                view! {
                    <ArchiveButton
                        product=product
                        refresh=refresh
                        archived="true"
                        label="Archive"
                        word="It goes off sale. Its stock and its holds stay as they are."
                        done="Archived"
                    />
                }
            }
        >
            <ArchiveButton
                product=product
                refresh=refresh
                archived="false"
                label="Bring back"
                word="It is off sale. It can be reserved again once it is brought back."
                done="Brought back"
            />
        </Show>
    }
}

#[component]
fn ArchiveButton(
    product: Signal<ProductView>,
    refresh: Refresh,
    archived: &'static str,
    label: &'static str,
    word: &'static str,
    done: &'static str,
) -> impl IntoView {
    let action = ServerAction::<ProductArchive>::new();
    let (id, version) = product.with_untracked(|product| (product.id.to_string(), product.version));
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "archive",
        about: vec![("product", id.clone())],
        fields: Vec::new(),
        check: nothing_to_check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |product: &ProductView| {
        toasts.say(format!("{done}: {}.", product.sku));
        refresh.now();
    });
    let weight = if archived == "true" { Weight::Danger } else { Weight::Plain };
    let hidden = vec![("product", id.clone()), ("archived", archived.to_owned())];
    // Archived, brought back and archived again on one page are three requests, so the key has the version.
    view! {
        <FormShell action=action form=form hidden=hidden key=format!("archive:{id}:{version}") class="form apart">
            <p class="muted">{word}</p>
            <div class="form-actions">
                <Submit form=form label=label weight=weight />
            </div>
        </FormShell>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = ChangeForm {
        name: value("name"),
        price: value("price"),
        currency: value("currency"),
        low_stock_threshold: value("low_stock_threshold"),
    };
    form.parse().err().unwrap_or_default()
}
