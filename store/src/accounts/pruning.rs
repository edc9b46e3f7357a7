//! What has had its time is deleted, a bounded batch at a time, by the database's clock.

use domain::account::SESSION_IDLE_SECONDS;
use sqlx::PgPool;

use crate::error::StoreError;
use crate::store::Store;
use crate::tx;

/// Answers are kept under their keys for 24 hours at least; an hour more for whoever counts them otherwise.
const KEPT_SECONDS: f64 = 25.0 * 60.0 * 60.0;

/// How many rows one step deleted.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Pruned {
    pub idempotency_keys: u64,
    pub sessions: u64,
    pub sign_in_links: u64,
}

impl Pruned {
    /// Whether a step that deletes so many rows at most may have left some.
    pub fn may_be_more(&self, limit: u16) -> bool {
        let Self { idempotency_keys, sessions, sign_in_links } = *self;
        [idempotency_keys, sessions, sign_in_links].into_iter().any(|rows| rows >= u64::from(limit))
    }
}

impl Store {
    /// Deletes answers kept for long enough, sessions that have ended, and links that work no more: `limit`
    /// rows of each at most.
    ///
    /// # Errors
    /// What the database said.
    pub async fn prune_once(&self, limit: u16) -> Result<Pruned, StoreError> {
        let pool = self.pool.clone();
        tx::detached(async move { tx::retrying(|| prune(&pool, i64::from(limit))).await }).await
    }
}

/// Three statements, each a transaction of its own. `now()` is the time at which it began; unlike `clock_timestamp()`,
/// which differs from row to row, an index can be searched by it. Of several servers that are at it at once the later
/// ones wait for the first, find its rows gone, and leave the rest to it.
async fn prune(pool: &PgPool, limit: i64) -> Result<Pruned, StoreError> {
    let mut conn = pool.acquire().await?;
    let idempotency_keys = sqlx::query!(
        "delete from idempotency_keys
        where (key, caller) in (
            select key, caller
            from idempotency_keys
            where created_at < now() - make_interval(secs => $1)
            order by created_at
            limit $2
        )",
        KEPT_SECONDS,
        limit,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let sessions = sqlx::query!(
        "delete from sessions
        where id_hash in (
            select id_hash
            from sessions
            where expires_at < now()
               or last_seen_at < now() - make_interval(secs => $1)
            limit $2
        )",
        SESSION_IDLE_SECONDS as f64,
        limit,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    let sign_in_links = sqlx::query!(
        "delete from sign_in_links
        where token_hash in (
            select token_hash
            from sign_in_links
            where expires_at < now()
            limit $1
        )",
        limit,
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    Ok(Pruned { idempotency_keys, sessions, sign_in_links })
}
