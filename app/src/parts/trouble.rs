//! Errors as people need them: what happened, whether anything was changed, what to do next, and the
//! request's id, small.

use domain::problem::Problem;
use leptos::prelude::*;

use crate::error::ApiError;

/// What to do next, after a change was refused or lost.
fn next_step(problem: &Problem) -> &'static str {
    match problem {
        Problem::OutcomeUnknown => "Press the button again: under the same key it is done once.",
        Problem::IdempotencyMismatch => "Nothing was changed now. Look at what was done before, then send it again.",
        Problem::Busy { .. } => "",
        Problem::Internal => "Try again; if it stays, tell whoever runs this server.",
        Problem::NotHeld { .. } => "Nothing was changed. Its units are not held any more.",
        _ => "Nothing was changed.",
    }
}

/// What happened, in a sentence.
pub(crate) fn in_words(problem: &Problem) -> String {
    match problem {
        Problem::OutcomeUnknown => "The answer did not come.".to_owned(),
        Problem::Internal => "Something went wrong on the server.".to_owned(),
        problem => sentence(&problem.to_string()),
    }
}

/// With a capital at its beginning and a full stop at its end.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

/// Why a form was refused; `what` are the words, where they are better said than by the problem itself.
#[component]
pub(crate) fn FormTrouble(error: ApiError, what: String) -> impl IntoView {
    view! {
        <div class="trouble" role="alert">
            <p>
                <strong>{what}</strong>
                " "
                {next_step(&error.problem)}
            </p>
            <RequestId error=error />
        </div>
    }
}

/// Why something can't be shown.
#[component]
pub(crate) fn PageTrouble(error: ApiError) -> impl IntoView {
    let (title, what, next) = match &error.problem {
        Problem::NotFound { .. } => {
            ("Not found", in_words(&error.problem), "It may have been written differently, or never existed.")
        }
        Problem::BadCursor | Problem::CursorMismatch => {
            ("This page of the list is gone", in_words(&error.problem), "Begin again at the first page.")
        }
        Problem::OutcomeUnknown => {
            ("No answer", "The server could not be reached.".to_owned(), "Nothing was changed. Load the page again.")
        }
        problem if error.is_passing() => {
            (problem.title(), in_words(problem), "Nothing was changed. Load the page again in a moment.")
        }
        problem => (problem.title(), in_words(problem), "Nothing was changed."),
    };
    view! {
        <div class="empty" role="alert">
            <h2>{title}</h2>
            <p>{what} " " {next}</p>
            <RequestId error=error />
        </div>
    }
}

#[component]
fn RequestId(error: ApiError) -> impl IntoView {
    error.request_id.map(|id| view! { <p class="request-id">"Request " <code>{id.to_string()}</code></p> })
}
