//! Signing in: by email and password, or by a link that does it once. Both are forms that need no script;
//! who gets in leaves the document, so that nothing of it is shown to whoever signs in next.

use domain::account::{LocalPath, SignIn};
use domain::form::FieldErrors;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::api::sessions::{SessionOpen, SessionOpenByLink};
use crate::browser;
use crate::links;
use crate::parts::field::{Kind, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values, nothing_to_check};
use crate::parts::submit::{FormShell, Submit};
use crate::query::Query;

/// The page.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let query = use_location().search.with_untracked(|search| Query::parse(search));
    let next = query.get("next").and_then(|next| links::wanted(&next));
    let form = match query.get("link") {
        Some(link) => Either::Left(view! { <ByLink link=link /> }),
        None => Either::Right(view! { <ByPassword why=why(&query, next.as_ref()) next=next /> }),
    };
    view! {
        <leptos_meta::Title text="Sign in · Holdfast" />
        <section class="sign-in card" aria-labelledby="sign-in-title">
            <h1 id="sign-in-title">"Sign in"</h1>
            {form}
        </section>
    }
}

/// What led here, where that was no choice.
fn why(query: &Query, next: Option<&LocalPath>) -> Option<&'static str> {
    let is_unsent = next.is_some_and(|next| {
        let (_, query) = next.as_str().split_once('?').unwrap_or_default();
        Query::parse(query).get("__err").is_some()
    });
    match (query.get("why").as_deref(), is_unsent) {
        (Some("out"), _) => Some("You are signed out."),
        (Some("everywhere"), _) => Some("You are signed out everywhere."),
        (Some("unsent"), _) => {
            Some("You were signed out before that was done: nothing was changed. It has to be typed once more.")
        }
        (_, true) => Some(
            "You were signed out before that was done: nothing was changed. What you typed is there again once you \
             have signed in.",
        ),
        (_, false) => None,
    }
}

#[component]
fn ByPassword(why: Option<&'static str>, next: Option<LocalPath>) -> impl IntoView {
    let action = ServerAction::<SessionOpen>::new();
    let plan = FormPlan {
        name: "sign-in",
        about: Vec::new(),
        fields: vec![("email", String::new()), ("password", String::new())],
        check,
        after: AfterSuccess::Keep,
    };
    let then = next.as_ref().map_or(links::OVERVIEW, LocalPath::as_str).to_owned();
    let form = FormState::new(action, plan, move |_: &()| browser::leave_for(&then));
    view! {
        {why.map(|why| view! { <p class="muted" role="status">{why}</p> })}
        <FormShell action=action form=form hidden=Vec::new()>
            <TextField form=form name="email" label="Email" kind=Kind::Email autocomplete="username" />
            <TextField
                form=form
                name="password"
                label="Password"
                kind=Kind::Secret
                autocomplete="current-password"
            />
            <div class="form-actions">
                <Submit form=form label="Sign in" />
            </div>
        </FormShell>
    }
}

/// It waits for a press: whatever opens links ahead of people, to look at what is behind them, spends none.
#[component]
fn ByLink(link: String) -> impl IntoView {
    let action = ServerAction::<SessionOpenByLink>::new();
    let plan = FormPlan {
        name: "link",
        about: Vec::new(),
        fields: Vec::new(),
        check: nothing_to_check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |_: &()| browser::leave_for(links::OVERVIEW));
    view! {
        <p class="muted">"Your link signs you in once. After that you need a password: set one in the settings."</p>
        <FormShell action=action form=form hidden=vec![("link", link)]>
            <div class="form-actions">
                <Submit form=form label="Sign in" />
                <a class="button" href=links::SIGN_IN>
                    "Use a password"
                </a>
            </div>
        </FormShell>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).map(String::as_str).unwrap_or_default();
    SignIn::new(value("email"), value("password")).err().unwrap_or_default()
}
