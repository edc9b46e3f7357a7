//! One user, as admins manage them: their facts, a new password, and whether they are let in.

use domain::account::{Password, Role, User};
use domain::actor::Actor;
use domain::form::{FieldError, FieldErrors};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::settings::roles;
use crate::api::users::{UserActivate, UserChange, UserPasswordSet, user_fetch};
use crate::error::ApiError;
use crate::forms::{AuditForm, UserForm};
use crate::links;
use crate::parts::activation::{Activation, Turn};
use crate::parts::badge::{AccountBadge, Standing};
use crate::parts::closed::OpenTo;
use crate::parts::confirm::Confirm;
use crate::parts::field::{Kind, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::frame::PageHead;
use crate::parts::journal::{Journal, WithJournal, with_journal};
use crate::parts::loaded::{Loaded, StandsFor};
use crate::parts::page_key::PageKey;
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;

/// What the page shows.
type Folder = WithJournal<User>;

async fn folder(id: String) -> Result<Folder, ApiError> {
    with_journal(user_fetch(id.clone()), format!("user:{id}")).await
}

/// The page. It is built anew for another user, since its forms are about one.
#[component]
pub(crate) fn UserPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("user").unwrap_or_default()));
    view! {
        <OpenTo role=Role::Admin>
            <For each=move || [id.get()] key=Clone::clone let:id>
                <OneUser id=id />
            </For>
        </OpenTo>
    }
}

#[component]
fn OneUser(id: String) -> impl IntoView {
    PageKey::provide();
    let refresh = Refresh::new();
    let data = Resource::new(move || (id.clone(), refresh.count()), |(id, _)| folder(id));
    view! {
        <Loaded data=data rows=8 stands_for=StandsFor::Page let:folder>
            <Body folder=folder refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(folder: Signal<Folder>, refresh: Refresh) -> impl IntoView {
    let user = Signal::derive(move || folder.with(|folder| folder.thing.clone()));
    let entries = Signal::derive(move || folder.with(|folder| folder.entries.clone()));
    let id = user.with_untracked(|user| user.id);
    let all = AuditForm::about("user", id.to_string());
    let done = AuditForm { actor: Actor::User(id).to_string(), ..AuditForm::default() };
    let active = Memo::new(move |_| user.with(|user| user.active));
    let turns = StoredValue::new(0);
    let standing = move || if active.get() { Standing::Valid("Active") } else { Standing::Over("Deactivated") };
    let line = move || {
        view! {
            <a href=links::SETTINGS>"Settings"</a>
            <span aria-hidden="true">" / "</span>
            <span>{move || user.with(|user| user.email.to_string())}</span>
            {move || view! { <AccountBadge standing=standing() /> }}
        }
    };
    view! {
        <PageHead title=Signal::derive(move || user.with(|user| user.name.to_string())) line=line />
        <div class="user">
            <section class="section card" aria-labelledby="facts-title">
                <h2 id="facts-title">"Details"</h2>
                <FactsForm user=user refresh=refresh />
            </section>
            <section class="section card" aria-labelledby="password-title">
                <h2 id="password-title">"New password"</h2>
                <p class="muted card-line">"It ends all sessions of theirs. Tell them in a way that nobody else reads."</p>
                <PasswordForm user=user refresh=refresh />
            </section>
            <section class="section card" aria-labelledby="access-title">
                <h2 id="access-title">"Access"</h2>
                <Show when=move || active.get() fallback=move || view! { <Activate user=user turns=turns refresh=refresh /> }>
                    <Deactivate user=user turns=turns refresh=refresh />
                </Show>
            </section>
        </div>
        <Journal entries=entries label="Journal of this user" all=all>
            <a href=links::audit_of(done)>"What they did"</a>
        </Journal>
    }
}

#[component]
fn FactsForm(user: Signal<User>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<UserChange>::new();
    let toasts = Toasts::here();
    let now = user.get_untracked();
    let plan = FormPlan {
        name: "facts",
        about: vec![("user", now.id.to_string())],
        fields: vec![("name", now.name.to_string()), ("email", now.email.to_string()), ("role", now.role.to_string())],
        check: check_facts,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |user: &User| {
        toasts.say(format!("Saved: {}.", user.name));
        refresh.now();
    });
    let id = now.id.to_string();
    view! {
        <FormShell action=action form=form hidden=vec![("user", id.clone())] key=format!("user:{id}")>
            <TextField form=form name="name" label="Name" />
            <TextField form=form name="email" label="Email" kind=Kind::Email />
            <SelectField form=form name="role" label="Role" options=roles() />
            <div class="form-actions">
                <Submit form=form label="Save" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

#[component]
fn PasswordForm(user: Signal<User>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<UserPasswordSet>::new();
    let toasts = Toasts::here();
    let id = user.with_untracked(|user| user.id.to_string());
    let plan = FormPlan {
        name: "password",
        about: vec![("user", id.clone())],
        fields: vec![("password", String::new())],
        check: check_password,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |user: &User| {
        toasts.say(format!("{} has a new password.", user.name));
        refresh.now();
    });
    view! {
        <FormShell action=action form=form hidden=vec![("user", id.clone())] key=format!("password:{id}")>
            <TextField
                form=form
                name="password"
                label="Password"
                kind=Kind::Secret
                autocomplete="new-password"
                hint=|| "12 characters or more, of any kind."
            />
            <div class="form-actions">
                <Submit form=form label="Set password" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

/// Letting them in no more, asked first.
#[component]
fn Deactivate(user: Signal<User>, turns: StoredValue<usize>, refresh: Refresh) -> impl IntoView {
    let form = activation(user, false, turns, refresh);
    let name = move || user.with(|user| user.name.to_string());
    view! {
        <p class="muted card-line">"They sign in and do what their role allows."</p>
        <Confirm
            id="deactivate".to_owned()
            label="Deactivate"
            about=Signal::derive(move || format!("Let {} in no more", name()))
            question=Signal::derive(move || format!("Deactivate {}?", name()))
            consequence="They are signed out everywhere at once and can't sign in. What they did stays in the journal."
            form=form.state
        >
            <FormShell
                action=form.action
                form=form.state
                hidden=form.hidden
                key=form.key
                class="inline-form"
            >
                <Submit form=form.state label="Deactivate user" weight=Weight::Danger />
            </FormShell>
        </Confirm>
    }
}

/// Letting them in again: it takes nothing away, so it is not asked about.
#[component]
fn Activate(user: Signal<User>, turns: StoredValue<usize>, refresh: Refresh) -> impl IntoView {
    let form = activation(user, true, turns, refresh);
    view! {
        <p class="muted card-line">"They can't sign in."</p>
        <FormShell action=form.action form=form.state hidden=form.hidden key=form.key>
            <div class="form-actions">
                <Submit form=form.state label="Activate" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

fn activation(
    user: Signal<User>,
    active: bool,
    turns: StoredValue<usize>,
    refresh: Refresh,
) -> Activation<UserActivate> {
    let id = user.with_untracked(|user| user.id.to_string());
    let turn = Turn { name: "access", subject: ("user", id), active, turns, refresh };
    let done = if active { "is let in again" } else { "is let in no more" };
    Activation::new(turn, move |user: &User| format!("{} {done}.", user.name))
}

fn check_facts(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = UserForm { name: value("name"), email: value("email"), role: value("role"), password: String::new() };
    form.parse_change().err().unwrap_or_default()
}

fn check_password(values: &Values) -> FieldErrors {
    let password = values.get("password").map(String::as_str).unwrap_or_default();
    let error = Password::new(password).err().map(|error| FieldError::new("password", error.to_string()));
    error.into_iter().collect()
}
