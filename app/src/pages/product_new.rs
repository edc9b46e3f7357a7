//! A new product.

use domain::account::Role;
use domain::currency::Currency;
use domain::form::{FieldErrors, ProductForm};
use domain::money::Money;
use domain::product::ProductView;
use leptos::prelude::*;

use crate::api::products::ProductCreate;
use crate::links;
use crate::parts::closed::OpenTo;
use crate::parts::field::{Kind, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::frame::PageHead;
use crate::parts::loaded::Loaded;
use crate::parts::page_key::PageKey;
use crate::parts::submit::{FormShell, Submit};
use crate::parts::toast::Toasts;

/// The page.
#[component]
pub(crate) fn ProductNew() -> impl IntoView {
    PageKey::provide();
    // The form needs nothing but its key; that is waited for as data are.
    let nothing = Resource::new(|| (), |()| async { Ok(()) });
    view! {
        <OpenTo role=Role::Admin>
            <PageHead title="New product" line=|| "It is on sale at once, with no stock until some is received." />
            <Loaded data=nothing rows=4 let:_nothing>
                <CreateForm />
            </Loaded>
        </OpenTo>
    }
}

#[component]
fn CreateForm() -> impl IntoView {
    let action = ServerAction::<ProductCreate>::new();
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "product",
        about: Vec::new(),
        fields: vec![
            ("sku", String::new()),
            ("name", String::new()),
            ("price", String::new()),
            ("currency", Currency::GBP.code().to_owned()),
        ],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |product: &ProductView| {
        toasts.say(format!("Created: {}.", product.sku));
    });
    let currencies = Currency::all().map(|currency| (currency.code(), currency.code())).collect::<Vec<_>>();
    view! {
        <FormShell action=action form=form hidden=Vec::new() key="create".to_owned() class="form card">
            <TextField form=form name="sku" label="SKU" hint=|| "1 to 64 characters; capitals count." />
            <TextField form=form name="name" label="Name" />
            <div class="field-row">
                <TextField form=form name="price" label="Price" kind=Kind::Amount hint=move || understood(form) />
                <SelectField form=form name="currency" label="Currency" options=currencies />
            </div>
            <div class="form-actions">
                <Submit form=form label="Create product" />
                <a class="button" href=links::PRODUCTS>"Cancel"</a>
            </div>
        </FormShell>
    }
}

fn as_form(values: &Values) -> ProductForm {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    ProductForm { sku: value("sku"), name: value("name"), price: value("price"), currency: value("currency") }
}

fn check(values: &Values) -> FieldErrors {
    as_form(values).parse().err().unwrap_or_default()
}

/// What was understood of the price, as it will be shown.
fn understood(form: FormState) -> String {
    let currency = form.value("currency").parse::<Currency>();
    let price = currency.ok().and_then(|currency| Money::parse_major(&form.value("price"), currency).ok());
    price.map_or_else(|| "Such as 12, 12.5 or 1,234.50.".to_owned(), |price| price.to_string())
}
