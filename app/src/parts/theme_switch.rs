//! Light or dark. Both buttons are always there and the style sheet shows the one that changes something,
//! so that server and browser need not know which.

use leptos::form::ActionForm;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, SubmitEvent};

use super::icons::{Icon, Picture};
use crate::api::settings::ThemeSet;
use crate::browser;

/// A form that sets the theme's cookie; in the browser the page changes at once.
#[component]
pub(crate) fn ThemeSwitch() -> impl IntoView {
    let action = ServerAction::<ThemeSet>::new();
    let show = move |event: SubmitEvent| {
        let button = event.submitter().and_then(|button| button.dyn_into::<HtmlElement>().ok());
        if let Some(theme) = button.and_then(|button| button.get_attribute("value")) {
            browser::show_theme(&theme);
        }
    };
    view! {
        <ActionForm action=action attr:class="theme-switch" on:submit:capture=show>
            <button class="rail-button to-dark" name="theme" value="dark" aria-label="Dark theme">
                <Picture icon=Icon::Moon />
                <span>"Dark theme"</span>
            </button>
            <button class="rail-button to-light" name="theme" value="light" aria-label="Light theme">
                <Picture icon=Icon::Sun />
                <span>"Light theme"</span>
            </button>
        </ActionForm>
    }
}
