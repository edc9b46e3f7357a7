//! The first user of an empty database, so that somebody can sign in and make the others.

use domain::account::{Password, Role, ShownOnce, User, user_created};
use domain::actor::{Actor, SystemActor};
use domain::text::{Email, Name, TextError};
use sqlx::PgPool;

use super::links::{SETUP_SECONDS, link_insert_in_tx};
use super::secrets::LinkToken;
use super::users::about;
use crate::error::{StoreError, corrupt};
use crate::ids;
use crate::journal::journal_append_in_tx;
use crate::request::Caller;
use crate::store::Store;
use crate::tx;

/// Whom the journal names.
const CALLER: Caller = Caller { actor: Actor::System(SystemActor::Setup), request_id: None };

/// A password of these is read out and typed without mistakes; 20 of them have 99 bits of chance.
const LETTERS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const LETTERS_PER_GROUP: usize = 5;

/// The admin that was made in an empty database.
#[derive(Debug)]
pub struct FirstAdmin {
    pub user: User,
    pub password: FirstPassword,
    /// Signs in once, within an hour.
    pub link: LinkToken,
}

/// The first admin's password.
#[derive(Debug)]
pub enum FirstPassword {
    /// The one that was asked for.
    Given,
    /// One that was made, to be told once.
    Made(ShownOnce),
}

/// A new password that nobody has seen.
///
/// # Errors
/// None in practice: what is made here is a password.
pub fn random_password() -> Result<Password, StoreError> {
    let letter = || char::from(LETTERS[rand::random_range(0..LETTERS.len())]);
    let group = || (0..LETTERS_PER_GROUP).map(|_| letter()).collect::<String>();
    let groups: Vec<String> = (0..GROUPS).map(|_| group()).collect();
    Password::new(groups.join("-")).map_err(|error| corrupt("a password that was made", error))
}

impl Store {
    /// Makes an admin if there is no user at all; of servers that start at once one does. `None` where
    /// there are users.
    ///
    /// # Errors
    /// `invalid_input` where the password is easily guessed, or what the database said.
    pub async fn first_admin_create(
        &self,
        email: Email,
        password: Option<Password>,
    ) -> Result<Option<FirstAdmin>, StoreError> {
        let has_users = self.read(async move |mut conn| {
            let any = sqlx::query_scalar!(r#"select exists (select from users) as "any!""#);
            Ok(any.fetch_one(&mut *conn).await?)
        });
        if has_users.await? {
            return Ok(None);
        }
        let name = Name::new("Admin").map_err(|error: TextError| corrupt("a name", error))?;
        let (password, told) = match password {
            Some(password) => (password, FirstPassword::Given),
            None => {
                let password = random_password()?;
                let told = FirstPassword::Made(ShownOnce::new(password.reveal()));
                (password, told)
            }
        };
        let hash = self.accounts.passwords.hash(&password, "password", about(&email, &name)).await?;
        let (pool, link) = (self.pool.clone(), LinkToken::fresh());
        let (id, token) = (ids::user_id(), link.clone());
        let user = tx::detached(async move { tx::retrying(|| attempt(&pool, id, &email, &name, &hash, &token)).await });
        Ok(user.await?.map(|user| FirstAdmin { user, password: told, link }))
    }
}

async fn attempt(
    pool: &PgPool,
    id: domain::ids::UserId,
    email: &Email,
    name: &Name,
    hash: &str,
    link: &LinkToken,
) -> Result<Option<User>, StoreError> {
    let mut tx = pool.begin().await?;
    let now = tx::clock_in_tx(&mut tx).await?;
    let user = User { id, email: email.clone(), name: name.clone(), role: Role::Admin, active: true, created_at: now };
    // The UNIQUE on `first` has whoever comes at the same time wait, and then find it taken.
    let inserted = sqlx::query!(
        "insert into users (
            id,
            email,
            name,
            role,
            password_hash,
            created_at,
            first
        )
        select $1, $2, $3, $4, $5, $6, true
        where not exists (select from users)
        on conflict do nothing",
        user.id.as_uuid(),
        user.email.as_str(),
        user.name.as_str(),
        user.role.to_string(),
        hash,
        now.as_datetime(),
    )
    .execute(&mut *tx)
    .await?;
    if inserted.rows_affected() == 0 {
        // Ours, where the answer to the commit was lost.
        let mine = sqlx::query_scalar!(r#"select exists (select from users where id = $1) as "mine!""#, id.as_uuid());
        return Ok(mine.fetch_one(&mut *tx).await?.then_some(user));
    }
    link_insert_in_tx(&mut tx, link, id, now, SETUP_SECONDS).await?;
    journal_append_in_tx(&mut tx, &[(CALLER, &user_created(ids::change_id(), &user))], now).await?;
    tx::commit(tx).await?;
    Ok(Some(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_was_made_can_be_set_and_is_another_each_time() {
        let (one, other) = (random_password().unwrap(), random_password().unwrap());
        assert_eq!(one.reveal().len(), 23);
        assert_ne!(one.reveal(), other.reveal());
    }
}
