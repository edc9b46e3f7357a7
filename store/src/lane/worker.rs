//! What empties a lane: one batch after the other.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::oneshot;

use super::gathered::{Gathered, items};
use super::queue::Queue;
use super::seen::Seen;
use super::teller::{Done, Teller};
use super::{BATCH_MAX, Entry};
use crate::availability::Availability;
use crate::batch::{self, Memory, Sent};
use crate::link::Link;
use crate::meters;

/// How long a transaction that was begun ahead stays open where nobody comes.
const OPEN_MAX: Duration = Duration::from_millis(100);

/// From this many commands on, what waits is decided while the batch before is on its way. One at a time, the lane would be
/// woken for each of them.
const AHEAD: usize = 32;

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
    let mut teller = Teller::new(availability);
    let mut gathered = Gathered::default();
    // Decided and not told yet: that is done while the next batch is on its way.
    let mut done: Option<Done> = None;
    loop {
        if !gathered.is_fresh() {
            gathered.decide_anew(&memory);
        }
        gathered.add(queue.take_waiting(gathered.room()), &memory, &mut seen);
        if gathered.is_empty() {
            teller.tell(done.take());
            let Some(entries) = next(&queue, &mut link).await else { break };
            gathered.add(entries, &memory, &mut seen);
            if gathered.is_empty() {
                continue;
            }
        }
        let began = Instant::now();
        let (entries, draft) = gathered.take();
        let items = items(&entries);
        let before = match draft.and_then(|draft| draft.close(&link, &mut memory, &items)) {
            None => None,
            Some(closed) => {
                let tell = || teller.tell(done.take());
                match meanwhile(closed.send(&mut link), tell, &queue, &mut gathered, &memory, &mut seen).await {
                    Sent::Done(decided, now) => {
                        if let Some(now) = now {
                            memory.clock(now);
                        }
                        done = Some(Done { entries, decided, began });
                        continue;
                    }
                    Sent::Undone(before) => before,
                }
            }
        };
        teller.tell(done.take());
        let outcomes = batch::run_each(&mut link, &mut memory, &items, teller.availability(), before).await;
        meters::batch(&items, &outcomes, began.elapsed());
        teller.tell_each(entries, outcomes);
        gathered.decide_anew(&memory);
    }
    // A lane has ended once all are told.
    teller.end().await;
    link.close().await;
}

/// While a batch is on its way, tells of the one before, and decides what comes as far as that goes.
async fn meanwhile(
    sending: impl Future<Output = Sent>,
    tell: impl FnOnce(),
    queue: &Queue<Entry>,
    gathered: &mut Gathered,
    memory: &Memory,
    seen: &mut Seen,
) -> Sent {
    let mut sending = pin!(sending);
    // From here on it is on its way.
    let first = poll_fn(|context| Poll::Ready(sending.as_mut().poll(context))).await;
    tell();
    if let Poll::Ready(sent) = first {
        return sent;
    }
    loop {
        tokio::select! {
            biased;
            sent = &mut sending => return sent,
            () = queue.filled(AHEAD), if gathered.room_ahead() >= AHEAD => {
                gathered.add(queue.take_waiting(gathered.room_ahead()), memory, seen);
            }
        }
    }
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
