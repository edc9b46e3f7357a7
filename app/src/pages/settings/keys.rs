//! Programs that call the API: their keys, a new one, and the end of one.

use domain::account::{ApiKey, KeyCreated, Role};
use domain::form::FieldErrors;
use domain::time::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;

use super::users::roles;
use crate::api::keys::{KeyCreate, KeyRevoke};
use crate::forms::KeyForm;
use crate::parts::badge::{AccountBadge, Standing};
use crate::parts::confirm::Confirm;
use crate::parts::field::{Kind, Need, SelectField, TextField};
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values, nothing_to_check};
use crate::parts::moment::Moment;
use crate::parts::pager::Pager;
use crate::parts::shown_once::ShownOncePanel;
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::shown::Shown;
use crate::words::capital;

/// The section.
#[component]
pub(super) fn KeysSection(
    /// The keys, and the time by which some have ended.
    keys: Signal<(Vec<ApiKey>, Timestamp)>,
    shown: Option<Shown>,
    pages: (Signal<Option<String>>, Signal<Option<String>>),
    refresh: Refresh,
) -> impl IntoView {
    let is_any = Memo::new(move |_| keys.with(|(keys, _)| !keys.is_empty()));
    view! {
        <section class="section" aria-labelledby="keys-title-section">
            <div class="section-head">
                <h2 id="keys-title-section">"API keys"</h2>
                <a href="/api/docs" rel="external">"API documentation"</a>
            </div>
            <Show
                when=move || is_any.get()
                fallback=|| {
                    view! {
                        <p class="empty-line">"No program has a key yet. One is needed to call the API from outside a browser."</p>
                    }
                }
            >
                <Table keys=keys refresh=refresh />
            </Show>
            <Pager prev=pages.0 next=pages.1 />
            <NewKey shown=shown refresh=refresh />
        </section>
    }
}

#[component]
fn Table(keys: Signal<(Vec<ApiKey>, Timestamp)>, refresh: Refresh) -> impl IntoView {
    let rows = move || {
        let (keys, now) = keys.get();
        keys.into_iter().map(|key| (standing(&key, now), key)).collect::<Vec<_>>()
    };
    let as_shown = |(standing, key): &(Standing, ApiKey)| (key.id, *standing, key.last_used_at);
    view! {
        <div class="table-frame">
            <table class="table accounts keys-table">
                <caption class="unseen">"API keys"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Role"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Last used"</th>
                        <th scope="col">"Ends"</th>
                        <th scope="col">
                            <span class="unseen">"Actions"</span>
                        </th>
                    </tr>
                </thead>
                <tbody>
                    <For each=rows key=as_shown let:row>
                        <Row key=row.1 standing=row.0 refresh=refresh />
                    </For>
                </tbody>
            </table>
        </div>
    }
}

fn standing(key: &ApiKey, now: Timestamp) -> Standing {
    match (key.revoked_at, key.is_valid_at(now)) {
        (Some(_), _) => Standing::Over("Revoked"),
        (None, false) => Standing::Over("Ended"),
        (None, true) => Standing::Valid("Valid"),
    }
}

#[component]
fn Row(key: ApiKey, standing: Standing, refresh: Refresh) -> impl IntoView {
    let moment = |at: Option<Timestamp>, never: &'static str| match at {
        Some(at) => Either::Left(view! { <Moment at=Signal::stored(at) /> }),
        None => Either::Right(view! { <span class="none">{never}</span> }),
    };
    let (last_used_at, ends_at) = (key.last_used_at, key.revoked_at.or(key.expires_at));
    let revoke = (key.revoked_at.is_none()).then(|| {
        let (id, name) = (key.id.to_string(), key.name.to_string());
        view! { <Revoke id=id name=name refresh=refresh /> }
    });
    view! {
        <tr>
            <th scope="row" class="row-name row-wide">
                {key.name.to_string()}
            </th>
            <td data-label="Role">{capital(&key.role.to_string())}</td>
            <td data-label="Status">
                <AccountBadge standing=standing />
            </td>
            <td data-label="Last used">{moment(last_used_at, "Never")}</td>
            <td data-label="Ends">{moment(ends_at, "Never")}</td>
            <td class="row-actions">{revoke}</td>
        </tr>
    }
}

#[component]
fn Revoke(id: String, name: String, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<KeyRevoke>::new();
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "revoke",
        about: vec![("id", id.clone())],
        fields: Vec::new(),
        check: nothing_to_check,
        after: AfterSuccess::Keep,
    };
    let form = FormState::new(action, plan, move |key: &ApiKey| {
        toasts.say(format!("Revoked: {}.", key.name));
        refresh.now();
    });
    view! {
        <Confirm
            id=format!("revoke-{id}")
            label="Revoke"
            about=format!("Revoke the key {name}")
            question=format!("Revoke the key “{name}”?")
            consequence="Whatever uses it is refused at once. It can't be taken back: it would need a new key."
            weight=Weight::Plain
            form=form
        >
            <FormShell action=action form=form hidden=vec![("id", id.clone())] key=format!("revoke:{id}") class="inline-form">
                <Submit form=form label="Revoke key" weight=Weight::Danger />
            </FormShell>
        </Confirm>
    }
}

/// The form, and the key that came of it.
#[component]
fn NewKey(shown: Option<Shown>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<KeyCreate>::new();
    let made = RwSignal::new(shown);
    let plan = FormPlan {
        name: "api-key",
        about: Vec::new(),
        fields: vec![("name", String::new()), ("role", Role::Operator.to_string()), ("expires", String::new())],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |created: &KeyCreated| {
        let name = created.api_key.name.to_string();
        made.set(created.key.as_ref().map(|key| Shown::Key { name, secret: key.reveal().to_owned() }));
        refresh.now();
    });
    let panel = move || match made.get() {
        Some(Shown::Key { name, secret }) => Either::Left(view! {
            <ShownOncePanel
                title=format!("The key of {name}")
                words="Copy it now, to where the program reads its secrets: it is sent as Authorization: Bearer hf_…"
                secret=secret
            />
        }),
        Some(Shown::Link { .. }) | None => Either::Right(()),
    };
    view! {
        {panel}
        <details class="section card edit" open=form.is_returned()>
            <summary>
                <h3>"New API key"</h3>
            </summary>
            <FormShell action=action form=form hidden=Vec::new() key="api-key".to_owned()>
                <TextField form=form name="name" label="Name" hint=|| "What uses it: the web shop, the till." />
                <div class="field-row">
                    <SelectField form=form name="role" label="Role" options=roles() />
                    <TextField
                        form=form
                        name="expires"
                        label="Ends on"
                        kind=Kind::Day
                        need=Need::Optional
                        hint=|| "Refused from that day on, by UTC."
                    />
                </div>
                <div class="form-actions">
                    <Submit form=form label="Create key" />
                </div>
            </FormShell>
        </details>
    }
}

fn check(values: &Values) -> FieldErrors {
    let value = |name| values.get(name).cloned().unwrap_or_default();
    let form = KeyForm { name: value("name"), role: value("role"), expires: value("expires") };
    form.parse().err().unwrap_or_default()
}
