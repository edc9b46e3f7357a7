//! Keys and sessions as their tables have them.

use std::time::Instant;

use chrono::{DateTime, Utc};
use domain::account::SESSION_IDLE_SECONDS;
use domain::actor::Actor;
use domain::ids::{KeyId, UserId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Kind, Standing};
use crate::accounts::secrets::Hash;
use crate::error::{StoreError, corrupt};
use crate::request::Identity;

/// Those of the keys or sessions that let somebody in now.
pub(super) async fn standings_in_tx(
    conn: &mut PgConnection,
    kind: Kind,
    hashes: &[Vec<u8>],
) -> Result<Vec<(Hash, Standing)>, StoreError> {
    let rows = match kind {
        Kind::Key => {
            sqlx::query_as!(
                Row,
                r#"select
                    secret_hash as hash,
                    id as "who!",
                    role,
                    expires_at as ends_at,
                    clock_timestamp() as "now!"
                from api_keys
                where secret_hash = any($1)
                  and revoked_at is null
                  and (expires_at is null or expires_at > clock_timestamp())"#,
                hashes,
            )
            .fetch_all(conn)
            .await?
        }
        Kind::Session => {
            sqlx::query_as!(
                Row,
                r#"select
                    sessions.id_hash as hash,
                    users.id as "who!",
                    users.role,
                    least(sessions.expires_at, sessions.last_seen_at + make_interval(secs => $2)) as ends_at,
                    clock_timestamp() as "now!"
                from sessions
                join users on users.id = sessions.user_id
                where sessions.id_hash = any($1)
                  and users.active
                  and sessions.expires_at > clock_timestamp()
                  and sessions.last_seen_at > clock_timestamp() - make_interval(secs => $2)"#,
                hashes,
                SESSION_IDLE_SECONDS as f64,
            )
            .fetch_all(conn)
            .await?
        }
    };
    let read_at = Instant::now();
    rows.into_iter().map(|row| row.standing(kind, read_at)).collect()
}

struct Row {
    hash: Vec<u8>,
    who: Uuid,
    role: String,
    ends_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
}

impl Row {
    fn standing(self, kind: Kind, read_at: Instant) -> Result<(Hash, Standing), StoreError> {
        let Self { hash, who, role, ends_at, now } = self;
        let hash = Hash::try_from(hash).map_err(|_| StoreError::Corrupt("a hash has not 32 bytes".to_owned()))?;
        let actor = match kind {
            Kind::Key => Actor::Key(KeyId::from_uuid(who)),
            Kind::Session => Actor::User(UserId::from_uuid(who)),
        };
        let role = role.parse().map_err(|error| corrupt("a role", error))?;
        // Beyond what a clock can count there is no end.
        let ends_at = ends_at.and_then(|end| read_at.checked_add((end - now).to_std().unwrap_or_default()));
        Ok((hash, Standing { identity: Identity { actor, role }, read_at, ends_at }))
    }
}

/// Locks are taken in the order of the hashes: two servers that saw the same sessions do not meet.
pub(super) async fn used_write(pool: &PgPool, kind: Kind, hashes: &[Vec<u8>]) -> Result<(), StoreError> {
    let mut conn = pool.acquire().await?;
    match kind {
        Kind::Key => {
            sqlx::query!(
                "with used as (
                    select id
                    from api_keys
                    where secret_hash = any($1)
                    order by secret_hash
                    for no key update
                )
                update api_keys
                set last_used_at = clock_timestamp()
                from used
                where api_keys.id = used.id",
                hashes,
            )
            .execute(&mut *conn)
            .await?
        }
        Kind::Session => {
            sqlx::query!(
                "with used as (
                    select id_hash
                    from sessions
                    where id_hash = any($1)
                    order by id_hash
                    for no key update
                )
                update sessions
                set last_seen_at = clock_timestamp()
                from used
                where sessions.id_hash = used.id_hash",
                hashes,
            )
            .execute(&mut *conn)
            .await?
        }
    };
    Ok(())
}
