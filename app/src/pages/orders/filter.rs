//! What narrows the list of orders: the form, and the chips that take it away again.

use domain::form::FieldErrors;
use domain::order::OrderStatus;
use domain::order::filter::OrderFilterForm;
use leptos::prelude::*;
use strum::VariantArray as _;

use super::sort_of;
use crate::forms::FILTER_CURRENCY;
use crate::links::{self, OrdersAt};
use crate::parts::badge::order_word;
use crate::parts::filter::{Chip, Chips, FilterChecks, FilterField, FilterForm, FilterPlan, FilterState, Takes};
use crate::query::Query;

const PLAN: FilterPlan =
    FilterPlan { names: &["status", "from", "to", "min", "max", "customer", "sort"], check, address };

fn check(query: &Query) -> FieldErrors {
    OrdersAt::read(query).form.parse(FILTER_CURRENCY).err().unwrap_or_default()
}

fn address(query: &Query) -> String {
    links::orders(&OrdersAt { cursor: String::new(), ..OrdersAt::read(query) })
}

/// The form. Another filter keeps the sort.
#[component]
pub(super) fn OrderFilterBar(at: Memo<OrdersAt>) -> impl IntoView {
    let filter = FilterState::new(PLAN);
    let statuses = OrderStatus::VARIANTS.iter().map(|status| (status.as_str(), order_word(*status))).collect();
    let sort = Memo::new(move |_| at.with(|at| sort_of(&at.form)));
    view! {
        <FilterForm filter=filter path=links::ORDERS label="Filter orders">
            <FilterChecks filter=filter name="status" label="Status" options=statuses />
            <div class="filter-fields">
                <FilterField filter=filter name="from" label="From" takes=Takes::Day hint="Included, by UTC." />
                <FilterField filter=filter name="to" label="To" takes=Takes::Day hint="Not included." />
                <FilterField filter=filter name="min" label="Least total" takes=Takes::Amount placeholder="0.00" />
                <FilterField filter=filter name="max" label="Greatest total" takes=Takes::Amount placeholder="1,234.50" />
                <FilterField
                    filter=filter
                    name="customer"
                    label="Customer"
                    takes=Takes::Search
                    placeholder="name@example.com"
                />
                <input type="hidden" name="sort" value=move || sort.get().as_str() />
                <button class="button main">"Filter"</button>
            </div>
        </FilterForm>
    }
}

/// What narrows the list now.
#[component]
pub(super) fn OrderChips(at: Memo<OrdersAt>) -> impl IntoView {
    let chips = Signal::derive(move || at.with(|at| chips(&at.form)));
    let all = Signal::derive(move || {
        let sort = at.with(|at| at.form.sort.clone());
        list(OrderFilterForm { sort, ..OrderFilterForm::default() })
    });
    view! { <Chips chips=chips all=all /> }
}

fn list(form: OrderFilterForm) -> String {
    links::orders(&OrdersAt { form, cursor: String::new() })
}

fn chips(form: &OrderFilterForm) -> Vec<Chip> {
    let statuses = form.status.iter().filter(|word| !word.is_empty()).map(|word| {
        let without = form.status.iter().filter(|other| *other != word).cloned().collect();
        let value = word.parse::<OrderStatus>().map_or_else(|_| word.clone(), |status| order_word(status).to_owned());
        Chip { name: "Status", value, without: list(OrderFilterForm { status: without, ..form.clone() }) }
    });
    let chip = |name: &'static str, value: &str, take: fn(&mut OrderFilterForm) -> &mut String| {
        (!value.is_empty()).then(|| {
            let mut without = form.clone();
            take(&mut without).clear();
            Chip { name, value: value.to_owned(), without: list(without) }
        })
    };
    let others = [
        chip("From", &form.from, |form| &mut form.from),
        chip("To", &form.to, |form| &mut form.to),
        chip("Least total", &form.min, |form| &mut form.min),
        chip("Greatest total", &form.max, |form| &mut form.max),
        chip("Customer", &form.customer, |form| &mut form.customer),
    ];
    statuses.chain(others.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_chip_takes_its_own_filter_away() {
        let at = OrdersAt::read(&Query::parse("?status=shipped&status=pending&min=5&sort=highest&cursor=x"));
        let chips = chips(&at.form);
        let told: Vec<(&str, &str, &str)> =
            chips.iter().map(|chip| (chip.name, chip.value.as_str(), chip.without.as_str())).collect();
        let expected = [
            ("Status", "Shipped", "/orders?status=pending&min=5&sort=highest"),
            ("Status", "Pending", "/orders?status=shipped&min=5&sort=highest"),
            ("Least total", "5", "/orders?status=shipped&status=pending&sort=highest"),
        ];
        assert_eq!(told, expected);
    }
}
