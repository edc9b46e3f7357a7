//! A batch of new holds, decided on what is remembered and written by one statement, which compares that as it locks the
//! stock: one way to the database and back, where the long way takes three.

use std::time::Instant;

use domain::decide::CommandKind;

use super::item::render;
use super::memory::Memory;
use super::named::touched;
use super::places::{Place, places};
use super::read::{Busy, Kept};
use super::write::{self, Winner, Written};
use super::{Again, Decided, Item, Outcome, decided, outcomes};
use crate::availability::Committed;
use crate::error::StoreError;
use crate::idempotency::Standing;
use crate::link::Link;
use crate::meters;
use crate::request::Rendered;

/// Decides the items, commits what came of them, and remembers it. `None` where that is not for the memory to say: with
/// anything but new holds, with a key that came before, where a hold is refused, and where something has changed.
/// Nothing was written then, nor where it is to be done again.
///
/// # Errors
/// As [`super::run`].
pub(super) async fn attempt(
    link: &mut Link,
    memory: &mut Memory,
    items: &[&Item],
) -> Result<Option<Result<Decided, Again>>, StoreError> {
    let Some(connection) = link.connection() else {
        return Ok(None);
    };
    memory.on(connection);
    if !items.iter().all(|item| is_new_hold(item)) {
        return Ok(None);
    }
    let Some((mut state, recalled)) = memory.recall(&touched(items, &[], &[])) else {
        return Ok(None);
    };
    let places = places(items, &Kept::default(), &state, &Busy::default());
    if places.iter().any(|place| matches!(place, Place::Settled(_))) {
        return Ok(None);
    }
    let open = || items.iter().zip(&places).filter(|(_, place)| matches!(place, Place::Open)).map(|(item, _)| *item);
    let Ok(decisions) =
        decided(&mut state, open().map(|item| &item.command))?.into_iter().collect::<Result<Vec<_>, _>>()
    else {
        return Ok(None);
    };
    let rendered: Vec<Option<Rendered>> =
        open().zip(&decisions).map(|(item, decision)| render(item, decision)).collect();
    let winners: Vec<Winner<'_>> = open()
        .zip(&decisions)
        .zip(&rendered)
        .filter_map(|((item, decision), rendered)| Winner::new(item, decision, rendered.as_ref()))
        .collect();

    let mut single = link.single().await?;
    match write::holds(single.conn(), &state, &winners, &recalled).await {
        Ok(Written::Done(now)) => {
            let ends_another = single.ends_another();
            let began = Instant::now();
            single.commit().await?;
            if ends_another {
                meters::committed(began.elapsed());
            }
            memory.clock(now);
        }
        Ok(Written::Claimed) => {
            single.rollback().await?;
            return Ok(Some(Err(Again::Claimed)));
        }
        Ok(Written::Outdated) => {
            single.rollback().await?;
            meters::repeated("outdated");
            return Ok(None);
        }
        Err(error) => {
            let error = single.error(error);
            // As with any other transaction: its locks are not to be left standing.
            if let Err(cause) = single.rollback().await {
                tracing::debug!(%cause, "a failed statement could not be rolled back");
            }
            return Err(error);
        }
    }
    let committed = Committed::of(winners.iter().flat_map(|winner| &winner.decision.drafts), &state);
    memory.left(&committed);
    let accepted = decisions
        .into_iter()
        .zip(rendered)
        .map(|(decision, rendered)| Outcome::Accepted { answer: Box::new(decision.answer), rendered });
    meters::from_memory();
    Ok(Some(Ok(Decided { outcomes: outcomes(places, accepted.collect()), committed })))
}

fn is_new_hold(item: &Item) -> bool {
    matches!(item.command.kind, CommandKind::Hold { .. })
        && item.reply.as_ref().is_none_or(|reply| reply.claim.standing != Standing::Seen)
}
