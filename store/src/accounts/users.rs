//! Users: created, changed, listed. Who is no longer wanted is deactivated; nobody is deleted.

mod rows;

use domain::account::{
    Role, ShownOnce, User, UserChange, UserCreated, UserRequest, link_path, user_changed, user_created,
};
use domain::actor::Actor;
use domain::ids::UserId;
use domain::page::{Cursor, Limit, Page, binding};
use domain::problem::Problem;
use domain::text::{Email, Name};
use sqlx::PgConnection;

pub(super) use self::rows::{
    user_by_email_in_tx, user_lock_in_tx, user_share_in_tx, user_update_in_tx, user_with_hash_in_tx,
};
use self::rows::{user_fetch_in_tx, user_insert_in_tx, users_read_in_tx};
use super::links::{INVITATION_SECONDS, link_insert_in_tx, links_delete_in_tx};
use super::secrets::LinkToken;
use super::sessions::sessions_delete_in_tx;
use crate::edit::{Edit, Edited, edit};
use crate::error::{StoreError, refused};
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
