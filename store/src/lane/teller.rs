//! Who tells the callers of a lane what came of their commands.

use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::Entry;
use super::gathered::items;
use crate::availability::Availability;
use crate::batch::{Decided, Outcome};
use crate::error::StoreError;
use crate::meters;

/// From this many callers on, a lane does not wake them itself.
const MANY: usize = 32;

/// A batch that was decided on what is remembered, and committed.
pub(super) struct Done {
    pub(super) entries: Vec<Entry>,
    pub(super) decided: Decided,
    pub(super) began: Instant,
}

/// Who tells the callers.
pub(super) struct Teller {
    availability: Arc<Availability>,
    telling: JoinSet<()>,
}

impl Teller {
    pub(super) fn new(availability: Arc<Availability>) -> Self {
        Self { availability, telling: JoinSet::new() }
    }

    pub(super) fn availability(&self) -> &Availability {
        &self.availability
    }

    /// What was committed is remembered before anybody is told of it.
    pub(super) fn tell(&mut self, done: Option<Done>) {
        let Some(Done { entries, decided: Decided { outcomes, committed }, began }) = done else { return };
        self.availability.committed(committed);
        let outcomes: Vec<Result<Outcome, StoreError>> = outcomes.into_iter().map(Ok).collect();
        meters::batch(&items(&entries), &outcomes, began.elapsed());
        self.tell_each(entries, outcomes);
    }

    /// Tells each caller what came of its command. From here each would be handed over to another thread for itself: where
    /// they are many, a task of their own runtime wakes them. For a few that would be one more thing to wait for.
    pub(super) fn tell_each(&mut self, entries: Vec<Entry>, outcomes: Vec<Result<Outcome, StoreError>>) {
        while self.telling.try_join_next().is_some() {}
        let home = entries.first().filter(|_| entries.len() >= MANY).map(|entry| entry.home.clone());
        let send_all = move || {
            for (entry, outcome) in entries.into_iter().zip(outcomes) {
                // Whoever has left meanwhile needs no answer.
                let _left = entry.reply.send(outcome);
            }
        };
        match home {
            Some(home) => _ = self.telling.spawn_on(async move { send_all() }, &home),
            None => send_all(),
        }
    }

    /// Waits until all are told.
    pub(super) async fn end(mut self) {
        while self.telling.join_next().await.is_some() {}
    }
}
