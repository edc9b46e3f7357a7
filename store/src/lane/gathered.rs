//! What is gathered for the next batch while one is under way, and decided as it comes as far as that goes.

use std::time::{Duration, Instant};

use domain::problem::Problem;

use super::seen::Seen;
use super::{BATCH_MAX, Entry};
use crate::batch::{Draft, Item, Memory};
use crate::meters;

/// How long a command waits for its turn. What has waited longer, because the database did not answer, is
/// told that it is busy, so that the queue empties as fast as it can.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long what was gathered stands. Its holds are as old as the first of them, so that the last is made out to be as much
/// older; the statement that writes has the database's clock bound that, to a tenth of a second.
const FRESH_MAX: Duration = Duration::from_millis(50);

/// What was taken from the queue for the next batch, and what it comes to where that is for the memory to say.
#[derive(Default)]
pub(super) struct Gathered {
    entries: Vec<Entry>,
    draft: Option<Draft>,
    /// When it was decided whose turn it is, and what on.
    since: Option<Instant>,
}

impl Gathered {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many more there may be in the batch.
    pub(super) fn room(&self) -> usize {
        BATCH_MAX.saturating_sub(self.entries.len())
    }

    /// How many more there may be before it is the batch's turn: whoever comes last, of a product that nobody else wants,
    /// still finds room.
    pub(super) fn room_ahead(&self) -> usize {
        (BATCH_MAX / 2).saturating_sub(self.entries.len())
    }

    /// Whether it stands as it is.
    pub(super) fn is_fresh(&self) -> bool {
        self.since.is_none_or(|since| since.elapsed() < FRESH_MAX)
            && !self.entries.iter().any(|entry| entry.reply.is_closed())
    }

    /// Puts those whose caller is still there behind the others.
    pub(super) fn add(&mut self, entries: Vec<Entry>, memory: &Memory, seen: &mut Seen) {
        if entries.is_empty() {
            return;
        }
        if self.entries.is_empty() {
            *self = Self { draft: Draft::begin(memory), since: Some(Instant::now()), ..Self::default() };
        }
        let mut entries = still_waiting(entries, meters::waited);
        for reply in entries.iter_mut().filter_map(|entry| entry.item.reply.as_mut()) {
            seen.note(&mut reply.claim);
        }
        self.draft = self.draft.take().and_then(|draft| draft.with(memory, &items(&entries)));
        self.entries.append(&mut entries);
    }

    /// To be called after a while, or when the batch before has come to something else than was thought.
    pub(super) fn decide_anew(&mut self, memory: &Memory) {
        if self.entries.is_empty() {
            return;
        }
        let entries = still_waiting(std::mem::take(&mut self.entries), |_| {});
        let draft = Draft::begin(memory).and_then(|draft| draft.with(memory, &items(&entries)));
        *self = Self { entries, draft, since: Some(Instant::now()) };
    }

    /// All of it. What comes from here on is for the batch after it.
    pub(super) fn take(&mut self) -> (Vec<Entry>, Option<Draft>) {
        let Self { entries, draft, .. } = std::mem::take(self);
        (entries, draft)
    }
}

/// What they are about.
pub(super) fn items(entries: &[Entry]) -> Vec<&Item> {
    entries.iter().map(|entry| &entry.item).collect()
}

/// Those whose caller is still there. A command that was not begun is as good as never sent.
fn still_waiting(entries: Vec<Entry>, waited_for: impl Fn(Duration)) -> Vec<Entry> {
    let mut waiting = Vec::with_capacity(entries.len());
    // Once for all: on some machines it takes as long to ask for the time as to do the rest.
    let now = Instant::now();
    for entry in entries {
        if entry.reply.is_closed() {
            continue;
        }
        let waited = now.saturating_duration_since(entry.since);
        waited_for(waited);
        if waited < PATIENCE {
            waiting.push(entry);
        } else {
            // Whoever has left meanwhile needs no answer.
            let _left = entry.reply.send(Err(Problem::Busy { retry_after_seconds: 1 }.into()));
        }
    }
    waiting
}
