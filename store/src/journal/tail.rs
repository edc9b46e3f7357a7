//! The tail of the journal: the one place that reads it as it grows, on this server or another, and tells of
//! it. What is visible is told at once to whoever remembers something that may have changed; what is final is
//! told in the order of its positions, without gaps or repeats, to whoever follows.
//!
//! It never reads `position > last` alone, for positions commit out of order: [`horizon`] knows what may
//! still come.

mod backlog;
mod horizon;
pub(super) mod read;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use tokio::time::Instant;

use self::watch::{Seen, Watch};
use super::feeds::Feeds;
use super::told::Row;
use super::{Glimpse, Told};
use crate::availability::Availability;
use crate::error::StoreError;
use crate::store::Store;

/// How often the journal is looked at, at least.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How often it is looked at, at most: what is committed within this time is read together.
const POLL_INTERVAL_MIN: Duration = Duration::from_millis(20);
/// How long a poll may take before its connection is given up as lost.
const POLL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before the next connection is tried, doubled with each that fails.
const RECONNECT_MIN: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(2);
/// How many rows one statement reads at most.
const ROWS_MAX: i64 = 1_000;
/// How many chunks of final entries are read from the table in one poll.
const CHUNKS_MAX: usize = 4;
/// How far those who follow may be behind what is final before they are told to read for themselves.
const BEHIND_MAX: i64 = 50_000;
/// How many runs of positions may be missing before the tail starts over.
const GAPS_MAX: usize = 10_000;

/// Polls the journal. There is one for each store; its loop is the server's.
#[derive(Debug)]
pub struct JournalTail {
    feeds: Arc<Feeds>,
    availability: Arc<Availability>,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    /// What is known since the connection was made.
    watch: Option<Watch>,
    /// Up to where those who follow were told.
    told_to: Option<i64>,
    polled_at: Instant,
    pause: Duration,
    failures: u32,
}

impl Store {
    /// The tail of this store's journal; `None` while there is one already.
    pub fn journal_tail(&self) -> Option<JournalTail> {
        self.feeds.take().then(|| JournalTail {
            feeds: Arc::clone(&self.feeds),
            availability: Arc::clone(&self.availability),
            // An empty table would be scanned by plans that are kept until it is large.
            options: self.pool.connect_options().as_ref().clone().options([("enable_seqscan", "off")]),
            connection: None,
            watch: None,
            told_to: None,
            polled_at: Instant::now(),
            pause: Duration::ZERO,
            failures: 0,
        })
    }
}

impl JournalTail {
    /// Reads what is new and tells of it. After a failure it starts over with the next poll; whoever
    /// listens has been told.
    ///
    /// # Errors
    /// What kept it from reading.
    pub async fn poll_once(&mut self) -> Result<(), StoreError> {
        self.polled_at = Instant::now();
        let number = self.feeds.poll_begins();
        let polled = match tokio::time::timeout(POLL_TIMEOUT, self.poll()).await {
            Ok(polled) => polled,
            Err(_) => Err(StoreError::Interrupted),
        };
        match polled {
            Ok(pause) => {
                self.pause = pause;
                self.failures = 0;
                self.feeds.poll_ends(number);
                Ok(())
            }
            Err(error) => {
                self.pause = (RECONNECT_MIN * 2_u32.pow(self.failures.min(8))).min(RECONNECT_MAX);
                self.failures += 1;
                self.start_over();
                self.connection = None;
                Err(error)
            }
        }
    }

    /// Waits until it is time for the next poll: soon after something was committed here, and never longer
    /// than a tenth of a second, but where polls fail.
    pub async fn rest(&self) {
        let latest = self.polled_at + self.pause;
        let soonest = latest.min(self.polled_at + POLL_INTERVAL_MIN);
        if self.failures == 0 {
            tokio::select! {
                () = tokio::time::sleep_until(latest) => {}
                () = self.feeds.rung.notified() => {}
            }
            tokio::time::sleep_until(soonest).await;
        } else {
            tokio::time::sleep_until(latest).await;
        }
    }

    /// Whether the last poll failed.
    pub fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Ends it, with all who follow.
    pub async fn close(mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(cause) = connection.close().await
        {
            tracing::debug!(%cause, "the tail's connection did not close as it should");
        }
    }

    /// One poll; how long to wait for the next.
    async fn poll(&mut self) -> Result<Duration, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.options.connect().await?),
        };
        let watch = match &mut self.watch {
            Some(watch) => watch,
            none => none.insert(Watch::begin(read::highest(connection).await?)),
        };
        let in_full = !self.feeds.followers.are_none();
        let seen = watch.look(connection, in_full).await?;
        let (is_all, is_new) = (seen.is_all, !seen.rows.is_empty());
        let missing = watch.horizon.gaps().len();
        let is_settled = watch.horizon.is_settled();
        self.tell_visible(seen);
        let is_told = self.tell_final().await?;
        if missing > GAPS_MAX {
            tracing::warn!(missing, "too many positions are missing from the journal: its tail starts over");
            self.start_over();
        }
        Ok(match (is_all && is_told, is_settled) {
            (false, _) => Duration::ZERO,
            (true, true) => POLL_INTERVAL,
            (true, false) if is_new => POLL_INTERVAL_MIN,
            (true, false) => (self.pause * 2).clamp(POLL_INTERVAL_MIN, POLL_INTERVAL),
        })
    }

    fn tell_visible(&self, seen: Seen) {
        let unreadable = seen.rows.iter().any(|row| row.glimpse.is_none());
        let entries: Vec<Glimpse> = seen.rows.into_iter().filter_map(|row| row.glimpse).collect();
        self.availability.apply(&entries);
        self.feeds.visible.entries(&entries);
        if seen.began || (unreadable && self.is_whole()) {
            self.availability.restarted();
            self.feeds.visible.restarted();
        }
        if seen.is_all {
            self.availability.seen_to(seen.clock);
        }
    }

    /// Tells those who follow of what has become final; whether that is all of it.
    async fn tell_final(&mut self) -> Result<bool, StoreError> {
        let (Some(connection), Some(watch)) = (&mut self.connection, &mut self.watch) else { return Ok(true) };
        let Some(to) = watch.horizon.final_to() else { return Ok(true) };
        // They begin where the tail does.
        let told_to = self.told_to.get_or_insert(to);
        if *told_to > to || to - *told_to > BEHIND_MAX {
            // More than can be told, or a database that went back to an earlier state.
            watch.backlog.take(to);
            *told_to = to;
            self.feeds.followers.missed(to);
            return Ok(true);
        }
        if self.feeds.followers.pass(to) {
            watch.backlog.take(to);
            *told_to = to;
            return Ok(true);
        }
        let from_table_to = to.min(watch.backlog.from());
        for _ in 0..CHUNKS_MAX {
            if *told_to >= from_table_to {
                break;
            }
            let rows: Vec<Row> = read::above(connection, *told_to, from_table_to, ROWS_MAX).await?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == ROWS_MAX);
            *told_to = rows.last().filter(|_| is_full).map_or(from_table_to, |row| row.position);
            tell(&self.feeds, rows, *told_to);
        }
        if *told_to < from_table_to {
            return Ok(false);
        }
        let rows = watch.backlog.take(to);
        *told_to = to;
        if !rows.is_empty() || *self.feeds.followers.told_to().borrow() != Some(to) {
            tell(&self.feeds, rows, to);
        }
        Ok(true)
    }

    fn is_whole(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| watch.whole)
    }

    /// Forgets what is known. What was told stays told: followers go on from there.
    fn start_over(&mut self) {
        if self.is_whole() {
            self.availability.broken();
            self.feeds.visible.broken();
        }
        self.watch = None;
    }
}

impl Drop for JournalTail {
    fn drop(&mut self) {
        self.start_over();
        self.feeds.followers.close();
        self.feeds.give_back();
    }
}

fn tell(feeds: &Feeds, rows: Vec<Row>, to: i64) {
    let unreadable = rows.iter().any(|row| row.told.is_none());
    let entries: Vec<Arc<Told>> = rows.into_iter().filter_map(|row| row.told).collect();
    feeds.followers.tell(&entries, to);
    if unreadable {
        feeds.followers.missed(to);
    }
}
