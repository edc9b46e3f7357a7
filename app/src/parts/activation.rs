//! The two forms that take something out of use and into it again. They differ in what they send, and in what is
//! said when it is done.

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;

use super::form::{AfterSuccess, FormPlan, FormState, nothing_to_check};
use super::toast::Toasts;
use crate::error::ApiError;
use crate::refresh::Refresh;

/// What one of the two is about.
pub(crate) struct Turn {
    /// What the form is called, on its page.
    pub(crate) name: &'static str,
    /// The field that says what it is about, and what stands in it.
    pub(crate) subject: (&'static str, String),
    pub(crate) active: bool,
    /// How often it was turned on this page. Out of use, in use and out of it again are three requests, so the key
    /// has their number.
    pub(crate) turns: StoredValue<usize>,
    pub(crate) refresh: Refresh,
}

/// A form that turns it.
pub(crate) struct Activation<F>
where
    F: ServerFn + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    pub(crate) action: ServerAction<F>,
    pub(crate) state: FormState,
    pub(crate) hidden: Vec<(&'static str, String)>,
    pub(crate) key: String,
}

impl<F> Activation<F>
where
    F: ServerFn<Error = ApiError> + DeserializeOwned + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    /// `done` says what became of it.
    pub(crate) fn new(turn: Turn, done: impl Fn(&F::Output) -> String + 'static) -> Self {
        let Turn { name, subject, active, turns, refresh } = turn;
        let action = ServerAction::<F>::new();
        let toasts = Toasts::here();
        let key = format!("{name}:{}:{}", subject.1, turns.get_value());
        let hidden = vec![subject, ("active", active.to_string())];
        let plan = FormPlan {
            name,
            about: hidden.clone(),
            fields: Vec::new(),
            check: nothing_to_check,
            after: AfterSuccess::Keep,
        };
        let state = FormState::new(action, plan, move |output| {
            toasts.say(done(output));
            turns.update_value(|turns| *turns += 1);
            refresh.now();
        });
        Self { action, state, hidden, key }
    }
}
