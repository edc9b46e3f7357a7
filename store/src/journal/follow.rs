//! Following the journal: its final entries in the order of their positions, each once, from any position
//! on.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::ProductId;
use domain::order::OrderRef;
use domain::problem::Problem;
use tokio::sync::{OwnedSemaphorePermit, watch};
use uuid::Uuid;

use super::Told;
use super::feeds::Feeds;
use super::followers::{Mailbox, Taken};
use super::list::journal_followed_in_tx;
use super::tail::read::highest;
use crate::error::StoreError;
use crate::orders::order_subjects_of;
use crate::store::Store;

/// How many entries are read from the table at once.
const CHUNK: i64 = 200;
/// How long a follower waits for what was visible before it came to be final.
const NOW_TIMEOUT: Duration = Duration::from_secs(1);

/// Which entries are followed: those about one of these products or moving its stock, and about one of
/// these subjects. What is empty does not narrow it.
#[derive(Clone, Default, Debug)]
pub struct Followed {
    pub products: BTreeSet<ProductId>,
    pub subjects: BTreeSet<Uuid>,
}

/// What comes next.
#[derive(Clone, Debug)]
pub enum Following {
    /// The next entries, at least one.
    Entries(Vec<Arc<Told>>),
    /// The follower was too slow, or asked for what can't be given: entries up to this position were
    /// missed. It goes on from there.
    Missed { to: i64 },
    /// The server is stopping, or the table can't be read: follow again from the last position.
    Ended,
}

/// Follows the journal. It holds one of the places for followers.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    followed: Followed,
    /// Up to here everything was told.
    position: i64,
    /// Once the table was read up to what is told of as it happens.
    joined: Option<Joined>,
    closed: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

/// Among those who are told of entries as they become final.
#[derive(Debug)]
struct Joined {
    mailbox: Arc<Mailbox>,
    /// What lies above is told of.
    from: i64,
}

impl Store {
    /// Follows the journal from a position on, or from now on: what is committed once this has returned.
    ///
    /// # Errors
    /// `busy` where all places are taken, or the tail does not run.
    pub async fn journal_follow(&self, followed: Followed, after: Option<i64>) -> Result<Follower, StoreError> {
        let followers = &self.feeds.followers;
        let _place = followers.place()?;
        let closed = followers.closed();
        let position = match after {
            Some(position) => position,
            None => self.journal_now().await?,
        };
        Ok(Follower { store: self.clone(), followed, position, joined: None, closed, _place })
    }

    /// A final position that has everything below it that is visible now. Where a long writer holds that up,
    /// one that has not: the few entries above it that are not new are no harm.
    async fn journal_now(&self) -> Result<i64, StoreError> {
        let high = self.read(async |mut conn| highest(&mut conn).await).await?;
        self.feeds.ring();
        let mut told_to = self.feeds.followers.told_to();
        let reached = tokio::time::timeout(NOW_TIMEOUT, told_to.wait_for(|to| *to >= Some(high))).await.is_ok();
        if !reached {
            tracing::debug!(high, "what is visible did not become final in time");
        }
        let now = *told_to.borrow();
        now.ok_or(StoreError::Refused(Problem::Busy { retry_after_seconds: 1 }))
    }

    /// Ends all who follow, so that the server can stop.
    pub fn journal_followers_end(&self) {
        self.feeds.followers.close();
    }

    /// Up to where the journal is final, for those who read it from the table: everything up to this
    /// position can be read, and nothing will come between. `None` until the tail knows.
    pub fn journal_final(&self) -> watch::Receiver<Option<i64>> {
        self.feeds.followers.told_to()
    }

    /// What an order's entries are about: the order and its reservation.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn order_subjects(&self, order: &OrderRef) -> Result<Vec<Uuid>, StoreError> {
        let order = *order;
        self.read(async move |mut conn| order_subjects_of(&mut conn, order).await).await
    }
}

impl Follower {
    /// Waits for what comes next. May be dropped while it waits: nothing is lost.
    pub async fn next(&mut self) -> Following {
        let mut closed = self.closed.clone();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Following::Ended,
            next = self.advance() => next.unwrap_or_else(|error| {
                tracing::warn!(error = error.in_full(), "a follower could not be told what it missed");
                Following::Ended
            }),
        }
    }

    /// Up to where everything was told.
    pub fn position(&self) -> i64 {
        self.position
    }

    async fn advance(&mut self) -> Result<Following, StoreError> {
        loop {
            let Some(Joined { mailbox, from }) = &self.joined else {
                if let Some(following) = self.catch_up().await? {
                    return Ok(following);
                }
                continue;
            };
            let (from, position) = (*from, self.position);
            if position < from {
                // The little that became final while the table was read.
                if let Some(following) = self.read(position, from).await? {
                    return Ok(following);
                }
                continue;
            }
            match mailbox.take().await {
                Taken::Entries(entries) => {
                    let entries: Vec<_> = entries.into_iter().filter(|told| told.position() > position).collect();
                    if let Some(last) = entries.last() {
                        self.position = last.position();
                        return Ok(Following::Entries(entries));
                    }
                }
                Taken::Missed { to } => {
                    let to = to.max(position);
                    self.position = to;
                    return Ok(Following::Missed { to });
                }
            }
        }
    }

    /// Reads the table up to what is final, then joins those who are told as it happens.
    async fn catch_up(&mut self) -> Result<Option<Following>, StoreError> {
        let mut told_to = self.feeds().followers.told_to();
        // Its sender lives as long as the store.
        let Ok(told_to) = told_to.wait_for(Option::is_some).await.map(|to| to.unwrap_or_default()) else {
            return Ok(Some(Following::Ended));
        };
        let position = self.position;
        if position < told_to {
            return self.read(position, told_to).await;
        }
        if position > told_to {
            // Another server may be ahead of this one; what nobody can have told of is not a position.
            let high = self.store.read(async |mut conn| highest(&mut conn).await).await?;
            if position > high {
                self.position = told_to;
                return Ok(Some(Following::Missed { to: told_to }));
            }
        }
        let (mailbox, from) = self.feeds().followers.join(&self.followed);
        let from = from.unwrap_or(told_to);
        self.joined = Some(Joined { mailbox, from });
        Ok(None)
    }

    /// Reads a chunk above `position`; `None` where there is nothing up to `to`.
    async fn read(&mut self, position: i64, to: i64) -> Result<Option<Following>, StoreError> {
        let followed = self.followed.clone();
        let work = async move |mut conn: sqlx::pool::PoolConnection<sqlx::Postgres>| {
            journal_followed_in_tx(&mut conn, &followed, position, to, CHUNK).await
        };
        let rows = self.store.read(work).await?;
        let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows >= CHUNK);
        let reached = rows.last().filter(|_| is_full).map_or(to, |row| row.position);
        self.position = reached;
        if rows.is_empty() {
            return Ok(None);
        }
        let entries: Option<Vec<Arc<Told>>> = rows.into_iter().map(|row| row.told).collect();
        Ok(Some(entries.map_or(Following::Missed { to: reached }, Following::Entries)))
    }

    fn feeds(&self) -> &Feeds {
        &self.store.feeds
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        if let Some(joined) = &self.joined {
            self.store.feeds.followers.leave(&self.followed, &joined.mailbox);
        }
    }
}
