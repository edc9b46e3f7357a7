//! What happened to the thing that a page is about, and the way to all of it.

use domain::journal::NamedEntry;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::timeline::Timeline;
use crate::api::journal::{About, journal_latest};
use crate::error::ApiError;
use crate::forms::AuditForm;
use crate::links;

/// How many entries are read with a thing; the audit log has the others.
const ENTRIES_SHOWN: &str = "100";

/// Something, and the latest that happened to it, read together.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct WithJournal<T> {
    pub(crate) thing: T,
    pub(crate) entries: Vec<NamedEntry>,
}

/// Reads a thing and the journal of its subject, `kind:id`: the thing first, which says in words that there is none,
/// where the subject would only be odd.
pub(crate) async fn with_journal<T>(
    thing: impl Future<Output = Result<T, ApiError>>,
    subject: String,
) -> Result<WithJournal<T>, ApiError> {
    let thing = thing.await?;
    Ok(WithJournal { thing, entries: journal_latest(About::Subject(subject), ENTRIES_SHOWN).await? })
}

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
