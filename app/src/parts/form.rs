//! One form: what is typed into it, what is wrong with that, and what became of sending it.
//!
//! Before WASM arrives the form is a plain one, and what went wrong comes back in the page's address; both
//! sides read it from there, so both render the same. Once the browser took over, the action's own answer
//! counts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::form::{FieldError, FieldErrors};
use domain::problem::Problem;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use server_fn::error::ServerFnUrlError;
use web_sys::SubmitEvent;

use super::trouble::in_words;
use crate::browser;
use crate::error::ApiError;
use crate::query::Query;
use crate::words::sentence;

/// What stands in the fields of a form, by name.
pub(crate) type Values = BTreeMap<&'static str, String>;

/// What a form is.
pub(crate) struct FormPlan {
    /// Its name: the beginning of its fields' ids.
    pub(crate) name: &'static str,
    /// Fields that do not change, by which it is told from others of its kind on the page: `("id", ...)`.
    pub(crate) about: Vec<(&'static str, String)>,
    /// Its fields, with what they hold at first and after a success.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// The domain's word on what was typed.
    pub(crate) check: fn(&Values) -> FieldErrors,
    pub(crate) after: AfterSuccess,
}

/// What becomes of the fields after a success.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AfterSuccess {
    /// They are as at first: the next entry begins.
    Clear,
    /// They keep what was sent: it is what holds now.
    Keep,
}

/// The state of one form. Its parts are signals, so it may be copied.
#[derive(Clone, Copy)]
pub(crate) struct FormState {
    name: &'static str,
    first: StoredValue<Values>,
    values: RwSignal<Values>,
    /// Fields whose errors are to be seen: left once, or sent.
    seen: RwSignal<BTreeSet<&'static str>>,
    /// Fields changed since the last answer: what the server said of them is past.
    changed: RwSignal<BTreeSet<&'static str>>,
    wrong: Memo<FieldErrors>,
    refusal: Memo<Option<ApiError>>,
    pending: Signal<bool>,
    /// How many sendings had an effect.
    sent: RwSignal<usize>,
    after: AfterSuccess,
}

impl FormState {
    /// A form of `action`. `on_success` is told what came of a sending that succeeded.
    pub(crate) fn new<F>(action: ServerAction<F>, plan: FormPlan, on_success: impl Fn(&F::Output) + 'static) -> Self
    where
        F: ServerFn<Error = ApiError> + DeserializeOwned + Clone + Send + Sync + 'static,
        F::Output: Clone + Send + Sync + 'static,
    {
        let FormPlan { name, about, fields, check, after } = plan;
        let returned = returned_by_url(F::PATH, about);
        let first: Values = fields.into_iter().collect();
        let at_first = returned.with_untracked(|error| with_typed(&first, error.as_ref()));
        let values = RwSignal::new(at_first);
        let (version, answer) = (action.version(), action.value());
        let refusal = Memo::new(move |_| match version.get() {
            0 => returned.get(),
            _ => answer.with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned())),
        });
        let form = Self {
            name,
            first: StoredValue::new(first),
            values,
            seen: RwSignal::default(),
            changed: RwSignal::default(),
            wrong: Memo::new(move |_| values.with(check)),
            refusal,
            pending: action.pending().into(),
            sent: RwSignal::new(0),
            after,
        };
        Effect::new(move |before: Option<usize>| {
            let now = version.get();
            if before.is_some_and(|before| before != now) {
                match answer.get_untracked() {
                    Some(Ok(output)) => {
                        form.succeeded();
                        on_success(&output);
                    }
                    Some(Err(error)) => form.failed(&error),
                    None => {}
                }
            }
            now
        });
        form
    }

    /// Whether the page came with what went wrong with this form: then it must be seen.
    pub(crate) fn is_returned(self) -> bool {
        self.refusal.with_untracked(Option::is_some)
    }

    pub(crate) fn pending(self) -> Signal<bool> {
        self.pending
    }

    pub(crate) fn sent(self) -> Signal<usize> {
        self.sent.into()
    }

    /// What stands in a field.
    pub(crate) fn value(self, field: &'static str) -> String {
        self.values.with(|values| values.get(field).cloned().unwrap_or_default())
    }

    /// What a field is rendered with.
    pub(crate) fn first_value(self, field: &'static str) -> String {
        self.values.with_untracked(|values| values.get(field).cloned().unwrap_or_default())
    }

    pub(crate) fn id(self, field: &str) -> String {
        format!("{}-{field}", self.name)
    }

    pub(crate) fn type_in(self, field: &'static str, text: String) {
        if self.values.with_untracked(|values| values.get(field) != Some(&text)) {
            self.values.update(|values| _ = values.insert(field, text));
            self.changed.update(|changed| _ = changed.insert(field));
        }
    }

    /// A field was left. One that was only passed through is not complained about.
    pub(crate) fn leave(self, field: &'static str) {
        if self.changed.with_untracked(|changed| changed.contains(field)) {
            self.seen.update(|seen| _ = seen.insert(field));
        }
    }

    /// What is wrong with a field, to be said under it: by the domain as it is typed, else by the server
    /// about what was sent.
    pub(crate) fn error(self, field: &'static str) -> Option<String> {
        if self.seen.with(|seen| seen.contains(field))
            && let Some(message) = self.wrong.with(|errors| message_for(errors, field))
        {
            return Some(message);
        }
        if self.changed.with(|changed| changed.contains(field)) {
            return None;
        }
        self.refusal.with(|error| error.as_ref().and_then(|error| message_for(error.problem.field_errors(), field)))
    }

    /// Why the last sending was refused, as far as no field says it.
    pub(crate) fn trouble(self) -> Option<(ApiError, String)> {
        let error = self.refusal.get()?;
        let fields = error.problem.field_errors();
        let other: Vec<&FieldError> =
            fields.iter().filter(|error| self.first.with_value(|first| !first.contains_key(&*error.field))).collect();
        match (fields.is_empty(), other.is_empty()) {
            (true, _) => {
                let words = in_words(&error.problem);
                Some((error, words))
            }
            (false, true) => None,
            (false, false) => {
                let words: Vec<String> = other.iter().map(|error| said(&error.field, &error.message)).collect();
                let words = words.join(" ");
                Some((error, words))
            }
        }
    }

    /// Before the form is sent: stops a second press and what the domain would refuse anyway.
    pub(crate) fn before_sending(self, event: &SubmitEvent) {
        let names: BTreeSet<&'static str> = self.first.with_value(|first| first.keys().copied().collect());
        let wrong = self.wrong.with_untracked(|errors| errors.first().map(|error| error.field.clone()));
        self.seen.set(names);
        if self.pending.get_untracked() {
            event.prevent_default();
        } else if let Some(field) = wrong {
            event.prevent_default();
            browser::focus(&format!("#{}", self.id(&field)));
        } else {
            self.changed.update(BTreeSet::clear);
        }
    }

    fn succeeded(self) {
        self.seen.update(BTreeSet::clear);
        self.changed.update(BTreeSet::clear);
        if self.after == AfterSuccess::Clear {
            self.values.set(self.first.get_value());
        }
        self.sent.update(|sent| *sent += 1);
    }

    /// Where the key was used for something else, another try needs another key.
    fn failed(self, error: &ApiError) {
        if error.problem == Problem::IdempotencyMismatch {
            self.sent.update(|sent| *sent += 1);
        }
    }
}

/// The error that a plain form left in the page's address, if it is this form's.
fn returned_by_url(path: &'static str, about: Vec<(&'static str, String)>) -> Memo<Option<ApiError>> {
    let search = use_location().search;
    let about = Arc::new(about);
    Memo::new(move |_| {
        let query = search.with(|search| Query::parse(search));
        let encoded = query.get("__err").filter(|_| query.get("__path").as_deref() == Some(path))?;
        let error: ApiError = ServerFnUrlError::decode_err(&encoded);
        let is_ours =
            about.iter().all(|(name, value)| error.typed.iter().any(|(key, typed)| key == name && typed == value));
        is_ours.then_some(error)
    })
}

fn with_typed(first: &Values, error: Option<&ApiError>) -> Values {
    let typed = |name: &str| error?.typed.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    first.iter().map(|(name, value)| (*name, typed(name).unwrap_or_else(|| value.clone()))).collect()
}

fn message_for(errors: &[FieldError], field: &str) -> Option<String> {
    errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
}

/// `low_stock_threshold` and its message, as a sentence.
fn said(field: &str, message: &str) -> String {
    sentence(&format!("{} {message}", field.replace('_', " ")))
}

/// The form that has nothing to check.
pub(crate) fn nothing_to_check(_: &Values) -> FieldErrors {
    FieldErrors::new()
}
