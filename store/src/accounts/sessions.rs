//! Sessions: opened by a password or by a link that works once, closed by sign-out, by a new password, or
//! by time. The cookie holds a random id, the table its hash.

use std::net::IpAddr;

use domain::account::{SESSION_LIFE_SECONDS, SignIn, SignedInBy, User, session_closed, session_opened};
use domain::actor::Actor;
use domain::ids::{RequestId, UserId};
use domain::problem::Problem;
use domain::time::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::links::link_spend_in_tx;
use super::secrets::{LinkToken, SessionToken};
use super::users::{user_by_email_in_tx, user_share_in_tx};
use crate::error::StoreError;
use crate::ids;
use crate::journal::journal_append_in_tx;
use crate::limits::network;
use crate::request::Caller;
use crate::store::Store;
use crate::tx;

/// Where somebody comes from who wants to be let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    pub address: IpAddr,
    pub request_id: Option<RequestId>,
}

/// A session as just opened: the one time that its token is at hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OpenedSession {
    pub token: SessionToken,
    pub user: User,
    /// The end of its life, if it is not closed before or left unused.
    pub expires_at: Timestamp,
}

/// What somebody shows to be let in, once it was found to be good.
enum Shown {
    /// A password with this hash.
    Password {
        user: UserId,
        hash: String,
    },
    Link(LinkToken),
}

impl Store {
    /// Lets in whoever knows the password. `replaced` is the session that the browser had before: its id is
    /// worth nothing afterwards, so that nobody can have planted it.
    ///
    /// # Errors
    /// `sign_in_refused`, in the same time whether the email or the password is wrong; `rate_limited`,
    /// `busy`.
    pub async fn session_open(
        &self,
        origin: Origin,
        sign_in: &SignIn,
        replaced: Option<SessionToken>,
    ) -> Result<OpenedSession, StoreError> {
        self.accounts.tries_from.check(network(origin.address))?;
        self.accounts.tries_for.check(sign_in.email().clone())?;
        let email = sign_in.email().clone();
        let found = self.read(async move |mut conn| user_by_email_in_tx(&mut conn, &email).await).await?;
        let (user, hash) = found.map_or((None, None), |(user, hash)| (Some(user), hash));
        let known = user.as_ref().map(|user| user.id);
        let is_right = self.accounts.passwords.verify(sign_in.password(), hash.as_deref()).await?;
        let (Some(user), Some(hash), true) = (user.filter(|user| user.active), hash, is_right) else {
            tracing::warn!(address = %origin.address, user = known.map(|id| id.to_string()), "a sign-in was refused");
            return Err(Problem::SignInRefused.into());
        };
        // Whoever knows the password is not held up by those who guess at it.
        self.accounts.tries_for.forget(sign_in.email());
        self.open(origin, Shown::Password { user: user.id, hash }, replaced).await
    }

    /// Lets in whoever has a link that works once.
    ///
    /// # Errors
    /// `link_spent`, `rate_limited`, `busy`.
    pub async fn session_open_by_link(
        &self,
        origin: Origin,
        link: LinkToken,
        replaced: Option<SessionToken>,
    ) -> Result<OpenedSession, StoreError> {
        self.accounts.tries_from.check(network(origin.address))?;
        self.open(origin, Shown::Link(link), replaced).await
    }

    async fn open(
        &self,
        origin: Origin,
        shown: Shown,
        replaced: Option<SessionToken>,
    ) -> Result<OpenedSession, StoreError> {
        let (store, token) = (self.clone(), SessionToken::fresh());
        tx::detached(async move {
            let opened = tx::retrying(|| open_attempt(&store.pool, origin, &shown, &token, replaced.as_ref())).await;
            if let Some(replaced) = &replaced {
                store.accounts.credentials.forget_session(replaced);
            }
            opened
        })
        .await
    }

    /// Ends a session, at once on this server and within a second on the others. One that has ended
    /// already is no error.
    ///
    /// # Errors
    /// What the database said.
    pub async fn session_close(&self, caller: Caller, token: SessionToken) -> Result<(), StoreError> {
        let store = self.clone();
        tx::detached(async move {
            let closed = tx::retrying(|| close_attempt(&store.pool, caller, &token)).await;
            store.accounts.credentials.forget_session(&token);
            closed
        })
        .await
    }

    /// Ends all sessions of a user.
    ///
    /// # Errors
    /// What the database said.
    pub async fn session_close_all_of_user(&self, caller: Caller, user: UserId) -> Result<(), StoreError> {
        let store = self.clone();
        tx::detached(async move {
            let closed = tx::retrying(|| close_all_attempt(&store.pool, caller, user)).await;
            store.accounts.credentials.forget(Actor::User(user));
            closed
        })
        .await
    }
}

async fn open_attempt(
    pool: &PgPool,
    origin: Origin,
    shown: &Shown,
    token: &SessionToken,
    replaced: Option<&SessionToken>,
) -> Result<OpenedSession, StoreError> {
    let mut tx = pool.begin().await?;
    // The user's row is shared from here on: a new password or a deactivation comes before, and is seen, or
    // after, and ends this session too.
    let (user, by) = match shown {
        Shown::Password { user, hash } => {
            let shared = user_share_in_tx(&mut tx, *user).await?;
            let shared = shared.filter(|(user, stored)| user.active && stored.as_ref() == Some(hash));
            (shared.map(|(user, _)| user).ok_or(Problem::SignInRefused)?, SignedInBy::Password)
        }
        Shown::Link(link) => (link_spend_in_tx(&mut tx, link).await?, SignedInBy::Link),
    };
    if let Some(replaced) = replaced {
        session_delete_in_tx(&mut tx, replaced).await?;
    }
    let now = tx::clock_in_tx(&mut tx).await?;
    let expires_at = session_insert_in_tx(&mut tx, token, user.id, now).await?;
    let caller = Caller { actor: Actor::User(user.id), request_id: origin.request_id };
    let draft = session_opened(ids::change_id(), user.id, by);
    journal_append_in_tx(&mut tx, &[(caller, &draft)], now).await?;
    tx::commit(tx).await?;
    Ok(OpenedSession { token: token.clone(), user, expires_at })
}

async fn close_attempt(pool: &PgPool, caller: Caller, token: &SessionToken) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    let Some(user) = session_delete_in_tx(&mut tx, token).await? else { return Ok(()) };
    let now = tx::clock_in_tx(&mut tx).await?;
    journal_append_in_tx(&mut tx, &[(caller, &session_closed(ids::change_id(), user))], now).await?;
    tx::commit(tx).await
}

async fn close_all_attempt(pool: &PgPool, caller: Caller, user: UserId) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    user_share_in_tx(&mut tx, user).await?;
    if sessions_delete_in_tx(&mut tx, user).await? == 0 {
        return Ok(());
    }
    let now = tx::clock_in_tx(&mut tx).await?;
    journal_append_in_tx(&mut tx, &[(caller, &session_closed(ids::change_id(), user))], now).await?;
    tx::commit(tx).await
}

/// Writes a session; gives the end of its life.
pub(super) async fn session_insert_in_tx(
    conn: &mut PgConnection,
    token: &SessionToken,
    user: UserId,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let expires_at = now.plus_seconds(SESSION_LIFE_SECONDS);
    // It is there already where the answer to the commit that made it was lost.
    sqlx::query!(
        "insert into sessions (
            id_hash,
            user_id,
            created_at,
            expires_at,
            last_seen_at
        )
        values ($1, $2, $3, $4, $3)
        on conflict do nothing",
        &token.hash(),
        user.as_uuid(),
        now.as_datetime(),
        expires_at.as_datetime(),
    )
    .execute(conn)
    .await?;
    Ok(expires_at)
}

async fn session_delete_in_tx(conn: &mut PgConnection, token: &SessionToken) -> Result<Option<UserId>, StoreError> {
    let user = sqlx::query_scalar!("delete from sessions where id_hash = $1 returning user_id", &token.hash())
        .fetch_optional(conn)
        .await?;
    Ok(user.map(UserId::from_uuid))
}

pub(super) async fn sessions_delete_in_tx(conn: &mut PgConnection, user: UserId) -> Result<u64, StoreError> {
    let deleted = sqlx::query!("delete from sessions where user_id = $1", user.as_uuid()).execute(conn).await?;
    Ok(deleted.rows_affected())
}
