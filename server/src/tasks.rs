//! What the server does by itself: the tail of the journal, the sweep, the figures, reading anew who is let
//! in, throwing away what has had its time, and keeping the ranges that searches go by. Each is a loop around one
//! bounded step of the store, and ends when it is told to.

use std::time::Duration;

use domain::time::Timestamp;
use store::{Expired, Store, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::meters;

/// How many holds one step of the sweep ends at most: a second's worth or so, for a server that is told to stop ends
/// the step it is in. To find what is due takes as long whether much is due or little.
const EXPIRE_MAX: u16 = 10_000;
/// The sweep looks at least this often, whatever it was told.
const EXPIRE_INTERVAL: Duration = Duration::from_secs(1);
/// How soon to look again for holds that are due, but in another's hand.
const EXPIRE_AGAIN: Duration = Duration::from_millis(20);
/// The figures are read this often, or less so where that takes long.
const STATS_INTERVAL: Duration = Duration::from_secs(5);
/// Reading the figures may take one part in so many of the time: those who reserve feel it.
const STATS_SHARE: u32 = 50;

/// Whoever is let in is looked up this often: what changed elsewhere is known within a second.
const CREDENTIALS_INTERVAL: Duration = Duration::from_millis(400);
/// When a key or a session was used is written down this often.
const USED_INTERVAL: Duration = Duration::from_secs(60);
/// What has had its time is looked for this often, and thrown away so many rows at a time.
const PRUNE_INTERVAL: Duration = Duration::from_secs(60);
const PRUNE_MAX: u16 = 500;
/// Products that were made or changed are summarized this often, and so many at a time. A search finds them before, too.
const SUMMARIZE_INTERVAL: Duration = Duration::from_secs(5);
const SUMMARIZE_MAX: u16 = 500;
/// What can wait rests between two steps for so many times what the last one took: it writes to the same log as those who
/// reserve. Where a step takes 50 ms, that is a thousand rows a second; where it takes long, it goes on after a second
/// all the same.
const REST: u32 = 9;
const REST_MAX: Duration = Duration::from_secs(1);

/// What was measured is summed up this often.
const METERS_INTERVAL: Duration = Duration::from_secs(2);

/// The tasks of a running server.
#[derive(Debug)]
pub struct Tasks {
    stop: CancellationToken,
    running: JoinSet<()>,
}

impl Tasks {
    pub fn start(store: &Store) -> Self {
        let stop = CancellationToken::new();
        let mut running = JoinSet::new();
        running.spawn(tail(store.clone(), stop.clone()));
        running.spawn(expire(store.clone(), stop.clone()));
        running.spawn(stats(store.clone(), stop.clone()));
        running.spawn(credentials(store.clone(), stop.clone()));
        running.spawn(used(store.clone(), stop.clone()));
        running.spawn(prune(store.clone(), stop.clone()));
        running.spawn(summarize(store.clone(), stop.clone()));
        running.spawn(meters_tidy(stop.clone()));
        Self { stop, running }
    }

    /// Lets each task end the step it is in, and waits for that.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.running.join_next().await.is_some() {}
    }
}

async fn tail(store: Store, stop: CancellationToken) {
    let Some(mut tail) = store.journal_tail() else {
        tracing::error!("the journal has a tail already");
        return;
    };
    let mut failing = false;
    while !stop.is_cancelled() {
        match tail.poll_once().await {
            Ok(()) if failing => tracing::info!("the journal is told of again"),
            Ok(()) => {}
            Err(error) if failing => tracing::debug!(error = error.in_full(), "the journal still can't be read"),
            Err(error) => tracing::warn!(error = error.in_full(), "the journal can't be read and is tried again"),
        }
        failing = tail.is_failing();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tail.rest() => {}
        }
    }
    tail.close().await;
}

async fn expire(store: Store, stop: CancellationToken) {
    let mut deadlines = store.deadlines();
    while !stop.is_cancelled() {
        deadlines.mark_unchanged();
        let (pause, now) = match store.reservation_expire_once(EXPIRE_MAX).await {
            Ok(step) => {
                if step.expired > 0 {
                    let Expired { expired, lateness_milliseconds, .. } = step;
                    tracing::debug!(expired, lateness_milliseconds, "holds expired");
                }
                (pause(&step), Some(step.now))
            }
            Err(error) => {
                tracing::error!(error = error.in_full(), "the sweep failed and will be tried again");
                (EXPIRE_INTERVAL, None)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
            () = nearer(&mut deadlines, now, pause) => {}
        }
    }
}

/// How long to sleep after a step: until the next deadline, by the database's clock.
fn pause(step: &Expired) -> Duration {
    let until = |deadline: Timestamp| u64::try_from(deadline.milliseconds_since(step.now)).unwrap_or(0);
    match step.next_deadline.map(until) {
        _ if step.more => Duration::ZERO,
        Some(0) => EXPIRE_AGAIN,
        Some(milliseconds) => Duration::from_millis(milliseconds).min(EXPIRE_INTERVAL),
        None => EXPIRE_INTERVAL,
    }
}

/// Ends when a deadline is set that falls within the pause.
async fn nearer(deadlines: &mut watch::Receiver<Option<Timestamp>>, now: Option<Timestamp>, pause: Duration) {
    let within = |deadline: &Option<Timestamp>| match (deadline, now) {
        (Some(deadline), Some(now)) => i128::from(deadline.milliseconds_since(now)) < pause.as_millis() as i128,
        _ => false,
    };
    while deadlines.changed().await.is_ok() {
        if within(&deadlines.borrow_and_update()) {
            return;
        }
    }
    // The store is gone, and no deadline will be told of again.
    std::future::pending().await
}

async fn stats(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let began = Instant::now();
        if let Err(error) = store.stats_refresh_once().await {
            tracing::warn!(error = error.in_full(), "the figures could not be read");
        }
        let pause = STATS_INTERVAL.max(began.elapsed() * STATS_SHARE);
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn credentials(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = store.credentials_refresh_once().await {
            tracing::warn!(error = error.in_full(), "who is let in could not be read again");
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(CREDENTIALS_INTERVAL) => {}
        }
    }
}

/// Writes once more at the end.
async fn used(store: Store, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(USED_INTERVAL) => {}
        }
        if let Err(error) = store.credentials_used_write_once().await {
            tracing::warn!(error = error.in_full(), "when keys and sessions were used could not be written");
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

async fn meters_tidy(stop: CancellationToken) {
    while !stop.is_cancelled() {
        meters::tidy();
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(METERS_INTERVAL) => {}
        }
    }
}

async fn prune(store: Store, stop: CancellationToken) {
    let step = || async { Ok(store.prune_once(PRUNE_MAX).await?.may_be_more(PRUNE_MAX)) };
    by_and_by(stop, PRUNE_INTERVAL, "what has had its time could not be thrown away", step).await;
}

async fn summarize(store: Store, stop: CancellationToken) {
    let step = || async { Ok(store.product_summarize_once(SUMMARIZE_MAX).await? >= u64::from(SUMMARIZE_MAX)) };
    by_and_by(stop, SUMMARIZE_INTERVAL, "products could not be summarized for searches", step).await;
}

/// Does what can wait, a step at a time; a step tells whether it may have left something to do.
async fn by_and_by<F, Step>(stop: CancellationToken, interval: Duration, failure: &'static str, step: F)
where
    F: Fn() -> Step,
    Step: Future<Output = Result<bool, StoreError>>,
{
    while !stop.is_cancelled() {
        let began = Instant::now();
        let pause = match step().await {
            Ok(true) => (began.elapsed() * REST).min(REST_MAX),
            Ok(false) => interval,
            Err(error) => {
                tracing::warn!(error = error.in_full(), "{failure}");
                interval
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}
