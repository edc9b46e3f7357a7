//! A user changes the own password. Whoever else is signed in as this user is signed out.

use domain::account::{PasswordChange, user_changed};
use domain::actor::Actor;
use domain::ids::UserId;
use domain::problem::Problem;
use sqlx::PgPool;

use super::links::links_delete_in_tx;
use super::secrets::SessionToken;
use super::sessions::{OpenedSession, Origin, session_insert_in_tx, sessions_delete_in_tx};
use super::users::{about, user_lock_in_tx, user_update_in_tx, user_with_hash_in_tx};
use crate::error::StoreError;
use crate::ids;
use crate::journal::journal_append_in_tx;
use crate::limits::network;
use crate::request::Caller;
use crate::store::Store;
use crate::tx;

impl Store {
    /// Changes the caller's own password, ends all sessions of the user and opens a new one.
    ///
    /// # Errors
    /// `invalid_input` for `current` where it is not the password, for `new` where that is easily guessed;
    /// `not_found` where the caller is no user; `rate_limited`, `busy`.
    pub async fn user_password_change(
        &self,
        origin: Origin,
        caller: Caller,
        change: PasswordChange,
    ) -> Result<OpenedSession, StoreError> {
        let Actor::User(id) = caller.actor else { return Err(Problem::not_found("user").into()) };
        self.accounts.tries_from.check(network(origin.address))?;
        let (user, present) = self.read(async move |mut conn| user_with_hash_in_tx(&mut conn, id).await).await?;
        match (&present, change.current()) {
            // Whom a link let in for the first time has none yet.
            (None, _) => {}
            (Some(_), None) => return Err(Problem::field("current", "is required").into()),
            (Some(_), Some(current)) => {
                if !self.accounts.passwords.verify(current, present.as_deref()).await? {
                    return Err(Problem::field("current", "is not your password").into());
                }
            }
        }
        let about = about(&user.email, &user.name);
        let hash = self.accounts.passwords.hash(change.new_password(), "new", about).await?;
        let (store, token) = (self.clone(), SessionToken::fresh());
        tx::detached(async move {
            let known = Known { id, hash: present };
            let changed = tx::retrying(|| attempt(&store.pool, caller, &known, &change, &hash, &token)).await;
            store.accounts.credentials.forget(caller.actor);
            changed
        })
        .await
    }
}

/// The user, and the password's hash that the present password was compared with.
struct Known {
    id: UserId,
    hash: Option<String>,
}

async fn attempt(
    pool: &PgPool,
    caller: Caller,
    known: &Known,
    change: &PasswordChange,
    hash: &str,
    token: &SessionToken,
) -> Result<OpenedSession, StoreError> {
    let mut tx = pool.begin().await?;
    let (user, stored) = user_lock_in_tx(&mut tx, known.id).await?;
    let is_done = stored.as_deref() == Some(hash);
    if (stored != known.hash && !is_done) || !user.active {
        // It was changed meanwhile, by whoever knows the new one.
        return Err(Problem::Unauthenticated.into());
    }
    let now = tx::clock_in_tx(&mut tx).await?;
    sessions_delete_in_tx(&mut tx, known.id).await?;
    links_delete_in_tx(&mut tx, known.id).await?;
    let expires_at = session_insert_in_tx(&mut tx, token, known.id, now).await?;
    // Where the answer to the commit was lost it was told of already.
    if !is_done {
        user_update_in_tx(&mut tx, &user, Some(hash)).await?;
        if let Some(draft) = user_changed(ids::change_id(), &user, &user, Some(change.new_password())) {
            journal_append_in_tx(&mut tx, &[(caller, &draft)], now).await?;
        }
    }
    tx::commit(tx).await?;
    Ok(OpenedSession { token: token.clone(), user, expires_at })
}
