//! Several processes may use one cluster, and the last one out turns off the light.
//!
//! `start.lock` is held while Postgres is being started or stopped, so that one process at a time
//! decides. `use.lock` is held, shared, for as long as a process uses the cluster. Both are locks of
//! the operating system on open files: a process that dies, however it dies, lets go of them.

use std::{
    fs::{File, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use crate::ClusterError;

const START_LOCK: &str = "start.lock";
const USE_LOCK: &str = "use.lock";

/// This process's turn to start the cluster it has joined.
#[derive(Debug)]
pub(crate) struct Joining {
    shared: Shared,
    _turn: File,
}

/// This process uses the cluster.
#[derive(Debug)]
pub(crate) struct Shared {
    in_use: File,
    top: PathBuf,
}

/// Who else uses the cluster that this process has just left.
#[derive(Debug)]
pub(crate) enum Share {
    WithOthers,
    /// Nobody; and nobody can come in until these are dropped.
    Alone([File; 2]),
}

impl Joining {
    /// The cluster runs: the next process may come in.
    pub(crate) fn ready(self) -> Shared {
        self.shared
    }
}

impl Shared {
    /// Waits for our turn, then counts us among the users.
    pub(crate) fn join(top: &Path) -> Result<Joining, ClusterError> {
        let turn = locked(top)?;
        let use_lock = top.join(USE_LOCK);
        let in_use = open(&use_lock)?;
        in_use.lock_shared().map_err(ClusterError::folder("lock", &use_lock))?;
        Ok(Joining { shared: Self { in_use, top: top.to_path_buf() }, _turn: turn })
    }

    pub(crate) fn leave(self) -> Result<Share, ClusterError> {
        let turn = locked(&self.top)?;
        // Let go of it first: two processes that both waited to go from shared to exclusive would wait
        // for each other, and our turn keeps everybody else out in between. Unlocked, not just closed:
        // a program being started by another thread holds a copy of the open file for a moment.
        let use_lock = self.top.join(USE_LOCK);
        self.in_use.unlock().map_err(ClusterError::folder("unlock", &use_lock))?;
        match self.in_use.try_lock() {
            Ok(()) => Ok(Share::Alone([turn, self.in_use])),
            Err(TryLockError::WouldBlock) => Ok(Share::WithOthers),
            Err(TryLockError::Error(error)) => Err(ClusterError::folder("lock", use_lock)(error)),
        }
    }
}

/// The locks of a cluster that nobody uses any more, taken without waiting. One that is only being
/// made has no use lock yet, and is left alone.
pub(crate) fn abandoned(top: &Path) -> Option<[File; 2]> {
    let turn = File::open(top.join(START_LOCK)).ok()?;
    turn.try_lock().ok()?;
    let in_use = File::open(top.join(USE_LOCK)).ok()?;
    in_use.try_lock().ok()?;
    Some([turn, in_use])
}

fn locked(top: &Path) -> Result<File, ClusterError> {
    let path = top.join(START_LOCK);
    let file = open(&path)?;
    file.lock().map_err(ClusterError::folder("lock", &path))?;
    Ok(file)
}

/// Closed to others: who can open a lock can hold it.
fn open(path: &Path) -> Result<File, ClusterError> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(ClusterError::folder("open", path))
}
