//! Recording what came in, was counted, or was lost.

use domain::form::{FieldErrors, StockForm};
use domain::product::ProductView;
use domain::quantity::grouped;
use domain::stock::StockReason;
use domain::warehouse::Warehouse;
use leptos::prelude::*;

use super::transfer::choices;
use crate::api::products::StockAdjust;
use crate::parts::field::{Kind, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;

/// The form.
#[component]
pub(super) fn AdjustForm(
    product: Signal<ProductView>,
    warehouses: Signal<Vec<Warehouse>>,
    refresh: Refresh,
) -> impl IntoView {
    let action = ServerAction::<StockAdjust>::new();
    let id = product.with_untracked(|product| product.id.to_string());
    let places = warehouses.with_untracked(|warehouses| choices(warehouses));
    // Where nothing is said, the main warehouse is meant: it need not be the first, or active.
    let first = warehouses.with_untracked(|warehouses| {
        let first = warehouses.iter().find(|warehouse| warehouse.active).or(warehouses.first());
        first.map(|warehouse| warehouse.code.to_string()).unwrap_or_default()
    });
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "stock",
        about: vec![("product", id.clone())],
        fields: vec![
            ("reason", <&str>::from(StockReason::Received).to_owned()),
            ("quantity", String::new()),
            ("warehouse", first),
        ],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |product: &ProductView| {
        toasts.say(format!("Recorded: {} on hand of {}.", grouped(product.total().on_hand), product.sku));
        refresh.now();
    });
    let reasons = [StockReason::Received, StockReason::Adjusted, StockReason::WrittenOff]
        .map(|reason| (<&str>::from(reason), reason.label()));
    let hint = move || match form.value("reason").parse() {
        Ok(StockReason::Received) => "That came in.",
        Ok(StockReason::Adjusted) => "Found or missing: 3 or -3.",
        Ok(StockReason::WrittenOff) => "That are lost or broken.",
        Err(_) => "",
    };
    view! {
        <section class="section card" aria-labelledby="adjust-title">
            <h2 id="adjust-title">"Stock change"</h2>
            <FormShell action=action form=form hidden=vec![("product", id.clone())] key=format!("adjust:{id}")>
                <div class="field-row">
                    <SelectField form=form name="reason" label="Reason" options=reasons.to_vec() />
                    <TextField form=form name="quantity" label="Units" kind=Kind::Whole hint=hint />
                </div>
                {(places.len() > 1)
                    .then(|| view! { <SelectField form=form name="warehouse" label="Warehouse" options=places /> })}
                <div class="form-actions">
                    <Submit form=form label="Record" weight=Weight::Plain />
                </div>
            </FormShell>
        </section>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    StockForm { quantity: value("quantity"), reason: value("reason") }.parse().err().unwrap_or_default()
}
