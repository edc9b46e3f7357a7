//! The verdict in one large line, and the checks that it stands on.

use domain::chaos::{ChaosRun, Check, Guards, Verdict};
use domain::quantity::grouped;
use leptos::prelude::*;

/// The line: how it stands while the run is under way, and then the verdict.
#[component]
pub(super) fn Outcome(run: Signal<Option<ChaosRun>>) -> impl IntoView {
    let judged = Memo::new(move |_| {
        run.with(|run| run.as_ref().and_then(|run| Some((run.plan.guards(), run.verdict.clone()?))))
    });
    let tone = move || judged.with(|judged| judged.as_ref().map(|(guards, verdict)| tone(*guards, verdict)));
    let so_far = move || match judged.with(Option::is_some) {
        true => None,
        false => run.with(|run| run.as_ref().map(|run| view! { <p class="chaos-line">{so_far(run)}</p> })),
    };
    view! {
        <div class="chaos-verdict" data-tone=tone>
            // The place is there from the start, so that its words are read out when they come; what changes
            // five times a second is not read out.
            <div role="status">
                {move || {
                    judged
                        .get()
                        .map(|(guards, verdict)| {
                            view! {
                                <p class="chaos-line" data-testid="verdict">
                                    {verdict.to_string()}
                                </p>
                                <p>{meaning(guards, &verdict)}</p>
                            }
                        })
                }}
            </div>
            {so_far}
        </div>
    }
}

/// What was looked at; nothing, before the run has come that far.
#[component]
pub(super) fn Checks(run: Signal<Option<ChaosRun>>) -> impl IntoView {
    let checks = Memo::new(move |_| {
        run.with(|run| run.as_ref()?.verdict.as_ref().map(|verdict| verdict.checks.clone())).unwrap_or_default()
    });
    view! {
        <ul class="chaos-checks">
            {move || checks.get().into_iter().map(|check| view! { <CheckLine check=check /> }).collect_view()}
        </ul>
    }
}

/// `4 of 200 sold so far, 12 refused`.
fn so_far(run: &ChaosRun) -> String {
    let [sold, refused] =
        [run.counts.won, run.counts.refused].map(|count| grouped(i64::try_from(count).unwrap_or(i64::MAX)));
    format!("{sold} of {} sold so far, {refused} refused", grouped(i64::from(run.plan.stock())))
}

#[component]
fn CheckLine(check: Check) -> impl IntoView {
    let (passed, path, word) = match check.passed {
        true => ("yes", "M4 10.5l4 4 8-9", "Proved"),
        false => ("no", "M5 5l10 10M15 5 5 15", "Not so"),
    };
    view! {
        <li data-passed=passed>
            <svg class="icon" viewBox="0 0 20 20" width="20" height="20" role="img" aria-label=word>
                <path d=path />
            </svg>
            <span>
                <strong>{check.kind.words()}</strong>
                <span class="chaos-found">{check.found}</span>
            </span>
        </li>
    }
}

/// Green only where nothing was oversold; the control is right where it shows the harm.
fn tone(guards: Guards, verdict: &Verdict) -> &'static str {
    match (guards, verdict.passes()) {
        (Guards::On, true) => "good",
        (Guards::Off, true) => "control",
        (Guards::On | Guards::Off, false) => "bad",
    }
}

fn meaning(guards: Guards, verdict: &Verdict) -> &'static str {
    match (guards, verdict.passes()) {
        (Guards::On, true) => "Proved: buyers, stock and journal tell the same story.",
        (Guards::On, false) => "Not proved: see below what does not fit.",
        (Guards::Off, true) => {
            "This is what happens without guards: more were told that they had bought than there was."
        }
        (Guards::Off, false) => {
            "It happened to go well without guards, so this run shows nothing. Try more buyers at a time."
        }
    }
}
