//! Data on a page: a skeleton until it is there, the trouble if it can't be had, and then one view that is
//! fed through a signal. It is not built again when the data change, so that nothing flickers, and what
//! was typed and where the keyboard is stay as they are.

use leptos::prelude::*;

use domain::problem::Problem;

use super::page_key::PageKey;
use super::signed_out::{Had, Session};
use super::trouble::PageTrouble;
use crate::error::ApiError;

/// What stands in the place of the data.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Shown {
    Nothing,
    Data,
    Trouble(ApiError),
}

/// What is missing where the data can't be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum StandsFor {
    /// The whole page, its head included.
    Page,
    /// A part of a page that has its head.
    Part,
}

/// Shows what a resource holds. `children` get the data as a signal.
#[component]
pub(crate) fn Loaded<T, F, V>(
    data: Resource<Result<T, ApiError>>,
    /// How many rows the skeleton has.
    #[prop(default = 6)]
    rows: usize,
    #[prop(default = StandsFor::Part)] stands_for: StandsFor,
    children: F,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    view! {
        <Transition fallback=move || view! { <Skeleton rows=rows /> }>
            <Latest data=data stands_for=stands_for view=children.clone() />
        </Transition>
    }
}

/// Its owner lies within the transition, so that what is read here is waited for there.
#[component]
fn Latest<T, F, V>(data: Resource<Result<T, ApiError>>, stands_for: StandsFor, view: F) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    F: Fn(Signal<T>) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let key = use_context::<PageKey>();
    let latest = Memo::new(move |_| {
        let has_key = key.is_none_or(|key| key.is_there());
        data.get().filter(|_| has_key)
    });
    let shown = Memo::new(move |before: Option<&Shown>| {
        latest.with(|latest| match latest {
            None => Shown::Nothing,
            Some(Ok(_)) => Shown::Data,
            // What was there is better than nothing while the server is busy, or until one has signed in again.
            Some(Err(error)) if may_pass(error) && before == Some(&Shown::Data) => Shown::Data,
            Some(Err(error)) => Shown::Trouble(error.clone()),
        })
    });
    Effect::new(move |_| {
        let Some(session) = Session::here() else { return };
        let had = if shown.get() == Shown::Data { Had::Something } else { Had::Nothing };
        latest.with(|latest| {
            if let Some(answer) = latest {
                session.learn(answer.as_ref().err(), had);
            }
        });
    });
    move || match (shown.get(), latest.get_untracked()) {
        (Shown::Trouble(error), _) => view! { <PageTrouble error=error stands_for=stands_for /> }.into_any(),
        (Shown::Data, Some(Ok(first))) => {
            let kept = Memo::new(move |before: Option<&T>| match latest.get() {
                Some(Ok(data)) => data,
                _ => before.cloned().unwrap_or_else(|| first.clone()),
            });
            view(kept.into()).into_any()
        }
        (Shown::Data | Shown::Nothing, _) => ().into_any(),
    }
}

fn may_pass(error: &ApiError) -> bool {
    error.is_passing() || error.problem == Problem::Unauthenticated
}

/// Grey bars of the height that the rows will have. They show themselves after 200 ms only.
#[component]
fn Skeleton(rows: usize) -> impl IntoView {
    view! {
        <div class="skeleton" aria-busy="true" aria-label="Loading">
            {(0..rows).map(|_| view! { <div class="skeleton-row"></div> }).collect_view()}
        </div>
    }
}
