//! One connection, kept from one transaction to the next and got anew once it broke; and its transactions, of which
//! each may begin as the one before it ends, before there is anything to do in it.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};

use crate::error::StoreError;
use crate::tx;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that belongs to whoever has the link, for as long as that is there.
#[derive(Debug)]
pub(crate) struct Link {
    source: Source,
    next: Next,
    conn: Option<Conn>,
    /// How many connections there have been.
    connections: u64,
}

/// When the next transaction begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    /// When somebody comes.
    OnDemand,
    /// By the command that ends the one before (`AND CHAIN`), so that whoever comes next is spared one way to the
    /// database and back. Until something is done in it, it holds nothing up.
    Chained,
}

#[derive(Debug)]
enum Source {
    Pool(PgPool),
    Options(Box<PgConnectOptions>),
}

#[derive(Debug)]
struct Conn {
    /// Which of its link's connections it is.
    number: u64,
    wire: Wire,
    transaction: Standing,
}

#[derive(Debug)]
enum Wire {
    Pooled(PoolConnection<Postgres>),
    Own(PgConnection),
}

/// How a connection stands with transactions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Standing {
    None,
    /// One has begun with the end of the one before, and nothing was done in it.
    BegunAhead,
    /// One is under way. Where nobody is at it any more, nobody knows what became of it.
    UnderWay,
}

/// A transaction of a link. Dropped without an end it takes the connection with it, which ends it.
#[derive(Debug)]
pub(crate) struct Tx<'a> {
    conn: &'a mut Conn,
    next: Next,
}

/// A statement that is a transaction by itself, or that ends the one that was begun ahead. Dropped without an end it takes
/// the connection with it.
#[derive(Debug)]
pub(crate) struct Single<'a> {
    conn: &'a mut Conn,
    begun_ahead: bool,
}

impl Single<'_> {
    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        self.conn.wire.conn()
    }

    /// Whether it ends the transaction that was begun ahead, by a command of its own.
    pub(crate) fn ends_another(&self) -> bool {
        self.begun_ahead
    }

    /// Commits what it has done, where it has not done so itself.
    ///
    /// # Errors
    /// [`StoreError::CommitLost`] where it is unknown whether that was done.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.end("COMMIT").await.map_err(tx::commit_error)
    }

    /// To be called where it has done nothing.
    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.end("ROLLBACK").await?)
    }

    /// What an error of the statement means: where it commits by itself, a connection that broke meanwhile has taken the
    /// answer with it.
    pub(crate) fn error(&self, error: StoreError) -> StoreError {
        match error {
            StoreError::Broken(cause) | StoreError::Database(cause) if !self.begun_ahead => tx::commit_error(cause),
            error => error,
        }
    }

    async fn end(self, command: &'static str) -> sqlx::Result<()> {
        if self.begun_ahead {
            sqlx::raw_sql(command).execute(self.conn.wire.conn()).await?;
        }
        self.conn.transaction = Standing::None;
        Ok(())
    }
}

impl Tx<'_> {
    /// As [`Link::connection`].
    pub(crate) fn connection(&self) -> u64 {
        self.conn.number
    }

    pub(crate) fn conn(&mut self) -> &mut PgConnection {
        self.conn.wire.conn()
    }

    /// # Errors
    /// [`StoreError::CommitLost`] where it is unknown whether that was done.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.end("COMMIT", "COMMIT AND CHAIN").await.map_err(tx::commit_error)
    }

    pub(crate) async fn rollback(self) -> Result<(), StoreError> {
        Ok(self.end("ROLLBACK", "ROLLBACK AND CHAIN").await?)
    }

    async fn end(self, alone: &'static str, chained: &'static str) -> sqlx::Result<()> {
        let (command, stands) = match self.next {
            Next::OnDemand => (alone, Standing::None),
            Next::Chained => (chained, Standing::BegunAhead),
        };
        sqlx::raw_sql(command).execute(self.conn.wire.conn()).await?;
        self.conn.transaction = stands;
        Ok(())
    }
}

impl Link {
    /// To a connection of the pool. Nothing is opened yet.
    pub(crate) fn pooled(pool: &PgPool) -> Self {
        Self { source: Source::Pool(pool.clone()), next: Next::OnDemand, conn: None, connections: 0 }
    }

    /// To a connection that no pool knows, with one transaction after the other. Nothing is opened yet.
    pub(crate) fn chained(options: PgConnectOptions) -> Self {
        Self { source: Source::Options(Box::new(options)), next: Next::Chained, conn: None, connections: 0 }
    }

    /// The connection, for a statement that stands for itself; a new one where there is none, or where the last
    /// one broke.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where none is to be had in time, [`StoreError::Broken`] where the database is
    /// not there.
    pub(crate) async fn conn(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.stand_down().await;
        let conn = self.connected(|transaction| transaction == Standing::None).await?;
        Ok(conn.wire.conn())
    }

    /// Which of its connections it has now, if it has one.
    pub(crate) fn connection(&self) -> Option<u64> {
        Some(self.conn.as_ref()?.number)
    }

    /// Begins a transaction, or takes the one that began as the last one ended.
    ///
    /// # Errors
    /// As [`Self::conn`].
    pub(crate) async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        let next = self.next;
        let conn = self.connected(|transaction| transaction != Standing::UnderWay).await?;
        // From here on, for all that anybody knows.
        let stood = std::mem::replace(&mut conn.transaction, Standing::UnderWay);
        if stood == Standing::None {
            sqlx::raw_sql("BEGIN").execute(conn.wire.conn()).await?;
        }
        Ok(Tx { conn, next })
    }

    /// For one statement that does all there is to do. The next transaction is not begun ahead.
    ///
    /// # Errors
    /// As [`Self::conn`].
    pub(crate) async fn single(&mut self) -> Result<Single<'_>, StoreError> {
        let conn = self.connected(|transaction| transaction != Standing::UnderWay).await?;
        let stood = std::mem::replace(&mut conn.transaction, Standing::UnderWay);
        Ok(Single { conn, begun_ahead: stood == Standing::BegunAhead })
    }

    /// Ends what was begun ahead, since nobody comes.
    pub(crate) async fn stand_down(&mut self) {
        if self.conn.as_ref().is_none_or(|conn| conn.transaction != Standing::BegunAhead) {
            return;
        }
        let ended = match self.begin().await {
            Ok(begun) => Tx { next: Next::OnDemand, ..begun }.rollback().await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            tracing::debug!(error = error.in_full(), "a transaction that was begun ahead could not be ended");
            self.give_up();
        }
    }

    /// Gives the connection up where the error leaves doubt about it.
    pub(crate) fn check(&mut self, error: &StoreError) {
        match error {
            StoreError::Refused(_) | StoreError::Conflict(_) | StoreError::Data(_) | StoreError::Corrupt(_) => {}
            StoreError::Busy(_)
            | StoreError::Broken(_)
            | StoreError::CommitLost(_)
            | StoreError::Database(_)
            | StoreError::Interrupted => self.give_up(),
        }
    }

    /// Takes leave of the database. A link that is dropped just hangs up.
    pub(crate) async fn close(mut self) {
        if let Some(Conn { wire: Wire::Own(conn), .. }) = self.conn.take()
            && let Err(cause) = conn.close().await
        {
            tracing::debug!(%cause, "a connection did not end as it should");
        }
    }

    /// The connection, as long as its transaction is fit for what is to be done.
    async fn connected(&mut self, is_fit: impl Fn(Standing) -> bool) -> Result<&mut Conn, StoreError> {
        if self.conn.as_ref().is_some_and(|conn| !is_fit(conn.transaction)) {
            self.give_up();
        }
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => {
                let wire = self.source.connect().await?;
                self.connections += 1;
                Conn { number: self.connections, wire, transaction: Standing::None }
            }
        };
        Ok(self.conn.insert(conn))
    }

    fn give_up(&mut self) {
        if let Some(Conn { wire: Wire::Pooled(mut conn), .. }) = self.conn.take() {
            conn.close_on_drop();
        }
    }
}

impl Drop for Link {
    /// No pool gets a connection back on which a transaction is open.
    fn drop(&mut self) {
        if self.conn.as_ref().is_some_and(|conn| conn.transaction != Standing::None) {
            self.give_up();
        }
    }
}

impl Wire {
    fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Pooled(conn) => conn,
            Self::Own(conn) => conn,
        }
    }
}

impl Source {
    async fn connect(&self) -> Result<Wire, StoreError> {
        match self {
            Self::Pool(pool) => Ok(Wire::Pooled(pool.acquire().await?)),
            Self::Options(options) => {
                let connecting = PgConnection::connect_with(options);
                match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                    Ok(connected) => Ok(Wire::Own(connected?)),
                    Err(_) => Err(StoreError::Busy(sqlx::Error::PoolTimedOut)),
                }
            }
        }
    }
}
