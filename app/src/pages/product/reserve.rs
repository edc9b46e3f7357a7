//! Reserving units of a product. What would happen is said while one types, by the same function that
//! decides it.

use domain::allocation::{Allocation, Demand, Strategy, Supply, allocate};
use domain::form::{FieldErrors, HoldForm};
use domain::product::ProductView;
use domain::quantity::{Quantity, grouped};
use domain::reservation::ReservationView;
use leptos::prelude::*;

use crate::api::reservations::ReservationHold;
use crate::parts::field::{Kind, Need, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::submit::{FormShell, Submit};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::words::lines_in_words;

/// The form.
#[component]
pub(super) fn ReserveForm(product: Signal<ProductView>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<ReservationHold>::new();
    let id = product.with_untracked(|product| product.id.to_string());
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "reserve",
        about: vec![("product", id.clone())],
        fields: vec![("quantity", "1".to_owned()), ("minutes", "10".to_owned()), ("owner", String::new())],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |view: &ReservationView| {
        toasts.say(format!("Held: {}.", lines_in_words(&view.reservation)));
        refresh.now();
    });
    let archived = Memo::new(move |_| product.with(|product| product.archived));
    view! {
        <section class="section card" aria-labelledby="reserve-title">
            <h2 id="reserve-title">"Reserve"</h2>
            <Show
                when=move || !archived.get()
                fallback=|| view! { <p class="muted">"It is archived: bring it back before it is reserved."</p> }
            >
                <FormShell
                    action=action
                    form=form
                    hidden=vec![("product", id.clone())]
                    key=format!("reserve:{id}")
                >
                    <div class="field-row">
                        <TextField form=form name="quantity" label="Quantity" kind=Kind::Whole />
                        <TextField form=form name="minutes" label="Minutes" kind=Kind::Whole />
                    </div>
                    <TextField
                        form=form
                        name="owner"
                        label="Owner"
                        need=Need::Optional
                        hint=|| "Whom it is for: a cart, a customer."
                    />
                    <Preview form=form product=product />
                    <div class="form-actions">
                        <Submit form=form label="Reserve" />
                    </div>
                </FormShell>
            </Show>
        </section>
    }
}

/// What reserving the typed quantity would do.
#[component]
fn Preview(form: FormState, product: Signal<ProductView>) -> impl IntoView {
    let preview = Memo::new(move |_| {
        let quantity = Quantity::parse(&form.value("quantity")).ok()?;
        Some(product.with(|product| preview(product, quantity.get())))
    });
    let is_short = move || preview.with(|preview| matches!(preview, Some((Fits::Short, _))));
    view! {
        <p class="preview" data-short=move || is_short().then_some("true")>
            {move || preview.get().map_or_else(|| "\u{a0}".to_owned(), |(_, words)| words)}
        </p>
    }
}

/// Whether there is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fits {
    Enough,
    Short,
}

fn preview(product: &ProductView, quantity: i64) -> (Fits, String) {
    let supply = |stock: &domain::product::WarehouseStock| Supply {
        warehouse: stock.warehouse.clone(),
        available: stock.available,
    };
    let supplies: Vec<Supply> = product.stock.iter().map(supply).collect();
    let demand = Demand { any: quantity, ..Demand::default() };
    match allocate(&supplies, &demand, Strategy::default()) {
        Ok(taken) => {
            let left = product.total().available().saturating_sub(quantity);
            (Fits::Enough, format!("Takes {} and leaves {} available.", from_where(&taken, quantity), grouped(left)))
        }
        Err(short) if short.available <= 0 => (Fits::Short, "None available.".to_owned()),
        Err(short) => (Fits::Short, format!("Only {} available.", grouped(short.available))),
    }
}

/// `4`, or `4 from BER and 2 from AMS` where they come from several warehouses.
fn from_where(taken: &[Allocation], quantity: i64) -> String {
    match taken {
        [] | [_] => grouped(quantity),
        taken => {
            let parts: Vec<String> =
                taken.iter().map(|part| format!("{} from {}", grouped(part.quantity), part.warehouse)).collect();
            parts.join(" and ")
        }
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = HoldForm { quantity: value("quantity"), minutes: value("minutes"), owner: value("owner") };
    form.parse().err().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use domain::product::WarehouseStock;
    use domain::stock::StockLevel;
    use domain::warehouse::WarehouseCode;

    use super::*;

    fn product(stock: &[(&str, i64)]) -> ProductView {
        let stock = stock.iter().map(|(code, on_hand)| {
            WarehouseStock::new(WarehouseCode::new(*code).unwrap(), StockLevel { on_hand: *on_hand, reserved: 0 })
        });
        ProductView {
            id: "019a0000-0000-7000-8000-000000000001".parse().unwrap(),
            sku: domain::sku::Sku::new("A").unwrap(),
            name: domain::text::Name::new("A").unwrap(),
            price: domain::money::Money::new(1, domain::currency::Currency::GBP),
            archived: false,
            low_stock_threshold: None,
            stock: stock.collect(),
            version: 1,
            as_of: "2026-01-01T00:00:00Z".parse().unwrap(),
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn the_preview_says_what_would_be_taken_and_from_where() {
        let words = |stock: &[(&str, i64)], quantity| preview(&product(stock), quantity).1;
        assert_eq!(words(&[("MAIN", 10)], 4), "Takes 4 and leaves 6 available.");
        assert_eq!(words(&[("AMS", 4), ("BER", 9)], 6), "Takes 4 from AMS and 2 from BER and leaves 7 available.");
        assert_eq!(words(&[("MAIN", 5)], 6), "Only 5 available.");
        assert_eq!(words(&[], 1), "None available.");
    }
}
