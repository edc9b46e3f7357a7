//! The one place that says how transactions run: detached from the caller who may leave, run again where
//! another was in the way, and never left open.

use std::time::Duration;

use sqlx::{PgConnection, Postgres, Transaction};
use tracing::Instrument as _;

use crate::error::StoreError;
use domain::time::Timestamp;

/// How often a transaction is run again before its caller is told that the server is busy.
const ATTEMPTS_MAX: u32 = 10;

/// Runs database work in its own task: when the caller's connection goes away its future is dropped, and
/// a `BEGIN` dropped halfway can hand an open transaction back to the pool (sqlx issue 4385). The work
/// goes on to its end instead.
pub(crate) async fn detached<T, F>(work: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::Interrupted),
    }
}

/// Runs `attempt` until no other transaction is in its way. A commit whose answer was lost is run again
/// too: ids and key are the same, so it finds what it did, or does it. Time-outs are not tried again.
pub(crate) async fn retrying<T, F, Work>(mut attempt: F) -> Result<T, StoreError>
where
    F: FnMut() -> Work,
    Work: Future<Output = Result<T, StoreError>>,
{
    for number in 1..ATTEMPTS_MAX {
        match attempt().await {
            Err(StoreError::Conflict(cause)) => tracing::debug!(%cause, number, "run again after a conflict"),
            Err(StoreError::CommitLost(cause)) => tracing::warn!(%cause, number, "run again after a lost commit"),
            result => return result,
        }
        tokio::time::sleep(pause(number)).await;
    }
    attempt().await
}

/// A pause that grows, and differs for two that met.
pub(crate) fn pause(number: u32) -> Duration {
    let most_milliseconds = 4_u64 << number.min(6);
    Duration::from_millis(rand::random_range(1..=most_milliseconds))
}

/// Commits; an answer that does not come is told apart from a refusal.
pub(crate) async fn commit(tx: Transaction<'static, Postgres>) -> Result<(), StoreError> {
    tx.commit().await.map_err(|error| match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            StoreError::CommitLost(error)
        }
        // The server went down or ended the session while it committed (class 57): either may be true.
        sqlx::Error::Database(ref cause) if cause.code().is_some_and(|code| code.starts_with("57P")) => {
            StoreError::CommitLost(error)
        }
        error => error.into(),
    })
}

/// The database's clock, in whole milliseconds. To be read after the locks are held.
pub(crate) async fn clock_in_tx(conn: &mut PgConnection) -> Result<Timestamp, StoreError> {
    let now = sqlx::query_scalar!(r#"select date_trunc('milliseconds', clock_timestamp()) as "now!""#,)
        .fetch_one(conn)
        .await?;
    Ok(Timestamp::new(now))
}
