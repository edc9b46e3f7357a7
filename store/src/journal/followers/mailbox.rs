//! What waits for one follower. Never more than so much: one that is too slow is told that it missed some.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::journal::Told;
use crate::journal::follow::Followed;

/// How many entries wait for a follower of some products or subjects.
const NARROWED_MAX: usize = 256;
/// How many entries wait for a follower of everything. They are shared by all who do.
const ALL_MAX: usize = 4_096;
/// How long after it fell behind a follower is told so. Where more happens than can be told of, it reads
/// again this often, not with every entry.
const MISSED_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(in crate::journal) struct Mailbox {
    /// Only entries about one of these, where there are any: products were looked at before.
    subjects: BTreeSet<Uuid>,
    waiting_max: usize,
    contents: Mutex<Contents>,
    arrived: Notify,
}

#[derive(Debug)]
enum Contents {
    Waiting(VecDeque<Arc<Told>>),
    Missed { since: Instant, to: i64 },
}

/// What was in a mailbox.
#[derive(Debug)]
pub(in crate::journal) enum Taken {
    Entries(VecDeque<Arc<Told>>),
    /// Entries up to this position were missed.
    Missed {
        to: i64,
    },
}

impl Mailbox {
    pub(super) fn new(followed: &Followed) -> Self {
        let narrowed = !(followed.products.is_empty() && followed.subjects.is_empty());
        Self {
            subjects: if followed.products.is_empty() { BTreeSet::new() } else { followed.subjects.clone() },
            waiting_max: if narrowed { NARROWED_MAX } else { ALL_MAX },
            contents: Mutex::new(Contents::Waiting(VecDeque::new())),
            arrived: Notify::new(),
        }
    }

    pub(super) fn put(&self, entries: &[Arc<Told>]) {
        let wanted = |told: &&Arc<Told>| self.subjects.is_empty() || self.subjects.contains(&told.entry.subject.id());
        let mut contents = self.lock();
        match &mut *contents {
            Contents::Missed { to, .. } => *to = entries.last().map_or(*to, |told| told.position()),
            Contents::Waiting(waiting) => {
                waiting.extend(entries.iter().filter(wanted).cloned());
                if waiting.len() > self.waiting_max {
                    let to = waiting.back().map_or(0, |told| told.position());
                    *contents = Contents::Missed { since: Instant::now(), to };
                } else if waiting.is_empty() {
                    return;
                }
            }
        }
        drop(contents);
        self.arrived.notify_one();
    }

    pub(super) fn missed(&self, to: i64) {
        let mut contents = self.lock();
        let since = match *contents {
            Contents::Missed { since, .. } => since,
            Contents::Waiting(_) => Instant::now(),
        };
        *contents = Contents::Missed { since, to };
        drop(contents);
        self.arrived.notify_one();
    }

    /// Waits for something and takes all there is. May be dropped while it waits.
    pub(in crate::journal) async fn take(&self) -> Taken {
        loop {
            let ready_at = match self.look() {
                Ok(taken) => return taken,
                Err(ready_at) => ready_at,
            };
            match ready_at {
                Some(ready_at) => tokio::time::sleep_until(ready_at).await,
                None => self.arrived.notified().await,
            }
        }
    }

    /// What there is, or when there will be; `None` where that is not known.
    fn look(&self) -> Result<Taken, Option<Instant>> {
        let mut contents = self.lock();
        match &mut *contents {
            Contents::Waiting(waiting) if waiting.is_empty() => Err(None),
            Contents::Waiting(waiting) => Ok(Taken::Entries(std::mem::take(waiting))),
            Contents::Missed { since, to } => {
                let (ready_at, to) = (*since + MISSED_PAUSE, *to);
                if Instant::now() < ready_at {
                    return Err(Some(ready_at));
                }
                *contents = Contents::Waiting(VecDeque::new());
                Ok(Taken::Missed { to })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
