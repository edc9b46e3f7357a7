//! What people wrote on the order, and the form to write more.

use domain::account::Role;
use domain::actor::Actor;
use domain::form::{FieldError, FieldErrors};
use domain::journal::NamedEntry;
use domain::order::{Note, OrderView};
use domain::text::NoteText;
use leptos::prelude::*;

use crate::account::Account;
use crate::api::orders::OrderProceed;
use crate::parts::field::TextArea;
use crate::parts::form::{AfterSuccess, FormPlan, FormState, Values};
use crate::parts::moment::Moment;
use crate::parts::submit::{FormShell, Submit, Weight};
use crate::parts::timeline::who;
use crate::parts::toast::Toasts;
use crate::refresh::Refresh;
use crate::words::capital;

/// The notes in the order in which they were written.
#[component]
pub(super) fn Notes(
    order: Signal<OrderView>,
    /// What the journal tells of the order: it has the names of those who wrote.
    entries: Signal<Vec<NamedEntry>>,
    refresh: Refresh,
) -> impl IntoView {
    let name_of = move |actor: Actor| {
        entries.with(|entries| entries.iter().find(|named| named.entry.actor == actor)?.actor_name.clone())
    };
    let notes = move || order.with(|view| view.order.notes.iter().cloned().enumerate().collect::<Vec<_>>());
    let is_any = Memo::new(move |_| order.with(|view| !view.order.notes.is_empty()));
    view! {
        <section class="section" aria-labelledby="notes-title">
            <div class="section-head">
                <h2 id="notes-title">"Notes"</h2>
            </div>
            <Show when=move || is_any.get() fallback=|| view! { <p class="empty-line">"Nobody wrote anything yet."</p> }>
                <ul class="notes" aria-label="Notes">
                    <For each=notes key=|(place, note)| (*place, note.at) let:note>
                        <OneNote name=name_of(note.1.actor) note=note.1 />
                    </For>
                </ul>
            </Show>
            {Account::may(Role::Operator).then(|| view! { <Write order=order refresh=refresh /> })}
        </section>
    }
}

#[component]
fn OneNote(note: Note, name: Option<String>) -> impl IntoView {
    view! {
        <li class="note">
            <p class="note-text">{note.text.to_string()}</p>
            <p class="note-by">{capital(&who(note.actor, name))} ", " <Moment at=note.at /></p>
        </li>
    }
}

#[component]
fn Write(order: Signal<OrderView>, refresh: Refresh) -> impl IntoView {
    let action = ServerAction::<OrderProceed>::new();
    let id = order.with_untracked(|view| view.order.id.to_string());
    let toasts = Toasts::here();
    let plan = FormPlan {
        name: "note",
        // A step of the same order is sent to the same function; a note goes to no status.
        about: vec![("order", id.clone()), ("to", String::new())],
        fields: vec![("note", String::new())],
        check,
        after: AfterSuccess::Clear,
    };
    let form = FormState::new(action, plan, move |_: &OrderView| {
        toasts.say("Note written.");
        refresh.now();
    });
    let hidden = vec![("order", id.clone()), ("to", String::new())];
    view! {
        <FormShell action=action form=form hidden=hidden key=format!("note:{id}") class="form note-form">
            <TextArea form=form name="note" label="Note" hint=|| "Stays with the order; customers do not see it." />
            <div class="form-actions">
                <Submit form=form label="Write note" weight=Weight::Plain />
            </div>
        </FormShell>
    }
}

fn check(values: &Values) -> FieldErrors {
    let note = values.get("note").map(String::as_str).unwrap_or_default();
    NoteText::new(note).err().map(|error| FieldError::new("note", error.to_string())).into_iter().collect()
}
