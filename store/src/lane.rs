//! The lanes: queues in front of the database, each with a connection of its own.
//!
//! Every command that locks stock enters the lane of its product ([`Slot`]) and waits for its turn. While
//! a batch of a lane is on its way, its queue fills; when the batch is done, the next one takes what waits. New holds
//! are decided meanwhile, on what that batch will leave behind.
//! So a product that everybody wants is decided by the hundred, in one transaction, where each for itself
//! would have waited for the row lock of the one before; and an idle lane sends a command at once, alone:
//! there is no timer. Only the sweep has a way of its own.
//!
//! A lane is for speed. What is right rests on the locks of the batch, whatever came by which lane, on
//! however many servers.

mod gathered;
mod queue;
mod seen;
mod slot;
mod teller;
mod worker;

use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Instant;

use domain::problem::Problem;
use sqlx::postgres::PgConnectOptions;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

pub(crate) use slot::Slot;

use self::queue::{Full, Queue};
use crate::availability::Availability;
use crate::batch::{Item, Outcome};
use crate::error::StoreError;
use crate::meters;

/// How many commands are decided in one transaction at most.
const BATCH_MAX: usize = 256;

/// A command on its way, and who waits for what comes of it.
#[derive(Debug)]
struct Entry {
    item: Item,
    since: Instant,
    reply: oneshot::Sender<Result<Outcome, StoreError>>,
    /// Where the caller lives.
    home: Handle,
}

/// All lanes of a store. When the last clone is dropped the lanes do what they have, and end.
#[derive(Clone, Debug)]
pub(crate) struct Lanes {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queues: Vec<Arc<Queue<Entry>>>,
    options: PgConnectOptions,
    /// What is committed is told to it.
    availability: Arc<Availability>,
    started: Once,
    /// Each tells of the end of a lane.
    ends: Mutex<Vec<oneshot::Receiver<()>>>,
}

impl Lanes {
    /// So many lanes, in each of which so many commands may wait. Nothing is begun before the first one.
    pub(crate) fn new(
        options: PgConnectOptions,
        availability: Arc<Availability>,
        lanes: usize,
        waiting_max: usize,
    ) -> Self {
        let queues = (0..lanes.max(1)).map(|_| Arc::new(Queue::new(waiting_max))).collect();
        let shared = Shared { queues, options, availability, started: Once::new(), ends: Mutex::default() };
        Self { shared: Arc::new(shared) }
    }

    /// Sends a command through the lane of its product and waits for its outcome. What has begun is done
    /// though nobody waits for it any more; who leaves before has changed nothing.
    ///
    /// # Errors
    /// [`Problem::Busy`] at once where the lane is full; what kept the command from being decided.
    pub(crate) async fn submit(&self, item: Item) -> Result<Outcome, StoreError> {
        self.start();
        let slot = Slot::of_command(&item.command.kind);
        let (reply, outcome) = oneshot::channel();
        let entry = Entry { item, since: Instant::now(), reply, home: Handle::current() };
        match self.queue(slot).map(|queue| queue.push(slot, entry)) {
            Some(Ok(())) => outcome.await.unwrap_or(Err(StoreError::Interrupted)),
            Some(Err(Full)) | None => {
                meters::lane_full();
                Err(Problem::Busy { retry_after_seconds: 1 }.into())
            }
        }
    }

    /// How many commands wait, in each lane.
    pub(crate) fn waiting(&self) -> Vec<usize> {
        self.shared.queues.iter().map(|queue| queue.len()).collect()
    }

    /// Takes nothing more, does what waits, and hangs up.
    pub(crate) async fn close(&self) {
        self.shared.close();
        let ends = std::mem::take(&mut *self.shared.ends.lock().unwrap_or_else(PoisonError::into_inner));
        for end in ends {
            // One that never began has ended, too.
            let _ended = end.await;
        }
    }

    fn queue(&self, slot: Slot) -> Option<&Arc<Queue<Entry>>> {
        self.shared.queues.get(slot.lane(self.shared.queues.len()))
    }

    fn start(&self) {
        self.shared.started.call_once(|| {
            let lanes = self.shared.queues.iter();
            let ends = lanes.map(|queue| {
                worker::start(queue.clone(), self.shared.options.clone(), self.shared.availability.clone())
            });
            self.shared.ends.lock().unwrap_or_else(PoisonError::into_inner).extend(ends);
        });
    }
}

impl Shared {
    fn close(&self) {
        for queue in &self.queues {
            queue.close();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.close();
    }
}
