//! One connection, kept from one transaction to the next and got anew once it broke.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection, PgPool, Postgres};

use crate::error::StoreError;

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection that belongs to whoever has the link, for as long as that is there.
#[derive(Debug)]
pub(crate) struct Link {
    source: Source,
    conn: Option<Conn>,
}

#[derive(Debug)]
enum Source {
    Pool(PgPool),
    Options(Box<PgConnectOptions>),
}

#[derive(Debug)]
enum Conn {
    Pooled(PoolConnection<Postgres>),
    Own(PgConnection),
}

impl Link {
    /// To a connection of the pool. Nothing is opened yet.
    pub(crate) fn pooled(pool: &PgPool) -> Self {
        Self { source: Source::Pool(pool.clone()), conn: None }
    }

    /// To a connection that no pool knows. Nothing is opened yet.
    pub(crate) fn own(options: PgConnectOptions) -> Self {
        Self { source: Source::Options(Box::new(options)), conn: None }
    }

    /// The connection; a new one where there is none, or where the last one broke.
    ///
    /// # Errors
    /// [`StoreError::Busy`] where none is to be had in time, [`StoreError::Broken`] where the database is
    /// not there.
    pub(crate) async fn conn(&mut self) -> Result<&mut PgConnection, StoreError> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.source.connect().await?,
        };
        Ok(match self.conn.insert(conn) {
            Conn::Pooled(conn) => conn,
            Conn::Own(conn) => conn,
        })
    }

    /// Gives the connection up where the error leaves doubt about it.
    pub(crate) fn check(&mut self, error: &StoreError) {
        match error {
            StoreError::Refused(_) | StoreError::Conflict(_) | StoreError::Data(_) | StoreError::Corrupt(_) => {}
            StoreError::Busy(_)
            | StoreError::Broken(_)
            | StoreError::CommitLost(_)
            | StoreError::Database(_)
            | StoreError::Interrupted => match self.conn.take() {
                Some(Conn::Pooled(mut conn)) => conn.close_on_drop(),
                Some(Conn::Own(_)) | None => {}
            },
        }
    }

    /// Takes leave of the database. A link that is dropped just hangs up.
    pub(crate) async fn close(mut self) {
        if let Some(Conn::Own(conn)) = self.conn.take()
            && let Err(cause) = conn.close().await
        {
            tracing::debug!(%cause, "a connection did not end as it should");
        }
    }
}

impl Source {
    async fn connect(&self) -> Result<Conn, StoreError> {
        match self {
            Self::Pool(pool) => Ok(Conn::Pooled(pool.acquire().await?)),
            Self::Options(options) => {
                let connecting = PgConnection::connect_with(options);
                match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
                    Ok(connected) => Ok(Conn::Own(connected?)),
                    Err(_) => Err(StoreError::Busy(sqlx::Error::PoolTimedOut)),
                }
            }
        }
    }
}
