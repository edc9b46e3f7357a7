//! Keys and the answers kept under them, in the transaction of the effect.

use domain::problem::Problem;
use sqlx::PgConnection;

use crate::error::{StoreError, corrupt};
use crate::request::{Caller, Fingerprint, Rendered, Request};
use domain::idempotency::IdempotencyKey;
use domain::time::Timestamp;

/// A key that a request claims, once it succeeds.
#[derive(Clone, Debug)]
pub(crate) struct Claim {
    pub(crate) key: IdempotencyKey,
    pub(crate) caller: String,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) standing: Standing,
}

/// What is known of a key before the database is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// The store made it for a request without one: it can have been used by that request only.
    Own,
    /// A caller's, probably used for the first time.
    New,
    /// A caller's, used before.
    Seen,
}

/// The key was claimed by a transaction that committed in between: run again, and it will be found.
#[derive(Debug)]
pub(crate) struct Claimed;

impl Claim {
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        let (key, standing) = match &request.key {
            Some(key) => (key.clone(), Standing::New),
            None => (crate::ids::own_key(), Standing::Own),
        };
        Self { key, caller: caller_key(request.caller), fingerprint: request.fingerprint, standing }
    }
}

fn caller_key(caller: Caller) -> String {
    caller.actor.to_string()
}

/// The answer that is kept under the key, if there is one.
///
/// # Errors
/// [`Problem::IdempotencyMismatch`] where it answered another request.
pub(crate) async fn idempotency_fetch_in_tx(
    conn: &mut PgConnection,
    claim: &Claim,
) -> Result<Option<Rendered>, StoreError> {
    let row = sqlx::query!(
        "select
            fingerprint,
            status,
            etag,
            location,
            body
        from idempotency_keys
        where key = $1
          and caller = $2",
        claim.key.as_str(),
        claim.caller,
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.fingerprint != claim.fingerprint.0 {
        return Err(Problem::IdempotencyMismatch.into());
    }
    let status = u16::try_from(row.status).map_err(|error| corrupt("a kept status", error))?;
    Ok(Some(Rendered { status, etag: row.etag, location: row.location, body: row.body }))
}

/// Keeps the answers under their keys: all of them, or it is [`Claimed`].
pub(crate) async fn idempotency_insert_in_tx(
    conn: &mut PgConnection,
    answers: &[(&Claim, &Rendered)],
    now: Timestamp,
) -> Result<Result<(), Claimed>, StoreError> {
    if answers.is_empty() {
        return Ok(Ok(()));
    }
    let columns = Keys::of(answers);
    let inserted = sqlx::query!(
        "insert into idempotency_keys (
            key,
            caller,
            fingerprint,
            status,
            etag,
            location,
            body,
            created_at
        )
        select *, $8::timestamptz
        from unnest(
            $1::text[],
            $2::text[],
            $3::bytea[],
            $4::smallint[],
            $5::text[],
            $6::text[],
            $7::bytea[]
        )
        on conflict do nothing",
        &columns.keys as &[&str],
        &columns.callers as &[&str],
        &columns.fingerprints as &[&[u8]],
        &columns.statuses,
        &columns.etags as &[Option<&str>],
        &columns.locations as &[Option<&str>],
        &columns.bodies as &[&[u8]],
        now.as_datetime(),
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(if inserted == answers.len() as u64 { Ok(()) } else { Err(Claimed) })
}

/// Answers with the keys that they are kept under.
pub(crate) struct Keys<'a> {
    pub(crate) keys: Vec<&'a str>,
    pub(crate) callers: Vec<&'a str>,
    pub(crate) fingerprints: Vec<&'a [u8]>,
    pub(crate) statuses: Vec<i16>,
    pub(crate) etags: Vec<Option<&'a str>>,
    pub(crate) locations: Vec<Option<&'a str>>,
    pub(crate) bodies: Vec<&'a [u8]>,
}

impl<'a> Keys<'a> {
    /// In one order, for whoever claims the same key is waited for.
    pub(crate) fn of(answers: &[(&'a Claim, &'a Rendered)]) -> Self {
        let mut answers = answers.to_vec();
        answers.sort_unstable_by_key(|(claim, _)| (&claim.key, &claim.caller));
        Self {
            keys: answers.iter().map(|(claim, _)| claim.key.as_str()).collect(),
            callers: answers.iter().map(|(claim, _)| claim.caller.as_str()).collect(),
            fingerprints: answers.iter().map(|(claim, _)| claim.fingerprint.0.as_slice()).collect(),
            statuses: answers.iter().map(|(_, kept)| i16::try_from(kept.status).unwrap_or(i16::MAX)).collect(),
            etags: answers.iter().map(|(_, kept)| kept.etag.as_deref()).collect(),
            locations: answers.iter().map(|(_, kept)| kept.location.as_deref()).collect(),
            bodies: answers.iter().map(|(_, kept)| kept.body.as_slice()).collect(),
        }
    }
}
