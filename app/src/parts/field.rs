//! One field of a form: its label above, a hint or an error under it, tied to it for those who listen.

use leptos::html::{Input, Select, Textarea};
use leptos::prelude::*;

use super::form::FormState;

/// What a field is for; it says which keyboard a phone shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Text,
    Whole,
    Amount,
    Email,
    Day,
    /// What nobody is to read over one's shoulder.
    Secret,
}

impl Kind {
    const fn input_mode(self) -> &'static str {
        match self {
            Self::Text | Self::Secret | Self::Day => "text",
            Self::Whole => "numeric",
            Self::Amount => "decimal",
            Self::Email => "email",
        }
    }

    /// Addresses are text to the browser too: its own rule for them is another than ours.
    const fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Whole | Self::Amount | Self::Email => "text",
            Self::Day => "date",
            Self::Secret => "password",
        }
    }
}

/// Whether a form can do without a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    Required,
    Optional,
}

/// A line of text.
#[component]
pub(crate) fn TextField(
    form: FormState,
    name: &'static str,
    label: &'static str,
    #[prop(default = Kind::Text)] kind: Kind,
    #[prop(default = Need::Required)] need: Need,
    /// What a browser or a password manager may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What is said under the field while nothing is wrong with it.
    #[prop(optional, into)]
    hint: ViewFn,
) -> impl IntoView {
    let input = NodeRef::<Input>::new();
    // What was typed before WASM arrived, or put back by the browser, stays.
    Effect::new(move |_| {
        if let Some(input) = input.get() {
            form.type_in(name, input.value());
        }
    });
    // After a success the form begins anew.
    Effect::new(move |before: Option<usize>| {
        let sent = form.sent().get();
        if before.is_some_and(|before| before != sent)
            && let Some(input) = input.get_untracked()
        {
            input.set_value(&form.first_value(name));
        }
        sent
    });
    view! {
        <Around form=form name=name label=label need=need hint=hint>
            <input
                node_ref=input
                type=kind.input_type()
                id=form.id(name)
                name=name
                value=form.first_value(name)
                inputmode=kind.input_mode()
                autocomplete=autocomplete
                required=need == Need::Required
                aria-invalid=move || form.error(name).is_some().then_some("true")
                aria-describedby=form.id(&format!("{name}-note"))
                on:input:target=move |event| form.type_in(name, event.target().value())
                on:blur=move |_| form.leave(name)
            />
        </Around>
    }
}

/// Several lines of text.
#[component]
pub(crate) fn TextArea(
    form: FormState,
    name: &'static str,
    label: &'static str,
    #[prop(optional, into)] hint: ViewFn,
) -> impl IntoView {
    let area = NodeRef::<Textarea>::new();
    Effect::new(move |_| {
        if let Some(area) = area.get() {
            form.type_in(name, area.value());
        }
    });
    Effect::new(move |before: Option<usize>| {
        let sent = form.sent().get();
        if before.is_some_and(|before| before != sent)
            && let Some(area) = area.get_untracked()
        {
            area.set_value(&form.first_value(name));
        }
        sent
    });
    view! {
        <Around form=form name=name label=label need=Need::Required hint=hint>
            <textarea
                node_ref=area
                id=form.id(name)
                name=name
                rows="3"
                required=true
                aria-invalid=move || form.error(name).is_some().then_some("true")
                aria-describedby=form.id(&format!("{name}-note"))
                on:input:target=move |event| form.type_in(name, event.target().value())
                on:blur=move |_| form.leave(name)
                inner_html=escaped(&form.first_value(name))
            />
        </Around>
    }
}

/// Text as HTML. Leptos writes the children of a `<textarea>` as they are, which would let what was typed
/// be markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What there is to choose from: values and their words.
pub(crate) struct Choices(Vec<(String, String)>);

impl From<Vec<(&'static str, &'static str)>> for Choices {
    fn from(choices: Vec<(&'static str, &'static str)>) -> Self {
        Self(choices.into_iter().map(|(value, words)| (value.to_owned(), words.to_owned())).collect())
    }
}

impl From<Vec<(String, String)>> for Choices {
    fn from(choices: Vec<(String, String)>) -> Self {
        Self(choices)
    }
}

/// A choice of a few.
#[component]
pub(crate) fn SelectField(
    form: FormState,
    name: &'static str,
    label: &'static str,
    /// Values and their words.
    #[prop(into)]
    options: Choices,
    #[prop(optional, into)] hint: ViewFn,
) -> impl IntoView {
    let select = NodeRef::<Select>::new();
    Effect::new(move |_| {
        if let Some(select) = select.get() {
            form.type_in(name, select.value());
        }
    });
    Effect::new(move |before: Option<usize>| {
        let sent = form.sent().get();
        if before.is_some_and(|before| before != sent)
            && let Some(select) = select.get_untracked()
        {
            select.set_value(&form.first_value(name));
        }
        sent
    });
    let first = form.first_value(name);
    view! {
        <Around form=form name=name label=label need=Need::Required hint=hint>
            <select
                node_ref=select
                id=form.id(name)
                name=name
                aria-invalid=move || form.error(name).is_some().then_some("true")
                aria-describedby=form.id(&format!("{name}-note"))
                on:change:target=move |event| form.type_in(name, event.target().value())
            >
                {options
                    .0
                    .into_iter()
                    .map(|(value, words)| {
                        let selected = value == first;
                        view! {
                            <option value=value selected=selected>
                                {words}
                            </option>
                        }
                    })
                    .collect_view()}
            </select>
        </Around>
    }
}

/// Label and note. The note's place is always there, so that nothing moves when an error comes.
#[component]
fn Around(
    form: FormState,
    name: &'static str,
    label: &'static str,
    need: Need,
    hint: ViewFn,
    children: Children,
) -> impl IntoView {
    let has_error = move || form.error(name).is_some();
    let optional = (need == Need::Optional).then(|| view! { <span class="optional">" optional"</span> });
    view! {
        <div class="field" data-invalid=move || has_error().then_some("true")>
            <div class="field-label">
                <label for=form.id(name)>{label}</label>
                {optional}
            </div>
            {children()}
            <p class="field-note" id=form.id(&format!("{name}-note"))>
                {move || match form.error(name) {
                    Some(message) => view! { <span class="field-error">{format!("{label} {message}")}</span> }.into_any(),
                    None => view! { <span>{hint.run()}</span> }.into_any(),
                }}
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_into_an_area_is_no_markup() {
        assert_eq!(escaped("</textarea><b>&lt;"), "&lt;/textarea&gt;&lt;b&gt;&amp;lt;");
    }
}
