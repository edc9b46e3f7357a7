//! Errors as people need them: what happened, whether anything was changed, what to do next, and the
//! request's id, small.

use domain::problem::Problem;
use leptos::either::Either;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::loaded::StandsFor;
use super::signed_out::SignInElsewhere;
use crate::error::ApiError;
use crate::query::Query;
use crate::refresh::Refresh;
use crate::words::{sentence, wait_in_words};

/// What to do next, after a change was refused or lost.
fn next_step(problem: &Problem) -> &'static str {
    match problem {
        Problem::OutcomeUnknown => "Press the button again: under the same key it is done once.",
        Problem::IdempotencyMismatch => "Nothing was changed now. Look at what was done before, then send it again.",
        Problem::Internal => "Try again; if it stays, tell whoever runs this server.",
        // Their own words say that nothing was changed, or nothing could have been.
        Problem::Busy { .. } | Problem::StaleVersion { .. } | Problem::CrossSite | Problem::SignInRefused => "",
        Problem::RateLimited { .. } => "Nothing was changed.",
        Problem::Unauthenticated => "What you typed is still here: once you are signed in, send it again.",
        Problem::Forbidden { .. } => "Nothing was changed. Admins give out roles, in the settings.",
        Problem::LinkSpent => "An admin can give you another way in.",
        Problem::Malformed { .. }
        | Problem::NotFound { .. }
        | Problem::MethodNotAllowed
        | Problem::TooLarge { .. }
        | Problem::HeadersTooLarge { .. }
        | Problem::UnsupportedMediaType { .. }
        | Problem::InvalidInput { .. }
        | Problem::BadCursor
        | Problem::CursorMismatch
        | Problem::EmailTaken { .. }
        | Problem::LastAdmin
        | Problem::SkuTaken { .. }
        | Problem::ProductArchived { .. }
        | Problem::BelowReserved { .. }
        | Problem::CodeTaken { .. }
        | Problem::WarehouseInactive { .. }
        | Problem::InsufficientStock { .. }
        | Problem::UnknownSku { .. }
        | Problem::MixedCurrency { .. }
        | Problem::NotHeld { .. }
        | Problem::HasOrder { .. }
        | Problem::HoldExpired { .. }
        | Problem::ReferenceTaken { .. }
        | Problem::TransitionNotAllowed { .. }
        | Problem::ChaosUnderWay => "Nothing was changed.",
    }
}

/// What happened, in a sentence.
pub(crate) fn in_words(problem: &Problem) -> String {
    if *problem == Problem::OutcomeUnknown {
        "The answer did not come.".to_owned()
    } else if *problem == Problem::Internal {
        "Something went wrong on the server.".to_owned()
    } else if *problem == Problem::Unauthenticated {
        "Your session had ended: nothing was changed.".to_owned()
    } else if let Problem::RateLimited { retry_after_seconds } = problem {
        format!("That was too often: try again in {}.", wait_in_words(*retry_after_seconds))
    } else {
        sentence(&problem.to_string())
    }
}

/// Why a form was refused; `what` are the words, where they are better said than by the problem itself.
#[component]
pub(crate) fn FormTrouble(error: ApiError, what: String) -> impl IntoView {
    let is_past = matches!(error.problem, Problem::StaleVersion { .. } | Problem::TransitionNotAllowed { .. });
    let read_again = is_past.then(|| view! { <ReadAgain /> });
    let is_out = error.problem == Problem::Unauthenticated;
    let sign_in = is_out.then(|| view! { <p><SignInElsewhere /> ", then come back to this one."</p> });
    view! {
        <div class="trouble" role="alert">
            <p>
                <strong>{what}</strong>
                " "
                {next_step(&error.problem)}
            </p>
            {read_again}
            {sign_in}
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
        format!("{}{}", location.pathname.get(), query.written())
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
