//! What empties a lane: one batch after the other.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use domain::problem::Problem;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::queue::Queue;
use super::seen::Seen;
use super::{BATCH_MAX, Entry};
use crate::availability::Availability;
use crate::batch::{self, Item, Memory, Outcome};
use crate::error::StoreError;
use crate::link::Link;
use crate::meters;

/// How long a command waits for its turn. What has waited longer, because the database did not answer, is
/// told that it is busy, so that the queue empties as fast as it can.
const PATIENCE: Duration = Duration::from_secs(15);

/// How long a transaction that was begun ahead stays open where nobody comes.
const OPEN_MAX: Duration = Duration::from_millis(100);

/// From this many callers on, a lane does not wake them itself.
const MANY: usize = 32;

/// Starts a lane in a thread of its own, so that what the database answers is noticed at once, however
/// many requests the other threads are reading and writing. What is returned ends when the thread does.
pub(super) fn start(
    queue: Arc<Queue<Entry>>,
    options: PgConnectOptions,
    availability: Arc<Availability>,
) -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    let work = {
        let queue = queue.clone();
        move || {
            match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime.block_on(keep(&queue, &options, &availability)),
                Err(error) => {
                    tracing::error!(%error, "a lane could not be started");
                    queue.close();
                }
            }
            // Whoever waits for the end may have given up.
            let _nobody = ended.send(());
        }
    };
    if let Err(error) = thread::Builder::new().name("lane".to_owned()).spawn(work) {
        tracing::error!(%error, "a lane could not be started");
        queue.close();
    }
    end
}

/// Works until the queue is closed and empty; should the work break off, those it was about are told, and
/// it begins anew.
async fn keep(queue: &Arc<Queue<Entry>>, options: &PgConnectOptions, availability: &Arc<Availability>) {
    while let Err(error) = tokio::spawn(work(queue.clone(), options.clone(), availability.clone())).await {
        tracing::error!(%error, "a lane broke off and begins anew");
    }
}

async fn work(queue: Arc<Queue<Entry>>, options: PgConnectOptions, availability: Arc<Availability>) {
    let mut link = Link::chained(options);
    let mut memory = Memory::default();
    let mut seen = Seen::default();
    let mut telling = JoinSet::new();
    while let Some(entries) = next(&queue, &mut link).await {
        let mut entries = still_waiting(entries);
        for reply in entries.iter_mut().filter_map(|entry| entry.item.reply.as_mut()) {
            seen.note(&mut reply.claim);
        }
        if !entries.is_empty() {
            decide(&mut link, &mut memory, entries, &availability, &mut telling).await;
        }
        while telling.try_join_next().is_some() {}
    }
    // A lane has ended once all are told.
    while telling.join_next().await.is_some() {}
    link.close().await;
}

/// What is next. The transaction that was begun for it is not left open for long.
async fn next(queue: &Queue<Entry>, link: &mut Link) -> Option<Vec<Entry>> {
    match tokio::time::timeout(OPEN_MAX, queue.take(BATCH_MAX)).await {
        Ok(entries) => entries,
        Err(_) => {
            link.stand_down().await;
            queue.take(BATCH_MAX).await
        }
    }
}

/// Those whose caller is still there. A command that was not begun is as good as never sent.
fn still_waiting(entries: Vec<Entry>) -> Vec<Entry> {
    let mut waiting = Vec::with_capacity(entries.len());
    // Once for all: on some machines it takes as long to ask for the time as to do the rest.
    let now = Instant::now();
    for entry in entries {
        if entry.reply.is_closed() {
            continue;
        }
        let waited = now.saturating_duration_since(entry.since);
        meters::waited(waited);
        if waited < PATIENCE {
            waiting.push(entry);
        } else {
            // Whoever has left meanwhile needs no answer.
            let _left = entry.reply.send(Err(Problem::Busy { retry_after_seconds: 1 }.into()));
        }
    }
    waiting
}

async fn decide(
    link: &mut Link,
    memory: &mut Memory,
    entries: Vec<Entry>,
    availability: &Availability,
    telling: &mut JoinSet<()>,
) {
    let items: Vec<&Item> = entries.iter().map(|entry| &entry.item).collect();
    let began = Instant::now();
    let outcomes = batch::run_each(link, memory, &items, availability).await;
    meters::batch(&items, &outcomes, began.elapsed());
    tell(entries, outcomes, telling);
}

/// Tells each caller what came of its command. From here each would be handed over to another thread for itself: where
/// they are many, a task of their own runtime wakes them. For a few that would be one more thing to wait for.
fn tell(entries: Vec<Entry>, outcomes: Vec<Result<Outcome, StoreError>>, telling: &mut JoinSet<()>) {
    let home = entries.first().filter(|_| entries.len() >= MANY).map(|entry| entry.home.clone());
    let send_all = move || {
        for (entry, outcome) in entries.into_iter().zip(outcomes) {
            // Whoever has left meanwhile needs no answer.
            let _left = entry.reply.send(outcome);
        }
    };
    match home {
        Some(home) => _ = telling.spawn_on(async move { send_all() }, &home),
        None => send_all(),
    }
}
