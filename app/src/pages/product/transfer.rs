//! Moving units of a product to another warehouse.

use domain::form::{FieldErrors, TransferForm as Typed};
use domain::product::ProductView;
use domain::quantity::grouped;
use domain::transfer::TransferView;
use domain::warehouse::Warehouse;
use leptos::prelude::*;

use crate::api::warehouses::StockTransfer;
use crate::parts::field::{Kind, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;

/// The form. There is nowhere to go where there is one warehouse.
#[component]
pub(super) fn TransferForm(
    product: Signal<ProductView>,
    warehouses: Signal<Vec<Warehouse>>,
    refresh: Refresh,
) -> impl IntoView {
    let several = warehouses.with_untracked(|warehouses| warehouses.len() > 1);
    several.then(|| view! { <Form product=product warehouses=warehouses refresh=refresh /> })
}

#[component]
fn Form(product: Signal<ProductView>, warehouses: Signal<Vec<Warehouse>>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<StockTransfer>::new();
    let (id, from) = product.with_untracked(|product| (product.id.to_string(), fullest(product)));
    // One that is passed by may be emptied, not filled.
    let (all, open) = warehouses.with_untracked(|warehouses| {
        let open: Vec<Warehouse> = warehouses.iter().filter(|warehouse| warehouse.active).cloned().collect();
        (choices(warehouses), choices(&open))
    });
    let to = open.iter().find(|(code, _)| *code != from).map(|(code, _)| code.clone()).unwrap_or_default();
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "transfer",
        about: vec![("product", id.clone())],
        fields: vec![("from", from), ("to", to), ("quantity", String::new())],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |moved: &TransferView| {
        let units: i64 = moved.lines.iter().map(|line| line.quantity).sum();
        toasts.say(format!("Transferred: {} from {} to {}.", grouped(units), moved.from, moved.to));
        refresh.now();
    });
    let hint = move || {
        let from = form.value("from");
        let free = product.with(|product| {
            product.stock.iter().find(|stock| stock.warehouse.as_str() == from).map_or(0, |stock| stock.available)
        });
        format!("{} free in {from}.", grouped(free))
    };
    view! {
        <section class="section card" aria-labelledby="transfer-title">
            <h2 id="transfer-title">"Transfer"</h2>
            <FormShell action=action form=form hidden=vec![("product", id.clone())] key=format!("transfer:{id}")>
                <div class="field-row">
                    <SelectField form=form name="from" label="From" options=all />
                    <SelectField form=form name="to" label="To" options=open />
                </div>
                <TextField form=form name="quantity" label="How many" kind=Kind::Whole hint=hint />
                <div class="form-actions">
                    <Submit form=form label="Transfer" weight=Weight::Plain />
                </div>
            </FormShell>
        </section>
    }
}

/// The warehouse that has the most to give.
fn fullest(product: &ProductView) -> String {
    let fullest = product.stock.iter().max_by_key(|stock| stock.available);
    fullest.map(|stock| stock.warehouse.to_string()).unwrap_or_default()
}

/// Warehouses to choose from, by code.
pub(super) fn choices(warehouses: &[Warehouse]) -> Vec<(String, String)> {
    let choice = |warehouse: &Warehouse| {
        let words = format!("{}: {}", warehouse.code, warehouse.name);
        (warehouse.code.to_string(), words)
    };
    warehouses.iter().map(choice).collect()
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = Typed { from: value("from"), to: value("to"), quantity: value("quantity") };
    form.parse().err().unwrap_or_default()
}
