//! API keys: created, listed, revoked. A key is shown once, its hash is kept.

use chrono::{DateTime, Utc};
use domain::account::{ApiKey, KeyCreated, KeyRequest, ShownOnce, key_created, key_revoked};
use domain::actor::Actor;
use domain::ids::KeyId;
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::problem::Problem;
use domain::text::Name;
use domain::time::Timestamp;
use sqlx::PgConnection;
use uuid::Uuid;

use super::secrets::KeySecret;
use crate::edit::{Edit, Edited, edit};
use crate::error::{StoreError, corrupt, refused};
use crate::ids;
use crate::request::{Answered, Request};
use crate::store::Store;
use crate::tx;

impl Store {
    /// A page of keys, newest first, those that were revoked included.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn key_list(&self, limit: Limit, cursor: Option<&str>) -> Result<Page<ApiKey>, StoreError> {
        let binding = binding(&["keys"]);
        let cursor = cursor.map(|text| Cursor::<KeyId>::decode(text, binding)).transpose().map_err(refused)?;
        self.read(async move |mut conn| {
            let keys = keys_read_in_tx(&mut conn, limit, cursor.as_ref()).await?;
            Ok(Page::from_rows(keys, limit, cursor.as_ref(), binding, |key| key.id))
        })
        .await
    }

    /// Creates a key. The answer has the key itself, once.
    ///
    /// # Errors
    /// `invalid_input` where it would have expired already.
    pub async fn key_create(&self, request: Request<KeyCreated>, new: KeyRequest) -> Result<Answered, StoreError> {
        let id = ids::key_id();
        edit(&self.pool, request, KeyCreate { id, new, secret: KeySecret::fresh(id) }).await
    }

    /// Revokes a key: from then on it is refused, at once on this server and within a second on the others.
    /// One that was revoked before stays as it is.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn key_revoke(&self, request: Request<ApiKey>, id: KeyId) -> Result<Answered, StoreError> {
        edit(&self.pool, request, KeyRevoke { id, store: self.clone() }).await
    }
}

struct KeyCreate {
    id: KeyId,
    new: KeyRequest,
    secret: KeySecret,
}

impl KeyCreate {
    fn created(&self, api_key: ApiKey) -> KeyCreated {
        KeyCreated { api_key, key: Some(ShownOnce::new(self.secret.reveal())), notice: None }
    }
}

impl Edit for KeyCreate {
    type View = KeyCreated;

    async fn apply(&self, conn: &mut PgConnection) -> Result<Edited<KeyCreated>, StoreError> {
        let now = tx::clock_in_tx(conn).await?;
        self.new.check_at(now).map_err(refused)?;
        let key = ApiKey {
            id: self.id,
            name: self.new.name().clone(),
            role: self.new.role(),
            created_at: now,
            expires_at: self.new.expires_at(),
            last_used_at: None,
            revoked_at: None,
        };
        key_insert_in_tx(conn, &key, &self.secret).await?;
        let draft = Some(key_created(ids::change_id(), &key));
        let view = self.created(key);
        let kept = Some(view.without_secret());
        Ok(Edited { view, kept, draft, at: now })
    }

    async fn done(&self, conn: &mut PgConnection) -> Result<Option<KeyCreated>, StoreError> {
        Ok(key_fetch_in_tx(conn, self.id).await?.map(|key| self.created(key)))
    }
}

struct KeyRevoke {
    id: KeyId,
    store: Store,
}

impl Edit for KeyRevoke {
    type View = ApiKey;

    async fn apply(&self, conn: &mut PgConnection) -> Result<Edited<ApiKey>, StoreError> {
        sqlx::query!(r#"select 1 as "locked!" from api_keys where id = $1 for no key update"#, self.id.as_uuid())
            .fetch_optional(&mut *conn)
            .await?;
        let before = key_fetch_in_tx(conn, self.id).await?.ok_or_else(|| Problem::not_found("key"))?;
        let now = tx::clock_in_tx(conn).await?;
        if before.revoked_at.is_some() {
            return Ok(Edited { view: before, kept: None, draft: None, at: now });
        }
        sqlx::query!(
            "update api_keys
            set revoked_at = $2
            where id = $1
              and revoked_at is null",
            self.id.as_uuid(),
            now.as_datetime(),
        )
        .execute(conn)
        .await?;
        let draft = Some(key_revoked(ids::change_id(), &before));
        Ok(Edited { view: ApiKey { revoked_at: Some(now), ..before }, kept: None, draft, at: now })
    }

    fn after(&self) {
        self.store.accounts.credentials.forget(Actor::Key(self.id));
    }
}

async fn key_insert_in_tx(conn: &mut PgConnection, key: &ApiKey, secret: &KeySecret) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into api_keys (
            id,
            name,
            role,
            secret_hash,
            created_at,
            expires_at
        )
        values ($1, $2, $3, $4, $5, $6)",
        key.id.as_uuid(),
        key.name.as_str(),
        key.role.to_string(),
        &secret.hash(),
        key.created_at.as_datetime(),
        key.expires_at.map(Timestamp::as_datetime),
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn key_fetch_in_tx(conn: &mut PgConnection, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
    let row = sqlx::query_as!(
        KeyRow,
        "select
            id,
            name,
            role,
            created_at,
            expires_at,
            last_used_at,
            revoked_at
        from api_keys
        where id = $1",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(ApiKey::try_from).transpose()
}

async fn keys_read_in_tx(
    conn: &mut PgConnection,
    limit: Limit,
    cursor: Option<&Cursor<KeyId>>,
) -> Result<Vec<ApiKey>, StoreError> {
    // After the last of all, newest first, comes the id of zeros; before the first the one of ones.
    let beyond = cursor.map_or(Uuid::max(), |cursor| cursor.key.as_uuid());
    let rows = match cursor.map_or(Direction::Next, |cursor| cursor.direction) {
        Direction::Next => {
            sqlx::query_as!(
                KeyRow,
                "select
                    id,
                    name,
                    role,
                    created_at,
                    expires_at,
                    last_used_at,
                    revoked_at
                from api_keys
                where id < $1
                order by id desc
                limit $2",
                beyond,
                limit.and_one(),
            )
            .fetch_all(conn)
            .await?
        }
        Direction::Prev => {
            sqlx::query_as!(
                KeyRow,
                "select
                    id,
                    name,
                    role,
                    created_at,
                    expires_at,
                    last_used_at,
                    revoked_at
                from api_keys
                where id > $1
                order by id
                limit $2",
                beyond,
                limit.and_one(),
            )
            .fetch_all(conn)
            .await?
        }
    };
    rows.into_iter().map(ApiKey::try_from).collect()
}

struct KeyRow {
    id: Uuid,
    name: String,
    role: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl TryFrom<KeyRow> for ApiKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        let KeyRow { id, name, role, created_at, expires_at, last_used_at, revoked_at } = row;
        Ok(Self {
            id: KeyId::from_uuid(id),
            name: Name::new(name).map_err(|error| corrupt("api_keys.name", error))?,
            role: role.parse().map_err(|error| corrupt("api_keys.role", error))?,
            created_at: Timestamp::new(created_at),
            expires_at: expires_at.map(Timestamp::new),
            last_used_at: last_used_at.map(Timestamp::new),
            revoked_at: revoked_at.map(Timestamp::new),
        })
    }
}
