//! A session that ends while a page is open. What the page shows and what is typed into it stays where it
//! is, and a note says what has happened; a page that has nothing to show yet leads to the sign-in page.

use domain::problem::Problem;
use leptos::prelude::*;

use crate::browser;
use crate::error::ApiError;
use crate::links;

/// Whether the server knows nobody behind this page any more.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    has_ended: RwSignal<bool>,
}

/// What a page had to show when it learned of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Had {
    Nothing,
    Something,
}

impl Session {
    pub(crate) fn provide() {
        provide_context(Self { has_ended: RwSignal::new(false) });
    }

    pub(crate) fn here() -> Option<Self> {
        use_context()
    }

    /// Learns from an answer of the server. Called from effects.
    pub(crate) fn learn(self, error: Option<&ApiError>, had: Had) {
        let has_ended = error.is_some_and(|error| error.problem == Problem::Unauthenticated);
        match (has_ended, had) {
            (true, Had::Nothing) => browser::leave_for(&links::sign_in(&browser::here())),
            (has_ended, _) if has_ended != self.has_ended.get_untracked() => self.has_ended.set(has_ended),
            _ => {}
        }
    }
}

/// The note. It goes when the page is read again by somebody who is known: coming back to it from the tab
/// in which one signed in is enough.
#[component]
pub(crate) fn SignedOut() -> impl IntoView {
    let has_ended = move || Session::here().is_some_and(|session| session.has_ended.get());
    view! {
        <Show when=has_ended>
            <div class="trouble signed-out" role="alert">
                <p>
                    <strong>"You are signed out: the session has ended."</strong>
                    " What you see was read before, and what you typed is still here. "
                    <SignInElsewhere />
                    ", then come back to this one."
                </p>
            </div>
        </Show>
    }
}

/// The way to sign in without leaving the page.
#[component]
pub(crate) fn SignInElsewhere() -> impl IntoView {
    view! {
        <a href=links::SIGN_IN target="_blank">
            "Sign in in another tab"
        </a>
    }
}
