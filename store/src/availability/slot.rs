//! The place of one product among those that are remembered.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::product::ProductView;
use domain::time::Timestamp;

use super::known::{Change, Known};

/// How many changes are kept for loads that are under way; one that takes longer is not remembered.
const PENDING_MAX: usize = 1_000;

#[derive(Default, Debug)]
pub(super) struct Slot {
    state: Mutex<State>,
}

#[derive(Default, Debug)]
struct State {
    known: Option<Known>,
    /// The stretch of time in which it is known.
    stretch: u64,
    /// How many read the product from its tables at this moment.
    loads: u32,
    /// What happened while they did: what they read may be of before it, or after.
    pending: VecDeque<Change>,
    /// How many changes happened before those.
    past: u64,
}

/// How many changes had happened when a load began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(u64);

impl Slot {
    pub(super) fn look(&self, stretch: u64, seen_to: Option<Timestamp>) -> Option<ProductView> {
        let state = self.lock();
        state.known.as_ref().filter(|_| state.stretch == stretch).map(|known| known.view(seen_to))
    }

    pub(super) fn apply(&self, change: Change) {
        let mut state = self.lock();
        if state.known.as_mut().is_some_and(|known| known.apply(&change).is_err()) {
            state.known = None;
        }
        if state.loads > 0 {
            state.pending.push_back(change);
            if state.pending.len() > PENDING_MAX {
                state.pending.pop_front();
                state.past += 1;
            }
        }
    }

    pub(super) fn load_begins(&self) -> Since {
        let mut state = self.lock();
        state.loads += 1;
        Since(state.past + state.pending.len() as u64)
    }

    pub(super) fn load_ends(&self) {
        let mut state = self.lock();
        state.loads -= 1;
        if state.loads == 0 {
            state.past += state.pending.len() as u64;
            state.pending = VecDeque::new();
        }
    }

    /// Remembers what was read, brought up to date with what happened meanwhile; and gives what is known
    /// then.
    pub(super) fn loaded(&self, stretch: u64, since: Since, read: Known) -> ProductView {
        let mut state = self.lock();
        if state.stretch > stretch {
            // True enough for who asked, and not to be remembered.
            return read.view(None);
        }
        if state.stretch < stretch {
            (state.stretch, state.known) = (stretch, None);
        }
        let known = match state.known.take() {
            Some(mut known) => {
                known.merge(&read);
                Some(known)
            }
            None => state.brought_up_to_date(since, read.clone()),
        };
        let view = known.as_ref().unwrap_or(&read).view(None);
        state.known = known;
        view
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Applies what happened since a load began to what it read; `None` where that can't be done.
    fn brought_up_to_date(&self, since: Since, mut read: Known) -> Option<Known> {
        let seen = usize::try_from(since.0.checked_sub(self.past)?).ok()?;
        let mut changes = self.pending.iter().skip(seen);
        changes.all(|change| read.apply(change).is_ok()).then_some(read)
    }
}
