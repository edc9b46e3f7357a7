//! Who stands behind a key or a session, remembered so that letting somebody in costs no query.
//!
//! What is remembered is read again in the background, all of it in one statement, several times a second:
//! whatever was changed on another server, or by hand, is seen within a second. The server that changes
//! something forgets it at once. An entry that was not read again for a while is not trusted, and its time
//! is kept by this machine's monotonic clock, set by what the database's clock said.

mod rows;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use domain::actor::Actor;
use moka::sync::Cache;

use self::rows::{standings_in_tx, used_write};
use super::secrets::{Hash, KeySecret, SessionToken};
use crate::error::StoreError;
use crate::request::Identity;
use crate::store::Store;
use crate::tx;

/// How many credentials are remembered. Beyond that those used least cost a query.
const KNOWN_MAX: u64 = 20_000;
/// What was not used for so long is forgotten, and not read again in the background.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// What was not read again for so long is not trusted: the database was not to be reached, or nobody reads.
const TRUSTED: Duration = Duration::from_secs(10);
/// How many are read again, or written, in one statement.
const CHUNK: usize = 1_000;

/// What one server remembers of keys and sessions.
#[derive(Debug)]
pub(crate) struct Credentials {
    known: Cache<Hash, Arc<Known>>,
    /// How often something was forgotten because it changed. What was read before that is not remembered:
    /// it may be what it was before the change.
    forgotten: Mutex<u64>,
}

#[derive(Debug)]
struct Known {
    kind: Kind,
    /// Used since that was last written down.
    used: AtomicBool,
    standing: RwLock<Standing>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Key,
    Session,
}

/// What somebody is looked up for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Looked {
    /// To let them in.
    ToUse,
    /// To see whether they would still be let in.
    ToCheck,
}

/// Who it is, as it was read last.
#[derive(Clone, Copy, Debug)]
struct Standing {
    identity: Identity,
    read_at: Instant,
    ends_at: Option<Instant>,
}

impl Default for Credentials {
    fn default() -> Self {
        Self { known: Cache::builder().max_capacity(KNOWN_MAX).time_to_idle(IDLE).build(), forgotten: Mutex::new(0) }
    }
}

impl Credentials {
    /// Forgets all that lets this user or key in, because something about it changed.
    pub(crate) fn forget(&self, actor: Actor) {
        self.forget_where(|known| known.standing().identity.actor == actor);
    }

    pub(crate) fn forget_session(&self, token: &SessionToken) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        self.known.invalidate(&token.hash());
    }

    fn forget_where(&self, is_it: impl Fn(&Known) -> bool) {
        let mut forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        *forgotten += 1;
        for (hash, known) in &self.known {
            if is_it(&known) {
                self.known.invalidate(&*hash);
            }
        }
    }

    fn forgotten(&self) -> u64 {
        *self.forgotten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who it is, if that is remembered and to be trusted.
    fn recall(&self, hash: &Hash, looked: Looked) -> Option<Identity> {
        let known = self.known.get(hash)?;
        let standing = known.standing();
        let is_good = standing.read_at.elapsed() < TRUSTED && standing.ends_at.is_none_or(|end| Instant::now() < end);
        if is_good && looked == Looked::ToUse {
            known.used.store(true, Ordering::Relaxed);
        }
        is_good.then_some(standing.identity)
    }

    /// Remembers what was read, unless something was forgotten since before the reading.
    fn remember(&self, hash: Hash, kind: Kind, standing: Standing, looked: Looked, forgotten_before: u64) {
        let forgotten = self.forgotten.lock().unwrap_or_else(PoisonError::into_inner);
        if *forgotten == forgotten_before {
            let used = AtomicBool::new(looked == Looked::ToUse);
            let known = Known { kind, used, standing: RwLock::new(standing) };
            self.known.insert(hash, Arc::new(known));
        }
    }

    /// What is remembered, and whose it is.
    fn all(&self, kind: Kind) -> Vec<(Hash, Arc<Known>)> {
        self.known.iter().filter(|(_, known)| known.kind == kind).map(|(hash, known)| (*hash, known)).collect()
    }
}

impl Known {
    fn standing(&self) -> Standing {
        *self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Who an API key stands for; `None` for one that is unknown, revoked or past its time. Costs no query
    /// while it is remembered.
    ///
    /// # Errors
    /// What the database said.
    pub async fn identify_key(&self, secret: &KeySecret) -> Result<Option<Identity>, StoreError> {
        self.identify(secret.hash(), Kind::Key, Looked::ToUse).await
    }

    /// Who a session stands for; `None` for one that is unknown, was closed or has ended, or whose user was
    /// deactivated. Costs no query while it is remembered.
    ///
    /// # Errors
    /// What the database said.
    pub async fn identify_session(&self, token: &SessionToken) -> Result<Option<Identity>, StoreError> {
        self.identify(token.hash(), Kind::Session, Looked::ToUse).await
    }

    /// [`Self::identify_key`] for somebody who was let in before, without counting it as use.
    ///
    /// # Errors
    /// As there.
    pub async fn still_identify_key(&self, secret: &KeySecret) -> Result<Option<Identity>, StoreError> {
        self.identify(secret.hash(), Kind::Key, Looked::ToCheck).await
    }

    /// [`Self::identify_session`] for somebody who was let in before, without counting it as use.
    ///
    /// # Errors
    /// As there.
    pub async fn still_identify_session(&self, token: &SessionToken) -> Result<Option<Identity>, StoreError> {
        self.identify(token.hash(), Kind::Session, Looked::ToCheck).await
    }

    /// The same without asking the database: `None` also where it is not remembered.
    pub fn recall_key(&self, secret: &KeySecret) -> Option<Identity> {
        self.accounts.credentials.recall(&secret.hash(), Looked::ToUse)
    }

    /// The same without asking the database: `None` also where it is not remembered.
    pub fn recall_session(&self, token: &SessionToken) -> Option<Identity> {
        self.accounts.credentials.recall(&token.hash(), Looked::ToUse)
    }

    async fn identify(&self, hash: Hash, kind: Kind, looked: Looked) -> Result<Option<Identity>, StoreError> {
        let credentials = &self.accounts.credentials;
        if let Some(identity) = credentials.recall(&hash, looked) {
            return Ok(Some(identity));
        }
        let forgotten_before = credentials.forgotten();
        let hashes = vec![hash.to_vec()];
        let found = self.read(async move |mut conn| standings_in_tx(&mut conn, kind, &hashes).await).await?;
        let Some((_, standing)) = found.into_iter().next() else { return Ok(None) };
        credentials.remember(hash, kind, standing, looked, forgotten_before);
        Ok(Some(standing.identity))
    }

    /// Reads all that is remembered again, and forgets what lets nobody in any more. Gives how many are
    /// remembered. To be called several times a second.
    ///
    /// # Errors
    /// What the database said; what is remembered is then trusted for a few seconds more.
    pub async fn credentials_refresh_once(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        for kind in [Kind::Key, Kind::Session] {
            let known = self.accounts.credentials.all(kind);
            count += known.len();
            for chunk in known.chunks(CHUNK) {
                self.refresh(kind, chunk).await?;
            }
        }
        Ok(count)
    }

    async fn refresh(&self, kind: Kind, known: &[(Hash, Arc<Known>)]) -> Result<(), StoreError> {
        let hashes: Vec<Vec<u8>> = known.iter().map(|(hash, _)| hash.to_vec()).collect();
        let found = self.read(async move |mut conn| standings_in_tx(&mut conn, kind, &hashes).await).await?;
        let found: std::collections::HashMap<Hash, Standing> = found.into_iter().collect();
        for (hash, known) in known {
            match found.get(hash) {
                // Where it was forgotten meanwhile, this changes an entry that nobody finds any more.
                Some(standing) => *known.standing.write().unwrap_or_else(PoisonError::into_inner) = *standing,
                None => self.accounts.credentials.known.invalidate(hash),
            }
        }
        Ok(())
    }

    /// Writes down which keys and sessions were used since the last time. To be called once a minute, and
    /// at the end.
    ///
    /// # Errors
    /// What the database said; what was not written is lost.
    pub async fn credentials_used_write_once(&self) -> Result<(), StoreError> {
        for kind in [Kind::Key, Kind::Session] {
            let used = self.accounts.credentials.all(kind);
            let used = used.into_iter().filter(|(_, known)| known.used.swap(false, Ordering::Relaxed));
            let used: Vec<Vec<u8>> = used.map(|(hash, _)| hash.to_vec()).collect();
            for chunk in used.chunks(CHUNK) {
                let (pool, hashes) = (self.pool.clone(), chunk.to_vec());
                tx::detached(async move { tx::retrying(|| used_write(&pool, kind, &hashes)).await }).await?;
            }
        }
        Ok(())
    }
}
