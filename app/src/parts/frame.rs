//! The frame of every page: the rail (a bar at the bottom of a small screen), the notes, the keys.

use leptos::either::Either;
use leptos::html::Dialog;
use leptos::prelude::*;
use server_fn::ServerFn as _;

use super::icons::{Icon, Mark, Picture};
use super::live_dot::LiveDot;
use super::moment::ZoneNote;
use super::palette::{self, Palette};
use super::places::{MorePlaces, Places};
use super::signed_out::SignedOut;
use super::theme_switch::ThemeSwitch;
use super::toast::ToastRegion;
use crate::account::Account;
use crate::api::sessions::SessionClose;
use crate::{keys, links};

/// Rail, page, notes. Whoever is not signed in has no places to go to: the page stands alone.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let keys_dialog = NodeRef::<Dialog>::new();
    let show_keys = move || {
        if let Some(dialog) = keys_dialog.get_untracked() {
            // It fails only where the dialog is open already.
            let _ = dialog.show_modal();
        }
    };
    let palette = NodeRef::<Dialog>::new();
    keys::listen(show_keys, move || palette::open(palette));
    let account = Account::here();
    let role = account.as_ref().map(|account| account.role);
    let (class, header) = match account {
        Some(account) => ("frame", Either::Left(view! { <Rail account=account /> })),
        None => ("frame alone", Either::Right(view! { <Alone /> })),
    };
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        <div class=class>
            {header}
            <main id="main" tabindex="-1">
                <SignedOut />
                {children()}
            </main>
        </div>
        <ToastRegion />
        <KeysDialog node=keys_dialog />
        {role.map(|role| view! { <Palette role=role node=palette /> })}
    }
}

#[component]
fn Rail(account: Account) -> impl IntoView {
    let role = account.role;
    view! {
        <header class="rail">
            <Brand />
            <Places role=role />
            <div class="rail-foot">
                <Who account=account />
                <ThemeSwitch />
                <MorePlaces role=role />
                <ZoneNote />
            </div>
        </header>
    }
}

#[component]
fn Alone() -> impl IntoView {
    view! {
        <header class="alone-head">
            <Brand />
            <ThemeSwitch />
        </header>
    }
}

#[component]
fn Brand() -> impl IntoView {
    view! {
        <a class="brand" href=links::OVERVIEW>
            <Mark />
            <span>"Holdfast"</span>
        </a>
    }
}

/// Who is signed in, and the way out: a plain form, so that the document is left with all that it knows.
#[component]
fn Who(account: Account) -> impl IntoView {
    view! {
        <div class="who">
            <a class="who-link" href=links::SETTINGS title=account.email>
                <Picture icon=Icon::Person />
                <span class="who-words">
                    <span class="who-name">{account.name}</span>
                    <span class="who-role">{account.role.to_string()}</span>
                </span>
            </a>
            <form method="post" action=SessionClose::PATH>
                <button class="rail-button">
                    <Picture icon=Icon::Leave />
                    <span>"Sign out"</span>
                </button>
            </form>
        </div>
    }
}

#[component]
fn KeysDialog(node: NodeRef<Dialog>) -> impl IntoView {
    view! {
        <dialog class="dialog" node_ref=node aria-labelledby="keys-title">
            <form method="dialog">
                <h2 id="keys-title">"Keys"</h2>
                <dl class="keys">
                    {keys::KEYS
                        .map(|(key, does)| {
                            view! {
                                <div>
                                    <dt>
                                        <kbd>{key}</kbd>
                                    </dt>
                                    <dd>{does}</dd>
                                </div>
                            }
                        })
                        .into_iter()
                        .collect_view()}
                </dl>
                <button class="button">"Close"</button>
            </form>
        </dialog>
    }
}

/// The head of a page: what it is, one line on what one sees, and its main action.
#[component]
pub(crate) fn PageHead(
    /// The page's heading, and the document's title.
    #[prop(into)]
    title: Signal<String>,
    /// One line under it.
    #[prop(into)]
    line: ViewFn,
    /// The main action, at the right.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    // The server writes the document's title last of all, when the page's own signals may be gone already.
    let first = title.get_untracked();
    let in_tab = move || format!("{} · Holdfast", title.try_get().unwrap_or_else(|| first.clone()));
    view! {
        <leptos_meta::Title text=in_tab />
        <header class="page-head">
            <div>
                <div class="page-title">
                    <h1>{move || title.get()}</h1>
                    <LiveDot />
                </div>
                <p class="page-line">{move || line.run()}</p>
            </div>
            <div class="page-action">{children.map(|children| children())}</div>
        </header>
    }
}
