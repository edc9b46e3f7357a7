//! Chaos tests inside a server, for its page: one at a time, against the server's own address.
//!
//! A run asks as whoever started it, and much more often than people may: its requests carry a pass that this
//! server made for itself, by which they are not counted.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app::ssr::chaos::{ChaosRunner, StarterHeaders};
use axum::http::HeaderMap;
use domain::chaos::{ChaosPlan, ChaosRun, Guards};
use domain::problem::Problem;
use store::Store;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Afterwards, Progress, Target};
use crate::wire::{Address, Credentials, Door};

/// The header with the pass.
const PASS: &str = "x-holdfast-pass";
/// How long a run is waited for when the server stops.
const CLOSE_MAX: Duration = Duration::from_secs(6);

/// Starts runs and knows the last one. What it knows is gone with the server; the journal is not.
pub struct ChaosDesk {
    store: Store,
    address: Address,
    /// What nobody else can know, made anew with each server.
    pass: String,
    current: Mutex<Option<Current>>,
}

#[derive(Debug)]
struct Current {
    /// Of the form that started it.
    key: String,
    progress: Arc<Progress>,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl ChaosDesk {
    /// For the server that can be reached at `address`.
    pub fn new(store: Store, address: Address) -> Self {
        let pass = store::ids::idempotency_key().as_str().to_owned();
        Self { store, address, pass, current: Mutex::new(None) }
    }

    /// Whether a request is one of a run of this server, which is not counted. Who sent it is another question.
    pub(crate) fn is_own(&self, headers: &HeaderMap) -> bool {
        headers.get(PASS).is_some_and(|pass| pass.as_bytes() == self.pass.as_bytes())
    }

    /// Stops the run that is under way and gives it a moment to put its things away: it still needs the
    /// server's door.
    pub async fn close(&self) {
        self.stop();
        let running = self.known().take().map(|current| current.running);
        if let Some(running) = running
            && tokio::time::timeout(CLOSE_MAX, running).await.is_err()
        {
            tracing::warn!("a chaos test could not put its things away in time");
        }
    }

    fn known(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The pass shows in no log.
impl fmt::Debug for ChaosDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChaosDesk").field("address", &self.address).finish_non_exhaustive()
    }
}

impl ChaosRunner for ChaosDesk {
    fn start(&self, plan: ChaosPlan, key: &str, headers: StarterHeaders) -> Result<(), Problem> {
        let mut current = self.known();
        if let Some(current) = current.as_ref() {
            if !key.is_empty() && current.key == key {
                return Ok(());
            }
            if !current.running.is_finished() {
                return Err(Problem::ChaosUnderWay);
            }
        }
        let target = match plan.guards() {
            Guards::On => {
                let headers = headers.into_iter().chain([(PASS, self.pass.clone())]);
                Target::Servers(vec![Door::new(self.address.clone(), Credentials::headers(headers))])
            }
            Guards::Off => Target::Unguarded(self.store.clone()),
        };
        let (progress, stop) = (Arc::new(Progress::new(plan)), CancellationToken::new());
        let running = {
            let (progress, stop) = (progress.clone(), stop.clone());
            tokio::spawn(async move { super::run(plan, target, Afterwards::PutAway, &progress, &stop).await })
        };
        *current = Some(Current { key: key.to_owned(), progress, stop, running });
        Ok(())
    }

    fn stop(&self) {
        if let Some(current) = self.known().as_ref() {
            current.stop.cancel();
        }
    }

    fn current(&self) -> Option<ChaosRun> {
        let progress = self.known().as_ref().map(|current| current.progress.clone());
        progress.map(|progress| progress.snapshot())
    }
}
