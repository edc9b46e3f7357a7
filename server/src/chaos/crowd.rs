//! All buyers at once, and what is known of them.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::chaos::{ChaosPlan, Retold};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Progress;
use super::attempt::attempt;
use super::buyer::Buyer;
use super::scratch::Scratch;
use crate::wire::Door;

/// Late payers need connections of their own beside the crowd's, this many at once at most.
const LATE_AT_ONCE_MAX: usize = 64;

/// A run under way: its buyers share this.
pub(super) struct Run {
    pub(super) plan: ChaosPlan,
    /// One at least.
    pub(super) doors: Vec<Door>,
    pub(super) scratch: Scratch,
    pub(super) progress: Arc<Progress>,
    pub(super) stop: CancellationToken,
    /// What happens later than the crowd: holds that run out, payments at the last moment.
    pub(super) late: Mutex<JoinSet<()>>,
    pub(super) late_seats: Semaphore,
    next: AtomicU32,
    story: Mutex<Story>,
}

/// What the buyers have to tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    /// Orders that winners were told of, by id: an order that two were told of is in it once.
    pub(super) orders: HashSet<String>,
    /// Buyers who were refused, and may come again.
    pub(super) refused: Vec<u32>,
    pub(super) lost: Retold,
    pub(super) twins: Retold,
}

impl Run {
    pub(super) fn new(
        plan: ChaosPlan,
        doors: Vec<Door>,
        scratch: Scratch,
        progress: Arc<Progress>,
        stop: CancellationToken,
    ) -> Self {
        Self {
            plan,
            doors,
            scratch,
            progress,
            stop,
            late: Mutex::new(JoinSet::new()),
            late_seats: Semaphore::new((plan.clients() as usize).min(LATE_AT_ONCE_MAX)),
            next: AtomicU32::new(0),
            story: Mutex::new(Story::default()),
        }
    }

    pub(super) fn story(&self) -> MutexGuard<'_, Story> {
        self.story.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn late(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of the next buyer, while there are any.
    fn next(&self) -> Option<u32> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.plan.attempts() && !self.stop.is_cancelled()).then_some(number)
    }
}

/// Lets all buyers come, so many at a time as the plan says. Whoever leaves makes room for the next.
pub(super) async fn come(run: &Arc<Run>) {
    let mut crowd = JoinSet::new();
    for seat in 0..run.plan.clients().min(run.plan.attempts()) {
        let run = run.clone();
        crowd.spawn(async move {
            let (Some(mut buyer), Some(mut twin)) = (Buyer::of(&run, seat), Buyer::of(&run, seat + 1)) else {
                return;
            };
            while let Some(number) = run.next() {
                attempt(&run, &mut buyer, &mut twin, number).await;
            }
        });
    }
    crowd.join_all().await;
}
