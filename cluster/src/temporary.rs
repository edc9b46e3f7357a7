//! Clusters for one run, and the removal of those whose process was killed before it could.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use nix::unistd::geteuid;
use tempfile::TempDir;

use crate::{ClusterError, account::Account, folders::Folders, running, sharing};

const PREFIX: &str = "holdfast-temporary-";

pub(crate) fn folder() -> Result<TempDir, ClusterError> {
    let parent = env::temp_dir();
    let folder = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempdir_in(&parent)
        .map_err(ClusterError::folder("make a folder in", parent))?;
    // Root's Postgres runs as somebody else, who must be able to pass.
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711))
        .map_err(ClusterError::folder("open", folder.path()))?;
    Ok(folder)
}

/// Stops and removes what killed processes of this user left running. It does what it can: none of it
/// is in the way of a new cluster.
pub(crate) fn sweep(account: &Account) {
    let Ok(entries) = fs::read_dir(env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && fs::symlink_metadata(entry.path()).is_ok_and(|it| it.is_dir() && it.uid() == geteuid().as_raw());
        if ours {
            sweep_one(&entry.path(), account);
        }
    }
}

fn sweep_one(top: &Path, account: &Account) {
    let Some(_alone) = sharing::abandoned(top) else {
        return;
    };
    let Ok(folders) = Folders::prepare(top, account) else {
        return;
    };
    if running::end(&folders, account).is_ok() {
        let _ = folders.remove_socket();
        let _ = fs::remove_dir_all(top);
    }
}
