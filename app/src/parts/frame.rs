//! The frame of every page: the rail (a bar at the bottom of a small screen), the notes, the keys.

use leptos::html::Dialog;
use leptos::prelude::*;
use leptos_router::components::A;

use super::icons::{Icon, Mark, Picture};
use super::moment::ZoneNote;
use super::theme_switch::ThemeSwitch;
use super::toast::ToastRegion;
use crate::{keys, links};

/// The places that exist, in the order of a day's work. Later ones go below.
const PLACES: [(&str, &str, Icon); 5] = [
    (links::OVERVIEW, "Overview", Icon::Overview),
    (links::PRODUCTS, "Products", Icon::Products),
    (links::RESERVATIONS, "Reservations", Icon::Reservations),
    (links::ORDERS, "Orders", Icon::Orders),
    (links::AUDIT, "Audit log", Icon::Audit),
];

/// Rail, page, notes.
#[component]
pub(crate) fn Frame(children: Children) -> impl IntoView {
    let keys_dialog = NodeRef::<Dialog>::new();
    let show_keys = move || {
        if let Some(dialog) = keys_dialog.get_untracked() {
            // It fails only where the dialog is open already.
            let _ = dialog.show_modal();
        }
    };
    keys::listen(show_keys);
    view! {
        <a class="skip" href="#main">"Skip to the page"</a>
        <div class="frame">
            <header class="rail">
                <a class="brand" href=links::OVERVIEW>
                    <Mark />
                    <span>"Holdfast"</span>
                </a>
                <nav class="places" aria-label="Places">
                    {PLACES
                        .map(|(href, name, icon)| {
                            view! {
                                <A href=href exact={href == links::OVERVIEW} attr:class="place">
                                    <Picture icon=icon />
                                    <span>{name}</span>
                                </A>
                            }
                        })
                        .into_iter()
                        .collect_view()}
                </nav>
                <div class="rail-foot">
                    <ThemeSwitch />
                    <ZoneNote />
                </div>
            </header>
            <main id="main" tabindex="-1">
                {children()}
            </main>
        </div>
        <ToastRegion />
        <dialog class="dialog" node_ref=keys_dialog aria-labelledby="keys-title">
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
                <h1>{move || title.get()}</h1>
                <p class="page-line">{move || line.run()}</p>
            </div>
            <div class="page-action">{children.map(|children| children())}</div>
        </header>
    }
}
