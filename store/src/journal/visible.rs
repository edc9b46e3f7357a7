//! Entries as soon as they are visible: for what is remembered between requests and has to be dropped when
//! it changes. They come once each, but not in the order of their positions; those of one stock row do.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::Glimpse;

/// How many messages wait for a listener at most; one that is further behind has missed some.
const WAITING_MAX: usize = 1_024;

/// What a listener is told.
#[derive(Clone, Debug)]
pub enum Visible {
    /// These were committed, on this server or another.
    Entries(Arc<[Glimpse]>),
    /// Something may have been missed: drop what you know. From here on nothing is missed.
    Restarted,
    /// Nothing is told for now: drop what you know, and keep nothing until [`Visible::Restarted`]; the
    /// table alone knows.
    Broken,
}

/// Listens to the entries that become visible. Its first message is [`Visible::Restarted`] or
/// [`Visible::Broken`].
///
/// What is read from a table and then remembered can be out of date before it is: an entry may be told of
/// between the two. So count the messages, and remember only what was read while none came.
#[derive(Debug)]
pub struct VisibleFeed {
    receiver: broadcast::Receiver<Visible>,
    state: Arc<Mutex<State>>,
    next: Option<Visible>,
}

impl VisibleFeed {
    /// The next message; `None` once the store is gone. May be dropped while it waits.
    pub async fn next(&mut self) -> Option<Visible> {
        if let Some(message) = self.next.take() {
            return Some(message);
        }
        match self.receiver.recv().await {
            Ok(message) => Some(message),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "a listener to the journal was too slow and starts over");
                Some(message_of(*lock(&self.state)))
            }
            Err(RecvError::Closed) => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Whole,
    Broken,
}

fn message_of(state: State) -> Visible {
    match state {
        State::Whole => Visible::Restarted,
        State::Broken => Visible::Broken,
    }
}

/// The other end.
#[derive(Debug)]
pub(super) struct VisibleSender {
    sender: broadcast::Sender<Visible>,
    /// As it was last told. Held while telling of a change, so that nobody comes in between.
    state: Arc<Mutex<State>>,
}

impl VisibleSender {
    pub(super) fn new() -> Self {
        Self { sender: broadcast::Sender::new(WAITING_MAX), state: Arc::new(Mutex::new(State::Broken)) }
    }

    pub(super) fn subscribe(&self) -> VisibleFeed {
        let state = lock(&self.state);
        let (receiver, next) = (self.sender.subscribe(), Some(message_of(*state)));
        VisibleFeed { receiver, state: Arc::clone(&self.state), next }
    }

    pub(super) fn entries(&self, entries: &[Glimpse]) {
        if !entries.is_empty() && self.sender.receiver_count() > 0 {
            let _heard = self.sender.send(Visible::Entries(entries.into()));
        }
    }

    pub(super) fn restarted(&self) {
        self.tell(State::Whole);
    }

    pub(super) fn broken(&self) {
        self.tell(State::Broken);
    }

    fn tell(&self, now: State) {
        let mut state = lock(&self.state);
        *state = now;
        // Nobody may be listening.
        let _heard = self.sender.send(message_of(now));
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
