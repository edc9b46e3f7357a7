//! People who sign in: the list, and a new one.

use domain::account::{Role, User, UserCreated};
use domain::form::FieldErrors;
use domain::ids::UserId;
use leptos::either::Either;
use leptos::prelude::*;
use strum::VariantArray as _;

use crate::api::users::UserCreate;
use crate::browser;
use crate::forms::UserForm;
use crate::links;
use crate::parts::badge::{AccountBadge, Standing};
use crate::parts::field::{Kind, Need, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::moment::Moment;
use crate::parts::pager::Pager;
use crate::parts::shown_once::ShownOncePanel;
use crate::parts::submit::{FormShell, Submit};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::shown::Shown;
use crate::words::capital;

/// The roles, to choose from.
pub(in crate::pages) fn roles() -> Vec<(&'static str, &'static str)> {
    Role::VARIANTS
        .iter()
        .map(|role| match role {
            Role::Viewer => ("viewer", "Viewer: reads"),
            Role::Operator => ("operator", "Operator: also reserves and ships"),
            Role::Admin => ("admin", "Admin: everything"),
        })
        .collect()
}

/// The section.
#[component]
pub(super) fn UsersSection(
    users: Signal<Vec<User>>,
    /// Whoever looks at it.
    me: Signal<User>,
    shown: Option<Shown>,
    pages: (Signal<Option<String>>, Signal<Option<String>>),
    refresh: Refresh,
) -> impl IntoView {
    let my_id = Memo::new(move |_| me.with(|me| me.id));
    let key = |user: &User| (user.name.clone(), user.email.clone(), user.role, user.active);
    view! {
        <section class="section" aria-labelledby="users-title">
            <div class="section-head">
                <h2 id="users-title">"Users"</h2>
            </div>
            <div class="table-frame">
                <table class="table accounts">
                    <caption class="unseen">"Users"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Name"</th>
                            <th scope="col">"Email"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Since"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || users.get() key=key let:user>
                            <Row user=user my_id=my_id />
                        </For>
                    </tbody>
                </table>
            </div>
            <Pager prev=pages.0 next=pages.1 />
            <NewUser shown=shown refresh=refresh />
        </section>
    }
}

#[component]
fn Row(user: User, my_id: Memo<UserId>) -> impl IntoView {
    let standing = if user.active { Standing::Valid("Active") } else { Standing::Over("Deactivated") };
    let is_me = move || (my_id.get() == user.id).then(|| view! { <span class="muted">"you"</span> });
    view! {
        <tr>
            <td class="row-title">
                <a href=links::user(user.id) data-row="">
                    {user.name.to_string()}
                </a>
                {is_me}
            </td>
            <td data-label="Email" class="row-wide">
                {user.email.to_string()}
            </td>
            <td data-label="Role">{capital(&user.role.to_string())}</td>
            <td data-label="Status">
                <AccountBadge standing=standing />
            </td>
            <td data-label="Since">
                <Moment at=Signal::stored(user.created_at) />
            </td>
        </tr>
    }
}

/// The form, and what came of it where that is shown once.
#[component]
fn NewUser(shown: Option<Shown>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<UserCreate>::new();
    let toasts = Toasts::here();
    let made = RwSignal::new(shown);
    let plan = FormPlan {
        name: "user",
        about: Vec::new(),
        fields: vec![
            ("name", String::new()),
            ("email", String::new()),
            ("role", Role::Operator.to_string()),
            ("password", String::new()),
        ],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |created: &UserCreated| {
        let name = created.user.name.to_string();
        toasts.say(format!("Created: {name}."));
        made.set(created.sign_in_link.as_ref().map(|link| {
            let secret = format!("{}{}", browser::origin(), link.reveal());
            Shown::Link { name, secret }
        }));
        refresh.now();
    });
    let panel = move || match made.get() {
        Some(Shown::Link { name, secret }) => Either::Left(view! {
            <ShownOncePanel
                title=format!("The link that signs {name} in, once and within a day")
                words="Send it to them, in a way that nobody else reads."
                secret=secret
            />
        }),
        Some(Shown::Key { .. }) | None => Either::Right(()),
    };
    view! {
        {panel}
        <details class="section card edit" open=form.is_returned()>
            <summary>
                <h3>"New user"</h3>
            </summary>
            <FormShell action=action form=form hidden=Vec::new() key="user".to_owned()>
                <div class="field-row">
                    <TextField form=form name="name" label="Name" />
                    <TextField form=form name="email" label="Email" kind=Kind::Email />
                </div>
                <div class="field-row">
                    <SelectField form=form name="role" label="Role" options=roles() />
                    <TextField
                        form=form
                        name="password"
                        label="Password"
                        kind=Kind::Secret
                        need=Need::Optional
                        autocomplete="new-password"
                        hint=|| "Empty: a link lets them in once."
                    />
                </div>
                <div class="form-actions">
                    <Submit form=form label="Create user" />
                </div>
            </FormShell>
        </details>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form =
        UserForm { name: value("name"), email: value("email"), role: value("role"), password: value("password") };
    form.parse().err().unwrap_or_default()
}
