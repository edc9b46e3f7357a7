//! Errors as people need them: what happened, whether anything was changed, what to do next, and the
//! request's id, small.

use domain::problem::Problem;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::loaded::StandsFor;
use crate::error::ApiError;
use crate::query::{Query, to_query};
use crate::refresh::Refresh;
use crate::words::sentence;

/// What to do next, after a change was refused or lost.
fn next_step(problem: &Problem) -> &'static str {
    match problem {
        Problem::OutcomeUnknown => "Press the button again: under the same key it is done once.",
        Problem::IdempotencyMismatch => "Nothing was changed now. Look at what was done before, then send it again.",
        Problem::Internal => "Try again; if it stays, tell whoever runs this server.",
        // Their own words say that nothing was changed.
        Problem::Busy { .. } | Problem::StaleVersion { .. } => "",
        Problem::Malformed { .. }
        | Problem::NotFound { .. }
        | Problem::MethodNotAllowed
        | Problem::TooLarge { .. }
        | Problem::UnsupportedMediaType { .. }
        | Problem::InvalidInput { .. }
        | Problem::BadCursor
        | Problem::CursorMismatch
        | Problem::SkuTaken { .. }
        | Problem::ProductArchived { .. }
        | Problem::BelowReserved { .. }
        | Problem::WarehouseInactive { .. }
        | Problem::InsufficientStock { .. }
        | Problem::UnknownSku { .. }
        | Problem::MixedCurrency { .. }
        | Problem::NotHeld { .. }
        | Problem::HasOrder { .. }
        | Problem::HoldExpired { .. }
        | Problem::ReferenceTaken { .. }
        | Problem::TransitionNotAllowed { .. } => "Nothing was changed.",
    }
}

/// What happened, in a sentence.
pub(crate) fn in_words(problem: &Problem) -> String {
    if *problem == Problem::OutcomeUnknown {
        "The answer did not come.".to_owned()
    } else if *problem == Problem::Internal {
        "Something went wrong on the server.".to_owned()
    } else {
        sentence(&problem.to_string())
    }
}

/// Why a form was refused; `what` are the words, where they are better said than by the problem itself.
#[component]
pub(crate) fn FormTrouble(error: ApiError, what: String) -> impl IntoView {
    let is_past = matches!(error.problem, Problem::StaleVersion { .. } | Problem::TransitionNotAllowed { .. });
    let read_again = is_past.then(|| view! { <ReadAgain /> });
    view! {
        <div class="trouble" role="alert">
            <p>
                <strong>{what}</strong>
                " "
                {next_step(&error.problem)}
            </p>
            {read_again}
            <RequestId error=error />
        </div>
    }
}

/// Why something can't be shown.
#[component]
pub(crate) fn PageTrouble(error: ApiError, stands_for: StandsFor) -> impl IntoView {
    let problem = &error.problem;
    let (title, what) = if *problem == Problem::OutcomeUnknown {
        ("No answer", "The server could not be reached.".to_owned())
    } else {
        (problem.title(), in_words(problem))
    };
    let next = if matches!(problem, Problem::NotFound { .. }) {
        "It may have been written differently, or never existed."
    } else if matches!(problem, Problem::BadCursor | Problem::CursorMismatch) {
        "Begin again at the first page."
    } else if error.is_passing() {
        "Load the page again in a moment."
    } else {
        ""
    };
    let heading = match stands_for {
        StandsFor::Page => Either::Left(view! {
            <leptos_meta::Title text=format!("{title} · Holdfast") />
            <h1>{title}</h1>
        }),
        StandsFor::Part => Either::Right(view! { <h2>{title}</h2> }),
    };
    view! {
        <div class="empty" role="alert">
            {heading}
            <p>{what} " " {next}</p>
            <RequestId error=error />
        </div>
    }
}

/// The way to what holds now: the page without the refusal in its address, its data read again.
#[component]
fn ReadAgain() -> impl IntoView {
    let (location, refresh) = (use_location(), use_context::<Refresh>());
    let href = move || {
        let query = location.search.with(|search| Query::parse(search)).without("__path").without("__err");
        let pairs: Vec<(&str, &str)> = query.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        format!("{}{}", location.pathname.get(), to_query(&pairs))
    };
    let read = move |_| {
        if let Some(refresh) = refresh {
            refresh.now();
        }
    };
    view! {
        <p>
            <a href=href on:click=read data-noscroll="true">"Read it again"</a>
        </p>
    }
}

#[component]
fn RequestId(error: ApiError) -> impl IntoView {
    error.request_id.map(|id| view! { <p class="request-id">"Request " <code>{id.to_string()}</code></p> })
}
