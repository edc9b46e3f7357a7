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
    let column = |text: fn(&Rendered) -> Option<String>| -> Vec<Option<String>> {
        answers.iter().map(|(_, rendered)| text(rendered)).collect()
    };
    let keys: Vec<String> = answers.iter().map(|(claim, _)| claim.key.as_str().to_owned()).collect();
    let callers: Vec<String> = answers.iter().map(|(claim, _)| claim.caller.clone()).collect();
    let fingerprints: Vec<Vec<u8>> = answers.iter().map(|(claim, _)| claim.fingerprint.0.to_vec()).collect();
    let statuses: Vec<i16> =
        answers.iter().map(|(_, rendered)| i16::try_from(rendered.status).unwrap_or(i16::MAX)).collect();
    let etags = column(|rendered| rendered.etag.clone());
    let locations = column(|rendered| rendered.location.clone());
    let bodies: Vec<Vec<u8>> = answers.iter().map(|(_, rendered)| rendered.body.clone()).collect();
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
        &keys,
        &callers,
        &fingerprints,
        &statuses,
        &etags as &[Option<String>],
        &locations as &[Option<String>],
        &bodies,
        now.as_datetime(),
    )
    .execute(conn)
    .await?
    .rows_affected();
    Ok(if inserted == answers.len() as u64 { Ok(()) } else { Err(Claimed) })
}
