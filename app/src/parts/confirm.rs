//! A question before something that can't be taken back. The browser itself opens and closes it, by the
//! names of its parts, so that it is asked without a script too.

use leptos::prelude::*;

use super::form::FormState;
use super::submit::Weight;

/// A button that asks first. The form that does it is the children.
#[component]
pub(crate) fn Confirm(
    /// By which button and question know each other; on a page there is one of it.
    id: String,
    /// What the button says.
    label: &'static str,
    /// What it is about, for those who hear the button among many.
    #[prop(into)]
    about: Signal<String>,
    #[prop(into)] question: Signal<String>,
    /// What will come of it.
    consequence: &'static str,
    #[prop(default = Weight::Danger)] weight: Weight,
    /// The form within, where the page may come back with what went wrong with it.
    #[prop(optional)]
    form: Option<FormState>,
    children: Children,
) -> impl IntoView {
    let is_open = form.is_some_and(FormState::is_returned);
    let (title, leave) = (format!("{id}-title"), id.clone());
    view! {
        <button type="button" class=weight.class() popovertarget=id.clone() title=about>
            {label}
        </button>
        <dialog class="dialog" id=id.clone() popover="auto" open=is_open aria-labelledby=title.clone()>
            <h2 id=title.clone()>{question}</h2>
            <p class="dialog-words">{consequence}</p>
            <div class="dialog-actions">
                {children()}
                <button type="button" class="button" popovertarget=leave popovertargetaction="hide" autofocus>
                    "Leave it as it is"
                </button>
            </div>
        </dialog>
    }
}
