//! What the server and the pages hold: the connections, and the little that is remembered between
//! requests for speed, never for correctness.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::stats::Stats;
use domain::time::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::availability::Availability;
use crate::error::StoreError;
use crate::journal::feeds::Feeds;
use crate::lane::Lanes;
use crate::products::called::Skus;
use crate::tx;

/// How the database is reached.
#[derive(Clone, Debug)]
pub struct Connections {
    pub options: PgConnectOptions,
    /// The most connections to keep open.
    pub connections_max: u32,
    /// How long a request waits for a free connection before it is told that the server is busy.
    pub acquire_timeout: Duration,
    /// How many tries to sign in one address has in a minute, and how many each email; 0 for no limit.
    pub sign_ins_per_minute: u32,
    /// How many lanes there are for what changes stock, each with one connection more.
    pub lanes: u16,
    /// How many commands may wait in a lane; one product's may be half of them.
    pub lane_waiting_max: usize,
    /// How many may follow the journal at once.
    pub followers_max: usize,
    /// How many products are remembered, so that reading what is available costs the database nothing.
    pub products_remembered_max: u64,
}

/// A thousand products or so take a megabyte.
const PRODUCTS_REMEMBERED_MAX: u64 = 100_000;
const FOLLOWERS_MAX: usize = 2_000;

/// The use cases of Holdfast, on one database. Clones share all of it, and cost next to nothing.
#[derive(Clone, Debug)]
pub struct Store(Arc<Parts>);

/// What a store has.
#[derive(Debug)]
pub struct Parts {
    /// For all but the lanes and the sweep.
    pub(crate) pool: PgPool,
    /// For the sweep, so that it never waits for readers.
    pub(crate) sweeps: PgPool,
    /// They have connections of their own.
    pub(crate) lanes: Lanes,
    pub(crate) skus: Skus,
    pub(crate) stats: RwLock<Option<Stats>>,
    pub(crate) accounts: Accounts,
    /// The nearest deadline that was set here, for the sweep to wake by.
    deadlines: watch::Sender<Option<Timestamp>>,
    /// What the journal tells, to whoever listens.
    pub(crate) feeds: Arc<Feeds>,
    pub(crate) availability: Arc<Availability>,
}

/// How busy a store is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    /// Commands that wait for their turn, for each lane.
    pub lanes_waiting: Vec<usize>,
    /// Connections at work, those of the lanes and the sweep apart.
    pub connections_used: u32,
    pub connections_idle: u32,
}

/// Enough for people who mistype, a nuisance for programs that guess.
pub const SIGN_INS_PER_MINUTE: u32 = 20;

/// No statement, lock or open transaction may last longer than these say; the defaults are the server's
/// own bounds, not a setting. Nor may a statement take several cores: what reads much, as the figures about the
/// whole do, would hold up those who reserve.
const SESSION: [(&str, &str); 5] = [
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_isolation", "read committed"),
    ("max_parallel_workers_per_gather", "0"),
];

/// For the lanes and the sweep. They run few statements, each of which wants rows by their keys. A plan that
/// is made while the tables are empty would read them whole, and be kept: until the first ANALYZE, which
/// may come in the middle of a first flash sale, each batch would read all there is. So only the plan by
/// index is left, and it is made once. What locks nothing for others to wait for may wait as long as
/// anybody; a lane has others behind it.
const OWN_SESSION: [(&str, &str); 7] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    // The plans that are left look costly enough to be compiled.
    ("jit", "off"),
    ("lock_timeout", "2s"),
];

const LANES: u16 = 2;
const LANE_WAITING_MAX: usize = 4_096;
/// Connections for sweeps.
const SWEEPS_MAX: u32 = 2;

impl Connections {
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            connections_max: 20,
            acquire_timeout: Duration::from_secs(15),
            sign_ins_per_minute: SIGN_INS_PER_MINUTE,
            lanes: LANES,
            lane_waiting_max: LANE_WAITING_MAX,
            followers_max: FOLLOWERS_MAX,
            products_remembered_max: PRODUCTS_REMEMBERED_MAX,
        }
    }

    /// Opens the first connection.
    ///
    /// # Errors
    /// What the database said.
    pub async fn open(self) -> Result<Store, StoreError> {
        let options = self.options.clone().application_name("holdfast").options(SESSION);
        let pool = PgPoolOptions::new()
            .max_connections(self.connections_max)
            .acquire_timeout(self.acquire_timeout)
            .connect_with(options.clone())
            .await?;
        Ok(self.store(pool, options))
    }

    fn store(self, pool: PgPool, options: PgConnectOptions) -> Store {
        let own = options.options(OWN_SESSION);
        let sweeps = PgPoolOptions::new()
            .max_connections(SWEEPS_MAX)
            .acquire_timeout(self.acquire_timeout)
            .connect_lazy_with(own.clone());
        let availability = Arc::new(Availability::new(self.products_remembered_max));
        let lanes = Lanes::new(own, availability.clone(), usize::from(self.lanes), self.lane_waiting_max);
        Store(Arc::new(Parts {
            pool,
            sweeps,
            lanes,
            skus: Skus::default(),
            stats: RwLock::default(),
            accounts: Accounts::new(self.sign_ins_per_minute),
            deadlines: watch::Sender::new(None),
            feeds: Arc::new(Feeds::new(self.followers_max)),
            availability,
        }))
    }
}

impl Deref for Store {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Store {
    /// A store on a pool that is there already. Its connections should have time-outs. The lanes have
    /// connections of their own, like those of the pool.
    pub fn new(pool: PgPool) -> Self {
        let options = pool.connect_options().as_ref().clone();
        Connections::new(options.clone()).store(pool, options)
    }

    /// Does what waits in the lanes, takes nothing more, and closes the connections once they are idle.
    pub async fn close(&self) {
        self.lanes.close().await;
        self.sweeps.close().await;
        self.pool.close().await;
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// What it said instead.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.clock().await.map(drop)
    }

    /// What time it is, by the database's clock.
    ///
    /// # Errors
    /// What the database said.
    pub async fn clock(&self) -> Result<Timestamp, StoreError> {
        self.read(async |mut conn| tx::clock_in_tx(&mut conn).await).await
    }

    /// How busy the store is at this moment.
    pub fn load(&self) -> Load {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        Load {
            lanes_waiting: self.lanes.waiting(),
            connections_used: self.pool.size().saturating_sub(idle),
            connections_idle: idle,
        }
    }

    /// Figures about the whole, as they were last read; `None` before the first time.
    pub fn stats(&self) -> Option<Stats> {
        self.stats.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells of the nearest deadline that was set on this server since the last sweep began, whenever it
    /// gets nearer. It only saves time: the sweep looks by itself at least once a second.
    pub fn deadlines(&self) -> watch::Receiver<Option<Timestamp>> {
        self.deadlines.subscribe()
    }

    pub(crate) fn deadline_set(&self, deadline: Timestamp) {
        self.deadlines.send_if_modified(|nearest| {
            let nearer = nearest.is_none_or(|nearest| deadline < nearest);
            if nearer {
                *nearest = Some(deadline);
            }
            nearer
        });
    }

    /// Forgets the deadlines that a sweep, which is about to begin, will find by itself.
    pub(crate) fn deadlines_forget(&self) {
        self.deadlines.send_if_modified(|nearest| {
            *nearest = None;
            false
        });
    }

    /// Runs statements that change nothing, on one connection, in a task of their own.
    pub(crate) fn read<T, F, Work>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F, Work>
    where
        T: Send + 'static,
        F: FnOnce(PoolConnection<Postgres>) -> Work + Send + 'static,
        Work: Future<Output = Result<T, StoreError>> + Send,
    {
        let pool = self.pool.clone();
        tx::detached(async move { work(pool.acquire().await?).await })
    }
}
