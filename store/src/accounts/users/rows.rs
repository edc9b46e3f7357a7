//! Users as rows: locked, read, written.

use chrono::{DateTime, Utc};
use domain::account::User;
use domain::ids::UserId;
use domain::page::{Cursor, Direction, Limit};
use domain::problem::Problem;
use domain::text::{Email, Name};
use domain::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{StoreError, corrupt};

/// The user under its lock, with its password's hash.
pub(in crate::accounts) async fn user_lock_in_tx(
    conn: &mut PgConnection,
    id: UserId,
) -> Result<(User, Option<String>), StoreError> {
    sqlx::query!(r#"select 1 as "locked!" from users where id = $1 for no key update"#, id.as_uuid())
        .fetch_optional(&mut *conn)
        .await?;
    user_with_hash_in_tx(conn, id).await
}

/// The user with the password's hash, if there is such a user. Nobody changes it until the transaction
/// ends.
pub(in crate::accounts) async fn user_share_in_tx(
    conn: &mut PgConnection,
    id: UserId,
) -> Result<Option<(User, Option<String>)>, StoreError> {
    let locked = sqlx::query!(r#"select 1 as "locked!" from users where id = $1 for share"#, id.as_uuid());
    match locked.fetch_optional(&mut *conn).await? {
        Some(_) => user_with_hash_in_tx(conn, id).await.map(Some),
        None => Ok(None),
    }
}

/// # Errors
/// `email_taken`.
pub(super) async fn user_insert_in_tx(
    conn: &mut PgConnection,
    user: &User,
    password_hash: Option<&str>,
) -> Result<(), StoreError> {
    let inserted = sqlx::query!(
        "insert into users (
            id,
            email,
            name,
            role,
            active,
            password_hash,
            created_at
        )
        values ($1, $2, $3, $4, $5, $6, $7)",
        user.id.as_uuid(),
        user.email.as_str(),
        user.name.as_str(),
        user.role.to_string(),
        user.active,
        password_hash,
        user.created_at.as_datetime(),
    )
    .execute(conn)
    .await;
    email_is_free(inserted.map(drop), &user.email)
}

/// Writes the user's facts, and the password's hash where there is a new one.
///
/// # Errors
/// `email_taken`.
pub(in crate::accounts) async fn user_update_in_tx(
    conn: &mut PgConnection,
    user: &User,
    password_hash: Option<&str>,
) -> Result<(), StoreError> {
    let updated = sqlx::query!(
        "update users
        set
            email = $2,
            name = $3,
            role = $4,
            active = $5,
            password_hash = coalesce($6, password_hash)
        where id = $1",
        user.id.as_uuid(),
        user.email.as_str(),
        user.name.as_str(),
        user.role.to_string(),
        user.active,
        password_hash,
    )
    .execute(conn)
    .await;
    match updated {
        Ok(done) if done.rows_affected() == 1 => Ok(()),
        Ok(_) => Err(StoreError::Corrupt(format!("user {} went away under its lock", user.id))),
        Err(error) => email_is_free(Err(error), &user.email),
    }
}

fn email_is_free(written: Result<(), sqlx::Error>, email: &Email) -> Result<(), StoreError> {
    match written.map_err(StoreError::from) {
        Err(error) if error.constraint() == Some("users_email_key") => {
            Err(Problem::EmailTaken { email: email.clone() }.into())
        }
        written => written,
    }
}

pub(super) async fn user_fetch_in_tx(conn: &mut PgConnection, id: UserId) -> Result<User, StoreError> {
    user_with_hash_in_tx(conn, id).await.map(|(user, _)| user)
}

/// # Errors
/// `not_found`.
pub(in crate::accounts) async fn user_with_hash_in_tx(
    conn: &mut PgConnection,
    id: UserId,
) -> Result<(User, Option<String>), StoreError> {
    let row = sqlx::query_as!(
        UserRow,
        "select
            id,
            email,
            name,
            role,
            active,
            password_hash,
            created_at
        from users
        where id = $1",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.ok_or_else(|| Problem::not_found("user"))?.read()
}

/// The user with this email and its password's hash, where there is one.
pub(in crate::accounts) async fn user_by_email_in_tx(
    conn: &mut PgConnection,
    email: &Email,
) -> Result<Option<(User, Option<String>)>, StoreError> {
    let row = sqlx::query_as!(
        UserRow,
        "select
            id,
            email,
            name,
            role,
            active,
            password_hash,
            created_at
        from users
        where email = $1",
        email.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(UserRow::read).transpose()
}

pub(super) async fn users_read_in_tx(
    conn: &mut PgConnection,
    limit: Limit,
    cursor: Option<&Cursor<UserId>>,
) -> Result<Vec<User>, StoreError> {
    // Before the first of all comes the id of zeros.
    let beyond = cursor.map_or(Uuid::nil(), |cursor| cursor.key.as_uuid());
    let rows = match cursor.map_or(Direction::Next, |cursor| cursor.direction) {
        Direction::Next => {
            sqlx::query_as!(
                UserRow,
                "select
                    id,
                    email,
                    name,
                    role,
                    active,
                    password_hash,
                    created_at
                from users
                where id > $1
                order by id
                limit $2",
                beyond,
                limit.and_one(),
            )
            .fetch_all(conn)
            .await?
        }
        Direction::Prev => {
            sqlx::query_as!(
                UserRow,
                "select
                    id,
                    email,
                    name,
                    role,
                    active,
                    password_hash,
                    created_at
                from users
                where id < $1
                order by id desc
                limit $2",
                beyond,
                limit.and_one(),
            )
            .fetch_all(conn)
            .await?
        }
    };
    rows.into_iter().map(|row| row.read().map(|(user, _)| user)).collect()
}

struct UserRow {
    id: Uuid,
    email: String,
    name: String,
    role: String,
    active: bool,
    password_hash: Option<String>,
    created_at: DateTime<Utc>,
}

impl UserRow {
    fn read(self) -> Result<(User, Option<String>), StoreError> {
        let Self { id, email, name, role, active, password_hash, created_at } = self;
        let user = User {
            id: UserId::from_uuid(id),
            email: Email::new(email).map_err(|error| corrupt("users.email", error))?,
            name: Name::new(name).map_err(|error| corrupt("users.name", error))?,
            role: role.parse().map_err(|error| corrupt("users.role", error))?,
            active,
            created_at: Timestamp::new(created_at),
        };
        Ok((user, password_hash))
    }
}
