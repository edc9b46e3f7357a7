//! What stands between the tail and those who listen to it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::followers::Followers;
use super::visible::{VisibleFeed, VisibleSender};
use crate::store::Store;

/// How long an answer waits for the tail at most.
const CAUGHT_UP_TIMEOUT: Duration = Duration::from_secs(1);

/// The feeds of one store, and the bell that the tail is woken by.
#[derive(Debug)]
pub(crate) struct Feeds {
    pub(super) visible: VisibleSender,
    pub(super) followers: Followers,
    pub(super) rung: Notify,
    /// How many polls have begun, and the last that has ended.
    polls_begun: AtomicU64,
    poll_ended: watch::Sender<u64>,
    /// Whether there is a tail.
    taken: AtomicBool,
}

impl Feeds {
    pub(crate) fn new(followers_max: usize) -> Self {
        Self {
            visible: VisibleSender::new(),
            followers: Followers::new(followers_max),
            rung: Notify::new(),
            polls_begun: AtomicU64::new(0),
            poll_ended: watch::Sender::new(0),
            taken: AtomicBool::new(false),
        }
    }

    /// Something was committed here: the tail need not wait for its next round.
    pub(crate) fn ring(&self) {
        self.rung.notify_one();
    }

    /// Takes the one seat of the tail. Whether it was free.
    pub(super) fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::AcqRel)
    }

    pub(super) fn give_back(&self) {
        self.taken.store(false, Ordering::Release);
    }

    pub(super) fn poll_begins(&self) -> u64 {
        self.polls_begun.fetch_add(1, Ordering::AcqRel) + 1
    }

    pub(super) fn poll_ends(&self, poll: u64) {
        self.poll_ended.send_replace(poll);
    }

    /// Waits until the tail has told of everything that is visible now; a second at most.
    pub(crate) async fn caught_up(&self) {
        if !self.taken.load(Ordering::Acquire) {
            return;
        }
        let next = self.polls_begun.load(Ordering::Acquire) + 1;
        let mut ended = self.poll_ended.subscribe();
        self.ring();
        let polled = tokio::time::timeout(CAUGHT_UP_TIMEOUT, ended.wait_for(|poll| *poll >= next)).await;
        if polled.is_err() {
            tracing::debug!("the tail did not catch up in time");
        }
    }
}

impl Store {
    /// Listens to entries as soon as they are visible.
    pub fn journal_visible(&self) -> VisibleFeed {
        self.feeds.visible.subscribe()
    }
}
