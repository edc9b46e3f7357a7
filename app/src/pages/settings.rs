//! Settings: one's own account, how things look, and for admins who else is let in: people and programs.

mod keys;
mod own;
mod users;

use domain::account::{ApiKey, Role, User};
use domain::page::Page;
use domain::time::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::api::account::{account_fetch, shown_once_take};
use crate::api::keys::key_list;
use crate::api::users::user_list;
use crate::error::ApiError;
use crate::links::SettingsAt;
use crate::parts::frame::PageHead;
use crate::parts::loaded::Loaded;
use crate::parts::page_key::PageKey;
use crate::parts::theme_switch::ThemeSwitch;
use crate::query::Query;
use crate::refresh::Refresh;
use crate::shown::Shown;

use keys::KeysSection;
use own::OwnAccount;
use users::UsersSection;
pub(super) use users::roles;

/// What the page shows, read together.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Folder {
    user: User,
    /// What only admins see.
    others: Option<Others>,
}

/// Who else is let in.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
struct Others {
    users: Page<User>,
    keys: Page<ApiKey>,
    /// By the server's clock: whether a key has ended is not for the browser's to say.
    now: Timestamp,
    /// What a form without a script has just made.
    shown: Option<Shown>,
}

async fn folder(at: SettingsAt) -> Result<Folder, ApiError> {
    let user = account_fetch().await?;
    let others = if user.role.may(Role::Admin) { Some(others(at).await?) } else { None };
    Ok(Folder { user, others })
}

async fn others(at: SettingsAt) -> Result<Others, ApiError> {
    let (users, keys, shown) =
        futures::join!(user_list(Some(at.users), None), key_list(Some(at.keys), None), shown_once_take());
    let keys = keys?;
    Ok(Others { users: users?, keys: keys.page, now: keys.server_time, shown: shown? })
}

/// The page.
#[component]
pub(crate) fn Settings() -> impl IntoView {
    PageKey::provide();
    let search = use_location().search;
    let at = Memo::new(move |_| search.with(|search| SettingsAt::read(&Query::parse(search))));
    let refresh = Refresh::new();
    let data = Resource::new(move || (at.get(), refresh.count()), |(at, _)| folder(at));
    view! {
        <PageHead title="Settings" line=|| "Your account, and who else is let in." />
        <Loaded data=data rows=10 let:folder>
            <Body at=at folder=folder refresh=refresh />
        </Loaded>
    }
}

#[component]
fn Body(at: Memo<SettingsAt>, folder: Signal<Folder>, refresh: Refresh) -> impl IntoView {
    let user = Signal::derive(move || folder.with(|folder| folder.user.clone()));
    let is_admin = Memo::new(move |_| folder.with(|folder| folder.others.is_some()));
    let others = move |read: fn(&Others) -> Option<String>| {
        Signal::derive(move || folder.with(|folder| folder.others.as_ref().and_then(read)))
    };
    let users = Signal::derive(move || {
        folder.with(|folder| folder.others.as_ref().map(|others| others.users.items.clone()).unwrap_or_default())
    });
    let keys = Signal::derive(move || {
        folder.with(|folder| {
            folder.others.as_ref().map(|others| (others.keys.items.clone(), others.now)).unwrap_or_else(|| {
                // Nobody is shown the list then.
                (Vec::new(), folder.user.created_at)
            })
        })
    });
    let shown = folder.with_untracked(|folder| folder.others.as_ref().and_then(|others| others.shown.clone()));
    let (link, key) = match shown {
        Some(shown @ Shown::Link { .. }) => (Some(shown), None),
        Some(shown @ Shown::Key { .. }) => (None, Some(shown)),
        None => (None, None),
    };
    let shown = StoredValue::new((link, key));
    let lead = move |cursor: fn(&Others) -> Option<String>, to: fn(SettingsAt, String) -> SettingsAt| {
        let cursor = others(cursor);
        Signal::derive(move || cursor.get().map(|cursor| to(at.get(), cursor).link()))
    };
    let of_users = move |cursor| lead(cursor, |at, users| SettingsAt { users, ..at });
    let of_keys = move |cursor| lead(cursor, |at, keys| SettingsAt { keys, ..at });
    view! {
        <div class="settings-own">
            <OwnAccount user=user refresh=refresh />
            <section class="section card" aria-labelledby="appearance-title">
                <h2 id="appearance-title">"Appearance"</h2>
                <p class="muted card-line">"Until you choose, it is as your system is. The choice is this browser's."</p>
                <ThemeSwitch />
            </section>
        </div>
        <Show when=move || is_admin.get()>
            <UsersSection
                users=users
                me=user
                shown=shown.with_value(|(link, _)| link.clone())
                pages=(of_users(|others| others.users.prev.clone()), of_users(|others| others.users.next.clone()))
                refresh=refresh
            />
            <KeysSection
                keys=keys
                shown=shown.with_value(|(_, key)| key.clone())
                pages=(of_keys(|others| others.keys.prev.clone()), of_keys(|others| others.keys.next.clone()))
                refresh=refresh
            />
        </Show>
    }
}
