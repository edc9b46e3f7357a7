//! The fields of a filter: what the address says stands in them, and what is wrong with it under them.

use leptos::prelude::*;

use super::{FilterState, id};

/// What a field of a filter takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Takes {
    Text,
    /// What one comes to search by: `/` leads to it.
    Search,
    Amount,
    /// A day; a moment where the address has one.
    Day,
}

/// A line of text.
#[component]
pub(crate) fn FilterField(
    filter: FilterState,
    name: &'static str,
    label: &'static str,
    #[prop(default = Takes::Text)] takes: Takes,
    #[prop(default = "")] hint: &'static str,
    #[prop(default = "")] placeholder: &'static str,
    /// The id of a list of what is often typed.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    let value = move || filter.value(name);
    let kind = move || match takes {
        Takes::Text | Takes::Amount => "text",
        Takes::Search => "search",
        Takes::Day if is_day(&value()) => "date",
        Takes::Day => "text",
    };
    view! {
        <FilterAround filter=filter name=name label=label hint=hint>
            <input
                type=kind
                id=id(name)
                name=name
                list=list
                value=value
                prop:value=value
                placeholder=(!placeholder.is_empty()).then_some(placeholder)
                inputmode=(takes == Takes::Amount).then_some("decimal")
                autocomplete="off"
                spellcheck="false"
                aria-invalid=move || filter.error(name).is_some().then_some("true")
                aria-describedby=format!("{}-note", id(name))
            />
        </FilterAround>
    }
}

/// A calendar shows days only: it would swallow anything else.
fn is_day(text: &str) -> bool {
    text.is_empty() || text.parse::<chrono::NaiveDate>().is_ok()
}

/// A choice of a few, or none.
#[component]
pub(crate) fn FilterSelect(
    filter: FilterState,
    name: &'static str,
    label: &'static str,
    /// Values and their words.
    options: Vec<(&'static str, String)>,
    #[prop(default = "")] hint: &'static str,
) -> impl IntoView {
    view! {
        <FilterAround filter=filter name=name label=label hint=hint>
            <select
                id=id(name)
                name=name
                prop:value=move || filter.value(name)
                aria-invalid=move || filter.error(name).is_some().then_some("true")
                aria-describedby=format!("{}-note", id(name))
            >
                <option value="">"Any"</option>
                {options
                    .into_iter()
                    .map(|(value, words)| {
                        view! {
                            <option value=value selected=move || filter.value(name) == value>
                                {words}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </FilterAround>
    }
}

/// Any of several.
#[component]
pub(crate) fn FilterChecks(
    filter: FilterState,
    name: &'static str,
    label: &'static str,
    /// Values and their words.
    options: Vec<(&'static str, &'static str)>,
) -> impl IntoView {
    let error = move || filter.error(name).map(|message| format!("{label} {message}"));
    view! {
        <fieldset class="checks" id=id(name)>
            <legend>{label}</legend>
            <div class="checks-row">
                {options
                    .into_iter()
                    .map(|(value, words)| {
                        let is_checked = move || filter.has(name, value);
                        view! {
                            <label class="check">
                                <input
                                    type="checkbox"
                                    name=name
                                    value=value
                                    checked=is_checked
                                    prop:checked=is_checked
                                />
                                <span>{words}</span>
                            </label>
                        }
                    })
                    .collect_view()}
            </div>
            {move || error().map(|error| view! { <p class="field-note field-error">{error}</p> })}
        </fieldset>
    }
}

/// Label and note. The note's place is always there, so that nothing moves when an error comes.
#[component]
fn FilterAround(
    filter: FilterState,
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <div class="field-label">
                <label for=id(name)>{label}</label>
            </div>
            {children()}
            <p class="field-note" id=format!("{}-note", id(name))>
                {move || match filter.error(name) {
                    Some(message) => view! { <span class="field-error">{format!("{label} {message}")}</span> }.into_any(),
                    None => view! { <span>{hint}</span> }.into_any(),
                }}
            </p>
        </div>
    }
}
