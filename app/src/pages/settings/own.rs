//! One's own account: what one is known by, one's password, and the end of all of one's sessions.

use domain::account::{PasswordChange as Change, User};
use domain::form::FieldErrors;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use crate::api::account::PasswordChange;
use crate::api::sessions::SessionCloseAll;
use crate::parts::confirm::Confirm;
use crate::parts::field::{Kind, Need, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::words::{capital, role_in_words};

/// The section.
#[component]
pub(super) fn OwnAccount(user: Signal<User>, refresh: Refresh) -> impl IntoView {
    let role = move || user.with(|user| user.role);
    view! {
        <section class="section card" aria-labelledby="own-title">
            <h2 id="own-title">"Your account"</h2>
            <dl class="facts">
                <div>
                    <dt>"Name"</dt>
                    <dd>{move || user.with(|user| user.name.to_string())}</dd>
                </div>
                <div>
                    <dt>"Email"</dt>
                    <dd>{move || user.with(|user| user.email.to_string())}</dd>
                </div>
                <div>
                    <dt>"Role"</dt>
                    <dd>{move || capital(&role().to_string())}</dd>
                </div>
            </dl>
            <p class="state-words">{move || role_in_words(role())}</p>
            <PasswordForm refresh=refresh />
            <div class="apart">
                <Confirm
                    id="close-all".to_owned()
                    label="Sign out everywhere"
                    about="End all sessions of yours"
                    question="Sign out everywhere?"
                    consequence="Every browser that you are signed in with is signed out, this one included."
                    weight=Weight::Plain
                >
                    <form method="post" action=SessionCloseAll::PATH>
                        <button class="button danger">"Sign out everywhere"</button>
                    </form>
                </Confirm>
            </div>
        </section>
    }
}

#[component]
fn PasswordForm(refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<PasswordChange>::new();
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "password",
        about: Vec::new(),
        fields: vec![("current", String::new()), ("new", String::new())],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |_: &()| {
        toasts.say("Your password is changed. Other browsers are signed out.");
        refresh.now();
    });
    view! {
        <details class="apart" open=form.is_returned()>
            <summary>"Change password"</summary>
            <FormShell action=action form=form hidden=Vec::new()>
                <TextField
                    form=form
                    name="current"
                    label="Current password"
                    kind=Kind::Secret
                    need=Need::Optional
                    autocomplete="current-password"
                    hint=|| "Empty, if you came by a link and have none yet."
                />
                <TextField
                    form=form
                    name="new"
                    label="New password"
                    kind=Kind::Secret
                    autocomplete="new-password"
                    hint=|| "12 characters or more, of any kind. Several words are good."
                />
                <div class="form-actions">
                    <Submit form=form label="Change password" weight=Weight::Plain />
                </div>
            </FormShell>
        </details>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).map(String::as_str).unwrap_or_default();
    Change::new(value("current"), value("new")).err().unwrap_or_default()
}
