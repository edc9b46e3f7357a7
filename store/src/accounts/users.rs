//! Users: created, changed, listed. Who is no longer wanted is deactivated; nobody is deleted.

use chrono::{DateTime, Utc};
use domain::account::{
    Role, ShownOnce, User, UserChange, UserCreated, UserRequest, link_path, user_changed, user_created,
};
use domain::actor::Actor;
use domain::ids::UserId;
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::problem::Problem;
use domain::text::{Email, Name};
use domain::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::links::{INVITATION_SECONDS, link_insert_in_tx, links_delete_in_tx};
use super::secrets::LinkToken;
use super::sessions::sessions_delete_in_tx;
use crate::edit::{Edit, Edited, edit};
use crate::error::{StoreError, corrupt, refused};
use crate::ids;
use crate::request::{Answered, Request};
use crate::store::Store;
use crate::tx;

impl Store {
    /// A page of users, first the one that was there first.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn user_list(&self, limit: Limit, cursor: Option<&str>) -> Result<Page<User>, StoreError> {
        let binding = binding(&["users"]);
        let cursor = cursor.map(|text| Cursor::<UserId>::decode(text, binding)).transpose().map_err(refused)?;
        self.read(async move |mut conn| {
            let users = users_read_in_tx(&mut conn, limit, cursor.as_ref()).await?;
            Ok(Page::from_rows(users, limit, cursor.as_ref(), binding, |user| user.id))
        })
        .await
    }

    /// # Errors
    /// `not_found`.
    pub async fn user_fetch(&self, id: UserId) -> Result<User, StoreError> {
        self.read(async move |mut conn| user_fetch_in_tx(&mut conn, id).await).await
    }

    /// The user with this email.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn user_find(&self, email: &Email) -> Result<User, StoreError> {
        let email = email.clone();
        self.read(async move |mut conn| {
            let found = user_by_email_in_tx(&mut conn, &email).await?;
            found.map(|(user, _)| user).ok_or_else(|| Problem::not_found("user").into())
        })
        .await
    }

    /// Creates a user. Where no password is given the answer has a link that signs in once.
    ///
    /// # Errors
    /// `email_taken`; `invalid_input` where the password is easily guessed; `busy`.
    pub async fn user_create(&self, request: Request<UserCreated>, new: UserRequest) -> Result<Answered, StoreError> {
        let password_hash = match new.password() {
            Some(password) => {
                Some(self.accounts.passwords.hash(password, "password", about(new.email(), new.name())).await?)
            }
            None => None,
        };
        let link = password_hash.is_none().then(LinkToken::fresh);
        edit(&self.pool, request, UserCreate { id: ids::user_id(), new, password_hash, link }).await
    }

    /// Changes a user. A new password, and deactivation, end all sessions of the user.
    ///
    /// # Errors
    /// `not_found`, `email_taken`, `last_admin`; `invalid_input` where the password is easily guessed; `busy`.
    pub async fn user_change(
        &self,
        request: Request<User>,
        id: UserId,
        change: UserChange,
    ) -> Result<Answered, StoreError> {
        let password_hash = match change.password() {
            Some(password) => {
                let user = change.apply(&self.user_fetch(id).await?);
                Some(self.accounts.passwords.hash(password, "password", about(&user.email, &user.name)).await?)
            }
            None => None,
        };
        edit(&self.pool, request, UserEdit { id, change, password_hash, store: self.clone() }).await
    }
}

/// What an intruder would try first: email and name, whole, in one word, and their words.
pub(super) fn about(email: &Email, name: &Name) -> Vec<String> {
    let mut about = vec!["holdfast".to_owned()];
    for text in [email.as_str(), name.as_str()] {
        let words: Vec<&str> = text.split(|char: char| !char.is_alphanumeric()).collect();
        about.extend([text.to_owned(), words.concat()]);
        about.extend(words.into_iter().filter(|word| word.len() > 2).map(str::to_owned));
    }
    about
}

struct UserCreate {
    id: UserId,
    new: UserRequest,
    password_hash: Option<String>,
    link: Option<LinkToken>,
}

impl UserCreate {
    fn created(&self, user: User) -> UserCreated {
        let link = self.link.as_ref().map(|token| ShownOnce::new(link_path(token.reveal())));
        UserCreated { user, sign_in_link: link, notice: None }
    }
}

impl Edit for UserCreate {
    type View = UserCreated;

    async fn apply(&self, conn: &mut PgConnection) -> Result<Edited<UserCreated>, StoreError> {
        let now = tx::clock_in_tx(conn).await?;
        let user = User {
            id: self.id,
            email: self.new.email().clone(),
            name: self.new.name().clone(),
            role: self.new.role(),
            active: self.new.is_active(),
            created_at: now,
        };
        user_insert_in_tx(conn, &user, self.password_hash.as_deref()).await?;
        if let Some(token) = &self.link {
            link_insert_in_tx(conn, token, user.id, now, INVITATION_SECONDS).await?;
        }
        let draft = Some(user_created(ids::change_id(), &user));
        let view = self.created(user);
        let kept = Some(view.without_secret());
        Ok(Edited { view, kept, draft, at: now })
    }

    async fn done(&self, conn: &mut PgConnection) -> Result<Option<UserCreated>, StoreError> {
        match user_fetch_in_tx(conn, self.id).await {
            Ok(user) => Ok(Some(self.created(user))),
            Err(StoreError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

struct UserEdit {
    id: UserId,
    change: UserChange,
    password_hash: Option<String>,
    store: Store,
}

impl Edit for UserEdit {
    type View = User;

    async fn apply(&self, conn: &mut PgConnection) -> Result<Edited<User>, StoreError> {
        admins_lock_in_tx(conn, self.id).await?;
        let (before, _) = user_with_hash_in_tx(conn, self.id).await?;
        let now = tx::clock_in_tx(conn).await?;
        let after = self.change.apply(&before);
        let Some(draft) = user_changed(ids::change_id(), &before, &after, self.change.password()) else {
            return Ok(Edited { view: after, kept: None, draft: None, at: now });
        };
        user_update_in_tx(conn, &after, self.password_hash.as_deref()).await?;
        let is_admin = |user: &User| user.active && user.role == Role::Admin;
        if is_admin(&before) && !is_admin(&after) && !is_admin_left_in_tx(conn).await? {
            return Err(Problem::LastAdmin.into());
        }
        if self.password_hash.is_some() || !after.active {
            sessions_delete_in_tx(conn, self.id).await?;
            links_delete_in_tx(conn, self.id).await?;
        }
        Ok(Edited { view: after, kept: None, draft: Some(draft), at: now })
    }

    fn after(&self) {
        self.store.accounts.credentials.forget(Actor::User(self.id));
    }
}

/// Locks all active admins and this user, in the order of their ids: who takes the role from one of two
/// admins waits for whoever takes it from the other.
async fn admins_lock_in_tx(conn: &mut PgConnection, id: UserId) -> Result<(), StoreError> {
    sqlx::query!(
        r#"select 1 as "locked!"
        from users
        where (role = 'admin' and active)
           or id = $1
        order by id
        for no key update"#,
        id.as_uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

async fn is_admin_left_in_tx(conn: &mut PgConnection) -> Result<bool, StoreError> {
    let left = sqlx::query_scalar!(r#"select exists (select from users where role = 'admin' and active) as "left!""#)
        .fetch_one(conn)
        .await?;
    Ok(left)
}

/// The user under its lock, with its password's hash.
pub(super) async fn user_lock_in_tx(conn: &mut PgConnection, id: UserId) -> Result<(User, Option<String>), StoreError> {
    sqlx::query!(r#"select 1 as "locked!" from users where id = $1 for no key update"#, id.as_uuid())
        .fetch_optional(&mut *conn)
        .await?;
    user_with_hash_in_tx(conn, id).await
}

/// The user with the password's hash, if there is such a user. Nobody changes it until the transaction
/// ends.
pub(super) async fn user_share_in_tx(
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
async fn user_insert_in_tx(
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
pub(super) async fn user_update_in_tx(
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

async fn user_fetch_in_tx(conn: &mut PgConnection, id: UserId) -> Result<User, StoreError> {
    user_with_hash_in_tx(conn, id).await.map(|(user, _)| user)
}

/// # Errors
/// `not_found`.
pub(super) async fn user_with_hash_in_tx(
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
pub(super) async fn user_by_email_in_tx(
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

async fn users_read_in_tx(
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
