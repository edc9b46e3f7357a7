//! To each its own: what keeps a batch from being decided is laid at the door of the one command that it
//! comes from, and the others go on without it.

use domain::problem::Problem;

use super::{Again, Decided, Item, Locking, Memory, Outcome, run, run_with};
use crate::availability::Availability;
use crate::error::StoreError;
use crate::link::Link;

/// Decides the items in as few transactions as it takes for each to get its own outcome, and tells them in
/// the order of the items.
///
/// Where the database does not take what one of them brings, the batch is halved until that one is alone.
/// Where a row is locked for longer than anybody may wait, the batch is run once more without waiting:
/// those who need the row are told that it is busy. What befalls all, befalls all.
///
/// What was committed is remembered before anybody is told of it. `before` is what came of a first attempt.
pub(crate) async fn run_each(
    link: &mut Link,
    memory: &mut Memory,
    items: &[&Item],
    availability: &Availability,
    before: Option<Result<Again, StoreError>>,
) -> Vec<Result<Outcome, StoreError>> {
    let each = |Decided { outcomes, committed }| {
        availability.committed(committed);
        outcomes.into_iter().map(Ok).collect()
    };
    match run_with(link, memory, items, before).await {
        Ok(decided) => each(decided),
        Err(error) if items.len() > 1 && error.is_about_data() => {
            tracing::debug!(error = error.in_full(), items = items.len(), "a batch is halved");
            halved(link, memory, items, availability).await
        }
        Err(error) if items.len() > 1 && error.is_about_a_lock() => {
            tracing::warn!(error = error.in_full(), items = items.len(), "a batch goes on without what is locked");
            match run(link, items, Locking::Spare).await {
                Ok(decided) => each(decided),
                Err(error) => all(error, items.len()),
            }
        }
        Err(error) => all(error, items.len()),
    }
}

async fn halved(
    link: &mut Link,
    memory: &mut Memory,
    items: &[&Item],
    availability: &Availability,
) -> Vec<Result<Outcome, StoreError>> {
    let mut outcomes = Vec::with_capacity(items.len());
    for half in items.chunks(items.len().div_ceil(2)) {
        outcomes.extend(Box::pin(run_each(link, memory, half, availability, None)).await);
    }
    outcomes
}

/// The same error for each. It is logged here, once, where there are several.
fn all(error: StoreError, items: usize) -> Vec<Result<Outcome, StoreError>> {
    if items == 1 {
        return vec![Err(error)];
    }
    let problem: Problem = error.problem();
    (0..items).map(|_| Err(problem.clone().into())).collect()
}
