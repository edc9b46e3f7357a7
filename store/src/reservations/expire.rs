//! The sweep: ends what is overdue. Correctness never depends on it, since a hold past its deadline reads
//! as expired at once; the sweep gives the units back and tells of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use domain::actor::{Actor, SystemActor};
use domain::decide::{Answer, Command, CommandKind, Refusal};
use domain::ids::ReservationId;
use domain::time::Timestamp;
use sqlx::PgPool;
use uuid::Uuid;

use crate::batch::{self, Item, Locking, Outcome};
use crate::error::StoreError;
use crate::ids;
use crate::journal::feeds::Feeds;
use crate::link::Link;
use crate::meters;
use crate::request::Caller;
use crate::store::Store;
use crate::tx;

/// How many reservations one transaction ends at most: some twenty milliseconds, for which others wait
/// who want the same products.
const BATCH_MAX: usize = 500;

/// What one round of the sweep did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expired {
    /// Holds that were ended.
    pub expired: usize,
    /// Holds that could not be ended, and will not be tried again until somebody looks at them.
    pub set_aside: usize,
    /// How long past its deadline the oldest of them was when the round began.
    pub lateness_milliseconds: i64,
    /// The next deadline, and the database's clock: when to come again.
    pub next_deadline: Option<Timestamp>,
    pub now: Timestamp,
    /// Whether there may be more that is due already.
    pub more: bool,
}

impl Store {
    /// Ends at most `limit` reservations that are past their deadline, in batches of one transaction
    /// each. Any number of servers may do so at once.
    ///
    /// # Errors
    /// What the database said; what was ended by then stays so.
    pub async fn reservation_expire_once(&self, limit: u16) -> Result<Expired, StoreError> {
        self.deadlines_forget();
        let sweeps = self.sweeps.clone();
        let feeds = self.feeds.clone();
        tx::detached(async move { expire_once(&sweeps, limit, &feeds).await }).await
    }
}

async fn expire_once(sweeps: &PgPool, limit: u16, feeds: &Arc<Feeds>) -> Result<Expired, StoreError> {
    let mut link = Link::pooled(sweeps);
    let now = tx::clock_in_tx(link.conn().await?).await?;
    let due = sqlx::query!(
        "select id, expires_at
        from reservations
        where status = 'held'
          and expires_at <= $1
          and set_aside_at is null
        order by expires_at, id
        limit $2",
        now.as_datetime(),
        i64::from(limit),
    )
    .fetch_all(link.conn().await?)
    .await?;
    let lateness_milliseconds = due.first().map_or(0, |first| now.milliseconds_since(Timestamp::new(first.expires_at)));
    let ids: Vec<ReservationId> = due.iter().map(|row| ReservationId::from_uuid(row.id)).collect();
    let more = ids.len() == usize::from(limit);
    let batches = Arc::new(Batches { ids, taken: AtomicUsize::new(0) });
    // What one batch holds needs no second connection.
    let second = (batches.ids.len() > BATCH_MAX).then(|| {
        let (link, batches, feeds) = (Link::pooled(sweeps), batches.clone(), feeds.clone());
        tx::detached(async move { expire_all(link, &batches, &feeds).await })
    });
    let first = expire_all(link, &batches, feeds).await;
    let second = match second {
        Some(second) => second.await,
        None => Ok(Ended::default()),
    };
    let (first, second) = (first?, second?);
    let mut link = Link::pooled(sweeps);
    Ok(Expired {
        expired: first.expired + second.expired,
        set_aside: first.set_aside + second.set_aside,
        lateness_milliseconds,
        next_deadline: next_deadline(&mut link).await?,
        now: tx::clock_in_tx(link.conn().await?).await?,
        more,
    })
}

/// What is to be ended, a batch at a time, by whoever comes for the next.
#[derive(Debug)]
struct Batches {
    ids: Vec<ReservationId>,
    taken: AtomicUsize,
}

impl Batches {
    fn next(&self) -> Option<&[ReservationId]> {
        self.ids.chunks(BATCH_MAX).nth(self.taken.fetch_add(1, Ordering::Relaxed))
    }
}

/// Ends one batch after the other, in a transaction each. Two do so side by side: while one writes, under the locks of
/// the stock, the other finds, locks and reads the reservations that it will end next. The connection is given back
/// before the other is waited for.
async fn expire_all(mut link: Link, batches: &Batches, feeds: &Feeds) -> Result<Ended, StoreError> {
    let mut all = Ended::default();
    while let Some(batch) = batches.next() {
        let ended = expire(&mut link, batch).await?;
        if ended.expired > 0 {
            feeds.ring();
        }
        all.expired += ended.expired;
        all.set_aside += ended.set_aside;
    }
    Ok(all)
}

async fn next_deadline(link: &mut Link) -> Result<Option<Timestamp>, StoreError> {
    let next = sqlx::query_scalar!(
        "select expires_at
        from reservations
        where status = 'held'
          and set_aside_at is null
        order by expires_at
        limit 1",
    )
    .fetch_optional(link.conn().await?)
    .await?;
    Ok(next.map(Timestamp::new))
}

/// How many were ended, and how many could not be.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Ended {
    pub(crate) expired: usize,
    pub(crate) set_aside: usize,
}

/// Ends those of the reservations that are due and that nobody else has in hand. One that can't be ended
/// is set aside; the others go on.
pub(crate) async fn expire(link: &mut Link, ids: &[ReservationId]) -> Result<Ended, StoreError> {
    let items: Vec<Item> = ids.iter().map(|id| item(*id)).collect();
    let items: Vec<&Item> = items.iter().collect();
    let began = Instant::now();
    let outcomes = match batch::run(link, &items, Locking::Skip).await {
        Ok(decided) => decided.outcomes,
        Err(error) if error.is_about_data() => return without_the_culprit(link, ids, &error).await,
        Err(error) => return Err(error),
    };
    let mut ended = Ended::default();
    for (id, outcome) in ids.iter().zip(outcomes) {
        match outcome {
            Outcome::Accepted { answer, .. } => {
                ended.expired += 1;
                meters::expired(lateness(&answer) + began.elapsed());
            }
            Outcome::Refused(Refusal::Corrupt(reason)) => {
                set_aside(link, *id, &reason).await?;
                ended.set_aside += 1;
            }
            Outcome::Refused(Refusal::NotDue | Refusal::Problem(_)) | Outcome::Replayed(_) | Outcome::Miscalled => {}
        }
    }
    Ok(ended)
}

/// How long the deadline had passed when this was decided.
fn lateness(answer: &Answer) -> Duration {
    match answer {
        Answer::Reservation(view) => {
            let milliseconds = view.server_time.milliseconds_since(view.reservation.expires_at);
            Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
        }
        Answer::Product(_) | Answer::Order(_) | Answer::Transfer(_) => Duration::ZERO,
    }
}

/// Halves the batch until the one that the database does not take is alone, and sets that one aside.
async fn without_the_culprit(link: &mut Link, ids: &[ReservationId], error: &StoreError) -> Result<Ended, StoreError> {
    if let [id] = ids {
        set_aside(link, *id, &error.in_full()).await?;
        return Ok(Ended { expired: 0, set_aside: 1 });
    }
    let mut ended = Ended::default();
    for half in ids.chunks(ids.len().div_ceil(2)) {
        let of_half = Box::pin(expire(link, half)).await?;
        ended.expired += of_half.expired;
        ended.set_aside += of_half.set_aside;
    }
    Ok(ended)
}

async fn set_aside(link: &mut Link, id: ReservationId, reason: &str) -> Result<(), StoreError> {
    meters::set_aside();
    tracing::error!(reservation = %id, reason, "an overdue reservation can't be ended and is set aside");
    sqlx::query!(
        "update reservations
        set
            set_aside_at = clock_timestamp(),
            set_aside_reason = $2
        where id = $1
          and status = 'held'",
        id.as_uuid() as Uuid,
        reason,
    )
    .execute(link.conn().await?)
    .await?;
    Ok(())
}

fn item(id: ReservationId) -> Item {
    Item {
        command: Command { change_id: ids::change_id(), kind: CommandKind::Expire { id } },
        caller: Caller { actor: Actor::System(SystemActor::Expiry), request_id: None },
        reply: None,
        called: Vec::new(),
    }
}
