//! The filter of a list: a form that asks for another address. The address is what holds; what is typed
//! counts only until it is sent. What the domain would refuse is said at its field, by the browser before
//! the form is sent, and on a page that was asked for with it.

mod chips;
mod fields;

pub(crate) use chips::{Chip, Chips};
pub(crate) use fields::{FilterChecks, FilterField, FilterSelect, Takes};

use domain::form::FieldErrors;
use leptos::ev::SubmitEvent;
use leptos::html::Form;
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};
use web_sys::{FormData, HtmlFormElement};

use crate::browser;
use crate::query::Query;

/// What a filter is.
#[derive(Clone, Copy)]
pub(crate) struct FilterPlan {
    /// Its names, as they are in the address; the one of the page's place is not among them.
    pub(crate) names: &'static [&'static str],
    /// The domain's word on what was typed.
    pub(crate) check: fn(&Query) -> FieldErrors,
    /// The address of the list that is asked for.
    pub(crate) address: fn(&Query) -> String,
}

/// The state of one filter. Its parts are signals, so it may be copied.
#[derive(Clone, Copy)]
pub(crate) struct FilterState {
    plan: FilterPlan,
    /// What the address says.
    asked: Memo<Query>,
    /// What was typed last, and at which address; it counts as long as that is the address.
    typed: RwSignal<Option<(Query, Query)>>,
    wrong: Memo<FieldErrors>,
    form: NodeRef<Form>,
}

impl FilterState {
    pub(crate) fn new(plan: FilterPlan) -> Self {
        let search = use_location().search;
        let asked = Memo::new(move |_| search.with(|search| Query::parse(search).without("cursor")));
        let typed = RwSignal::new(None);
        let wrong = Memo::new(move |_| {
            let asked = asked.get();
            typed.with(|typed: &Option<(Query, Query)>| match typed {
                Some((at, typed)) if *at == asked => (plan.check)(typed),
                Some(_) | None => (plan.check)(&asked),
            })
        });
        Self { plan, asked, typed, wrong, form: NodeRef::new() }
    }

    /// What the address says of a field.
    pub(crate) fn value(self, name: &'static str) -> String {
        self.asked.with(|asked| asked.get(name)).unwrap_or_default()
    }

    fn has(self, name: &'static str, value: &str) -> bool {
        self.asked.with(|asked| asked.all(name).iter().any(|one| one == value))
    }

    fn error(self, name: &'static str) -> Option<String> {
        let found = |errors: &FieldErrors| errors.iter().find(|error| error.field == name).cloned();
        self.wrong.with(found).map(|error| error.message)
    }

    /// A field was left with something else in it.
    fn changed(self) {
        if let Some(typed) = self.read() {
            self.typed.set(Some((self.asked.get_untracked(), typed)));
        }
    }

    /// While one types an error goes as soon as it is right; none comes.
    fn typed(self) {
        if self.wrong.with_untracked(|wrong| !wrong.is_empty()) {
            self.changed();
        }
    }

    fn read(self) -> Option<Query> {
        let form: HtmlFormElement = self.form.get_untracked()?;
        let data = FormData::new_with_form(&form).ok()?;
        let values = |name: &'static str| {
            let values = data.get_all(name).iter().filter_map(|value| value.as_string()).collect::<Vec<_>>();
            values.into_iter().map(move |value| (name.to_owned(), value.trim().to_owned()))
        };
        let pairs = self.plan.names.iter().flat_map(|name| values(name));
        Some(Query(pairs.filter(|(_, value)| !value.is_empty()).collect()))
    }

    fn send(self, event: &SubmitEvent, go: impl Fn(&str)) {
        event.prevent_default();
        let Some(typed) = self.read() else { return };
        let wrong = (self.plan.check)(&typed);
        let address = (self.plan.address)(&typed);
        self.typed.set(Some((self.asked.get_untracked(), typed)));
        match wrong.first() {
            Some(error) => _ = browser::focus(&format!("#{}", id(&error.field))),
            None => go(&address),
        }
    }
}

fn id(name: &str) -> String {
    format!("filter-{name}")
}

/// The form around the fields of a filter.
#[component]
pub(crate) fn FilterForm(
    filter: FilterState,
    /// The path of the list.
    path: &'static str,
    /// What is filtered, for those who can't see where it stands.
    label: &'static str,
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let go = move |address: &str| {
        navigate(address, NavigateOptions { scroll: false, ..NavigateOptions::default() });
    };
    view! {
        <form
            node_ref=filter.form
            class="filter card"
            action=path
            method="get"
            role="search"
            aria-label=label
            prop:noValidate=true
            on:change=move |_| filter.changed()
            on:input=move |_| filter.typed()
            on:submit=move |event| filter.send(&event, &go)
        >
            {children()}
        </form>
    }
}
