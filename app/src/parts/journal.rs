//! What happened to the thing that a page is about, and the way to all of it.

use domain::journal::NamedEntry;
use leptos::prelude::*;

use super::timeline::Timeline;
use crate::forms::AuditForm;
use crate::links;

/// How many entries such a page asks for, where they are not read anew all the time; the audit log has the others.
pub(crate) const ENTRIES_SHOWN: &str = "100";

/// The latest entries, as a section of a page.
#[component]
pub(crate) fn Journal(
    #[prop(into)] entries: Signal<Vec<NamedEntry>>,
    /// What the list is called.
    label: &'static str,
    /// What the audit log is to show for all of them.
    all: AuditForm,
    /// Another way from here.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let is_any = Memo::new(move |_| entries.with(|entries| !entries.is_empty()));
    view! {
        <section class="section" aria-labelledby="journal-title">
            <div class="section-head">
                <h2 id="journal-title">"Journal"</h2>
                <span class="section-ways">
                    {children.map(|children| children())}
                    <a href=links::audit_of(all)>"All in the audit log"</a>
                </span>
            </div>
            <Show when=move || is_any.get() fallback=|| view! { <p class="empty-line">"Nothing was changed yet."</p> }>
                <Timeline entries=entries label=label />
            </Show>
        </section>
    }
}
