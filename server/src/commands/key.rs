//! `holdfast key`: the keys with which programs call the API, from a shell. A running server lets in and
//! keeps out accordingly within a second.

use anyhow::anyhow;
use clap::Subcommand;
use domain::account::{ApiKey, KeyCreated, KeyRequest};
use domain::ids::KeyId;
use domain::page::Limit;
use domain::time::Timestamp;
use store::{Store, StoreError};

use super::asked::{refused, request};
use super::user::with_store;
use crate::config::DatabaseArgs;

#[derive(Debug, Subcommand)]
pub enum Key {
    /// Add a key and print it, once.
    Add {
        /// What the key is for.
        name: String,
        /// viewer, operator or admin.
        #[arg(long, default_value = "operator")]
        role: String,
        /// From when on it is refused, such as 2027-01-31T00:00:00Z [default: never].
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// List the keys, newest first, without the keys themselves.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Revoke a key: from then on it is refused.
    Revoke {
        /// The id under which it is listed.
        id: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

impl Key {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { name, role, expires_at, database } => {
                let new = KeyRequest::new(&name, &role, expires_at.as_deref()).map_err(refused)?;
                with_store(&database, async |store| add(store, new).await).await
            }
            Self::List { database } => with_store(&database, list).await,
            Self::Revoke { id, database } => {
                let id: KeyId = id.parse().map_err(|error| anyhow!("the key {error}"))?;
                with_store(&database, async |store| revoke(store, id).await).await
            }
        }
    }
}

async fn add(store: &Store, new: KeyRequest) -> Result<(), StoreError> {
    let created: KeyCreated = store.key_create(request(), new).await?.read()?;
    let key = created.key.as_ref().map_or("", |key| key.reveal());
    // Alone on standard output, so that a script can take it.
    eprintln!("The {} key {} ({}), shown once:", created.api_key.role, created.api_key.name, created.api_key.id);
    println!("{key}");
    Ok(())
}

async fn list(store: &Store) -> Result<(), StoreError> {
    let now = store.clock().await?;
    let mut cursor = None;
    loop {
        let page = store.key_list(Limit::default(), cursor.as_deref()).await?;
        for key in page.items {
            println!("{}  {:8}  {:22}  {}", key.id, key.role.to_string(), standing(&key, now), key.name);
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn standing(key: &ApiKey, now: Timestamp) -> String {
    let day = |at: Timestamp| at.to_calendar().chars().take(10).collect::<String>();
    match (key.revoked_at, key.expires_at) {
        (Some(revoked), _) => format!("revoked {}", day(revoked)),
        (None, Some(end)) if end <= now => format!("expired {}", day(end)),
        (None, _) => key.last_used_at.map_or("never used".to_owned(), |used| format!("used {}", day(used))),
    }
}

async fn revoke(store: &Store, id: KeyId) -> Result<(), StoreError> {
    let revoked: ApiKey = store.key_revoke(request(), id).await?.read()?;
    println!("The key {} ({}) is refused from now on.", revoked.name, revoked.id);
    Ok(())
}
