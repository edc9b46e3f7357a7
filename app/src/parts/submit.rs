//! The form itself, and the button that sends it.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::server_fn::Http;
use leptos::server_fn::client::Client;
use leptos::server_fn::codec::{Json, PostUrl};
use leptos::server_fn::request::ClientReq;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use web_sys::FormData;

use super::form::FormState;
use super::page_key::KeyField;
use super::trouble::FormTrouble;
use crate::error::ApiError;

/// A form with its key, the fields that are not seen, and a place for what went wrong.
#[component]
pub(crate) fn FormShell<F>(
    action: ServerAction<F>,
    form: FormState,
    /// Fields that are sent and not seen, by name.
    hidden: Vec<(&'static str, String)>,
    /// The form's part of the key: its name and what it is about. What changes nothing that is kept, or can't
    /// be done twice, goes without one.
    #[prop(optional, into)]
    key: Option<String>,
    #[prop(default = "form")] class: &'static str,
    children: Children,
) -> impl IntoView
where
    F: ServerFn<Protocol = Http<PostUrl, Json>, Error = ApiError> + DeserializeOwned + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
    <F::Client as Client<ApiError>>::Request: ClientReq<ApiError, FormData: From<FormData>>,
    F::Client: Client<ApiError>,
{
    view! {
        // Once the browser took over, the domain's words stand for the browser's own.
        <ActionForm
            action=action
            attr:class=class
            prop:noValidate=true
            on:submit:capture=move |event| form.before_sending(&event)
        >
            {hidden
                .into_iter()
                .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
                .collect_view()}
            {key.map(|key| view! { <KeyField form=key sent=form.sent() /> })}
            {children()}
            {move || form.trouble().map(|(error, what)| view! { <FormTrouble error=error what=what /> })}
        </ActionForm>
    }
}

/// How a button looks: by how much depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Weight {
    Main,
    Plain,
    Danger,
}

impl Weight {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Main => "button main",
            Self::Plain => "button",
            Self::Danger => "button danger",
        }
    }
}

/// Sends the form it is in. While an answer is awaited it keeps its width and can't be pressed again; it
/// keeps the keyboard too, which a disabled button would lose.
#[component]
pub(crate) fn Submit(
    form: FormState,
    label: &'static str,
    #[prop(default = Weight::Main)] weight: Weight,
    /// What it does, where its label alone does not say to what.
    #[prop(optional, into)]
    title: Option<String>,
    /// By which it is found again, where it is one of many.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let pending = form.pending();
    view! {
        <button
            id=id
            class=weight.class()
            title=title
            aria-disabled=move || pending.get().then_some("true")
            aria-busy=move || pending.get().then_some("true")
        >
            <span>{label}</span>
        </button>
    }
}
