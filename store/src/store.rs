//! What the server and the pages hold: the connections, and the little that is remembered between
//! requests for speed, never for correctness.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::stats::Stats;
use domain::time::Timestamp;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres};
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::error::StoreError;
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
}

/// The use cases of Holdfast, on one database. Clones share its connections.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) pool: PgPool,
    pub(crate) stats: Arc<RwLock<Option<Stats>>>,
    pub(crate) accounts: Accounts,
    /// The nearest deadline that was set here, for the sweep to wake by.
    deadlines: watch::Sender<Option<Timestamp>>,
}

/// Enough for people who mistype, a nuisance for programs that guess.
pub const SIGN_INS_PER_MINUTE: u32 = 20;

/// No statement, lock or open transaction may last longer than these say; the defaults are the server's
/// own bounds, not a setting.
const SESSION: [(&str, &str); 4] = [
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("default_transaction_isolation", "read committed"),
];

impl Connections {
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            connections_max: 20,
            acquire_timeout: Duration::from_secs(15),
            sign_ins_per_minute: SIGN_INS_PER_MINUTE,
        }
    }

    /// Opens the first connection.
    ///
    /// # Errors
    /// What the database said.
    pub async fn open(self) -> Result<Store, StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(self.connections_max)
            .acquire_timeout(self.acquire_timeout)
            .connect_with(self.options.application_name("holdfast").options(SESSION))
            .await?;
        Ok(Store { accounts: Accounts::new(self.sign_ins_per_minute), ..Store::new(pool) })
    }
}

impl Store {
    /// A store on a pool that is there already. Its connections should have time-outs.
    pub fn new(pool: PgPool) -> Self {
        Self {
            pool,
            stats: Arc::default(),
            accounts: Accounts::new(SIGN_INS_PER_MINUTE),
            deadlines: watch::Sender::new(None),
        }
    }

    /// Closes the connections once they are idle.
    pub async fn close(&self) {
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

    /// Figures about the whole, as they were last read; `None` before the first time.
    pub fn stats(&self) -> Option<Stats> {
        self.stats.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tells of deadlines as they are set on this server, so that the sweep need not ask for them. It
    /// only saves time: the sweep looks by itself at least once a second.
    pub fn deadlines(&self) -> watch::Receiver<Option<Timestamp>> {
        self.deadlines.subscribe()
    }

    pub(crate) fn deadline_set(&self, deadline: Timestamp) {
        self.deadlines.send_replace(Some(deadline));
    }

    /// Runs statements that change nothing, on one connection, in a task of their own.
    pub(crate) async fn read<T, F, Work>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(PoolConnection<Postgres>) -> Work + Send + 'static,
        Work: Future<Output = Result<T, StoreError>> + Send,
    {
        let pool = self.pool.clone();
        tx::detached(async move { work(pool.acquire().await?).await }).await
    }
}
