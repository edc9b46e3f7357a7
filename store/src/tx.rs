//! The one place that says how transactions run: detached from the caller who may leave, run again where
//! another was in the way, and never left open.

use std::time::Duration;

use sqlx::{PgConnection, Postgres, Transaction};
use tracing::Instrument as _;

use crate::error::StoreError;
use domain::time::Timestamp;

/// How often a transaction is run again before its caller is told that the server is busy.
const ATTEMPTS_MAX: u32 = 10;

/// Runs database work in its own task, from now on: when the caller's connection goes away its future is
/// dropped, and a `BEGIN` dropped halfway can hand an open transaction back to the pool (sqlx issue 4385).
/// The work goes on to its end instead.
///
/// It is not itself `async`, so that who waits for it has a handle and not the work: several kilobytes that
/// every request would carry with it, whether it comes to this or not.
pub(crate) fn detached<T, F>(work: F) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let task = tokio::spawn(work.in_current_span());
    async move { task.await.unwrap_or(Err(StoreError::Interrupted)) }
}

/// Runs `attempt` until no other transaction is in its way; see [`Retries`].
pub(crate) async fn retrying<T, F, Work>(mut attempt: F) -> Result<T, StoreError>
where
    F: FnMut() -> Work,
    Work: Future<Output = Result<T, StoreError>>,
{
    let mut retries = Retries::default();
    loop {
        match attempt().await {
            Err(error) => retries.pause(error).await?,
            done => return done,
        }
    }
}

/// What has come in the way of a transaction that is run again and again.
#[derive(Default, Debug)]
pub(crate) struct Retries {
    number: u32,
    /// A commit whose answer was lost: from then on the outcome is unknown until an attempt succeeds.
    lost: Option<sqlx::Error>,
}

impl Retries {
    /// Waits a moment, where the transaction is to be run again: another one was in the way, the
    /// connection broke, or the answer to the commit was lost (ids and key are the same, so it then finds
    /// what it did, or does it). Time-outs are not tried again.
    ///
    /// # Errors
    /// What to tell the caller, where it is not.
    pub(crate) async fn pause(&mut self, error: StoreError) -> Result<(), StoreError> {
        self.number += 1;
        let last = self.number >= ATTEMPTS_MAX;
        match error {
            StoreError::Conflict(cause) if !last => {
                tracing::debug!(%cause, number = self.number, "run again after a conflict");
            }
            StoreError::Broken(cause) if !last => {
                tracing::debug!(%cause, number = self.number, "run again on another connection");
            }
            StoreError::CommitLost(cause) if !last => {
                tracing::warn!(%cause, number = self.number, "run again after a lost commit");
                self.lost = Some(cause);
            }
            // Decided anew: what was lost would have been found under its key. Were it still on its way, the clock would
            // bound that: a statement that commits by itself writes nothing where it comes a tenth of a second late.
            StoreError::Refused(_) => return Err(error),
            error => return Err(self.lost.take().map_or(error, StoreError::CommitLost)),
        }
        tokio::time::sleep(pause(self.number)).await;
        Ok(())
    }
}

/// A pause that grows, and differs for two that met.
pub(crate) fn pause(number: u32) -> Duration {
    let most_milliseconds = 4_u64 << number.min(6);
    Duration::from_millis(rand::random_range(1..=most_milliseconds))
}

/// Commits; an answer that does not come is told apart from a refusal.
pub(crate) async fn commit(tx: Transaction<'_, Postgres>) -> Result<(), StoreError> {
    tx.commit().await.map_err(commit_error)
}

/// What an error means that a commit was answered with.
pub(crate) fn commit_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => {
            StoreError::CommitLost(error)
        }
        // The server went down or ended the session while it committed (class 57): either may be true.
        sqlx::Error::Database(ref cause) if cause.code().is_some_and(|code| code.starts_with("57P")) => {
            StoreError::CommitLost(error)
        }
        error => error.into(),
    }
}

/// The database's clock, in whole milliseconds. To be read after the locks are held.
pub(crate) async fn clock_in_tx(conn: &mut PgConnection) -> Result<Timestamp, StoreError> {
    let now = sqlx::query_scalar!(r#"select date_trunc('milliseconds', clock_timestamp()) as "now!""#,)
        .fetch_one(conn)
        .await?;
    Ok(Timestamp::new(now))
}
