//! Reserving units of a product. What would happen is said while one types, by the same function that
//! decides it.

use domain::allocation::{Allocation, Demand, Strategy, Supply, allocate};
use domain::form::{Draw, FieldErrors, HoldForm};
use domain::product::ProductView;
use domain::quantity::{Quantity, grouped};
use domain::reservation::ReservationView;
use domain::warehouse::Warehouse;
use leptos::prelude::*;

use crate::api::reservations::ReservationHold;
use crate::parts::field::{Kind, Need, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::submit::{FormShell, Submit};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::words::{lines_in_words, listed};

/// The form.
#[component]
pub(super) fn ReserveForm(
    product: Signal<ProductView>,
    warehouses: Signal<Vec<Warehouse>>,
    refresh: Refresh,
) -> impl IntoView {
    let action = ServerAction::<ReservationHold>::new();
    let id = product.with_untracked(|product| product.id.to_string());
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "reserve",
        about: vec![("product", id.clone())],
        fields: vec![
            ("quantity", "1".to_owned()),
            ("minutes", "10".to_owned()),
            ("from", Draw::By(Strategy::default()).to_string()),
            ("owner", String::new()),
        ],
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
                    <TakeFrom form=form warehouses=warehouses />
                    <TextField
                        form=form
                        name="owner"
                        label="Owner"
                        need=Need::Optional
                        hint=|| "Whom it is for: a cart, a customer."
                    />
                    <Preview form=form product=product warehouses=warehouses />
                    <div class="form-actions">
                        <Submit form=form label="Reserve" />
                    </div>
                </FormShell>
            </Show>
        </section>
    }
}

/// Where from: there is nothing to choose where there is one warehouse.
#[component]
fn TakeFrom(form: FormState, warehouses: Signal<Vec<Warehouse>>) -> impl IntoView {
    let choices = warehouses.with_untracked(|warehouses| {
        let ways = [
            (Strategy::Priority, "By priority"),
            (Strategy::MostStock, "The fullest first"),
            (Strategy::FewestSplits, "As few as can be"),
        ];
        let ways = ways.map(|(strategy, words)| (Draw::By(strategy).to_string(), words.to_owned()));
        let active = warehouses.iter().filter(|warehouse| warehouse.active);
        let named = active.map(|place| (Draw::In(place.code.clone()).to_string(), format!("Only {}", place.code)));
        ways.into_iter().chain(named).collect::<Vec<_>>()
    });
    let several = warehouses.with_untracked(|warehouses| warehouses.len() > 1);
    several.then(|| view! { <SelectField form=form name="from" label="Take from" options=choices /> })
}

/// What reserving the typed quantity would do.
#[component]
fn Preview(form: FormState, product: Signal<ProductView>, warehouses: Signal<Vec<Warehouse>>) -> impl IntoView {
    let preview = Memo::new(move |_| {
        let quantity = Quantity::parse(&form.value("quantity")).ok()?;
        let from = Draw::parse(&form.value("from")).ok()?;
        Some(product.with(|product| warehouses.with(|warehouses| preview(product, warehouses, quantity.get(), from))))
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

/// `warehouses` stand in the order of their priority, as the server has them.
fn preview(product: &ProductView, warehouses: &[Warehouse], quantity: i64, from: Draw) -> (Fits, String) {
    let available = |warehouse: &Warehouse| {
        let stock = product.stock.iter().find(|stock| stock.warehouse == warehouse.code);
        stock.map_or(0, |stock| stock.available)
    };
    let active = warehouses.iter().filter(|warehouse| warehouse.active);
    let supplies: Vec<Supply> =
        active.map(|warehouse| Supply { warehouse: warehouse.code.clone(), available: available(warehouse) }).collect();
    let all: i64 = supplies.iter().map(|supply| supply.available).sum();
    let (strategy, named) = from.into_parts();
    let demand = match named {
        Some(code) => Demand { named: vec![(code, quantity)], any: 0 },
        None => Demand { any: quantity, ..Demand::default() },
    };
    match allocate(&supplies, &demand, strategy) {
        Ok(taken) => {
            let places = supplies.iter().filter(|supply| supply.available > 0).count();
            let taken = from_where(&taken, places);
            (Fits::Enough, format!("Takes {taken} and leaves {} available.", grouped(all.saturating_sub(quantity))))
        }
        Err(short) => {
            let place = short.warehouse.map(|code| format!(" in {code}")).unwrap_or_default();
            let words = match short.available {
                ..=0 => format!("None available{place}."),
                some => format!("Only {} available{place}.", grouped(some)),
            };
            (Fits::Short, words)
        }
    }
}

/// `4` where all of it lies in one place, `4 from BER and 2 from AMS` where it lies in several.
fn from_where(taken: &[Allocation], places: usize) -> String {
    let part = |part: &Allocation| match places {
        1 => grouped(part.quantity),
        _ => format!("{} from {}", grouped(part.quantity), part.warehouse),
    };
    listed(&taken.iter().map(part).collect::<Vec<_>>(), "and")
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form =
        HoldForm { quantity: value("quantity"), from: value("from"), minutes: value("minutes"), owner: value("owner") };
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

    fn place(code: &str, active: bool) -> Warehouse {
        let name = domain::text::Name::new(code).unwrap();
        Warehouse { code: WarehouseCode::new(code).unwrap(), name, priority: 1, active }
    }

    #[test]
    fn the_preview_says_what_would_be_taken_and_from_where() {
        let words = |stock: &[(&str, i64)], quantity, from: &str| {
            // The first has the lowest priority, so that their order is not that of their codes.
            let places = stock.iter().rev().map(|(code, _)| place(code, true)).collect::<Vec<_>>();
            preview(&product(stock), &places, quantity, Draw::parse(from).unwrap()).1
        };
        assert_eq!(words(&[("MAIN", 10)], 4, ""), "Takes 4 and leaves 6 available.");
        let two = [("AMS", 4), ("BER", 9)];
        assert_eq!(words(&two, 11, "priority"), "Takes 2 from AMS and 9 from BER and leaves 2 available.");
        assert_eq!(words(&two, 6, "most_stock"), "Takes 6 from BER and leaves 7 available.");
        assert_eq!(words(&[("AMS", 9), ("BER", 2)], 6, "fewest_splits"), "Takes 6 from AMS and leaves 5 available.");
        assert_eq!(words(&two, 4, "in:AMS"), "Takes 4 from AMS and leaves 9 available.");
        assert_eq!(words(&two, 5, "in:AMS"), "Only 4 available in AMS.");
        assert_eq!(words(&[("MAIN", 5)], 6, ""), "Only 5 available.");
        assert_eq!(words(&[("MAIN", 0)], 1, ""), "None available.");
    }

    #[test]
    fn a_warehouse_that_is_not_active_is_not_counted_on() {
        let places = [place("AMS", false), place("BER", true)];
        let words =
            |quantity| preview(&product(&[("AMS", 4), ("BER", 9)]), &places, quantity, Draw::By(Strategy::Priority)).1;
        assert_eq!(words(9), "Takes 9 and leaves 0 available.");
        assert_eq!(words(10), "Only 9 available.");
    }
}
