//! Who Postgres runs as. It refuses root, so root hands it to another user of the machine.

use std::{
    fs::{self, Metadata},
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use nix::unistd::{User, geteuid};

use crate::ClusterError;

/// Tried in this order by root. `nobody` may be shared with other services, which could then reach
/// the data; `postgres` exists on machines that have the system's package.
const ACCOUNTS_FOR_ROOT: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone)]
pub(crate) enum Account {
    /// The user who runs this process.
    Own { uid: u32 },
    /// Another user; this process is root's.
    Other { name: String, uid: u32, gid: u32 },
}

impl Account {
    pub(crate) fn for_postgres() -> Result<Self, ClusterError> {
        let own = geteuid();
        if !own.is_root() {
            return Ok(Self::Own { uid: own.as_raw() });
        }
        ACCOUNTS_FOR_ROOT
            .iter()
            .filter_map(|name| User::from_name(name).ok().flatten())
            .find(|user| !user.uid.is_root())
            .map(|user| Self::Other { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw() })
            .ok_or(ClusterError::NoAccount)
    }

    pub(crate) fn uid(&self) -> u32 {
        match self {
            Self::Own { uid } | Self::Other { uid, .. } => *uid,
        }
    }

    /// A command that runs as this user, in its own process group so that a Ctrl-C meant for us does
    /// not reach it, and without our `PG*` variables, which would steer it.
    pub(crate) fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).stdin(Stdio::null()).process_group(0).env("LC_ALL", "C");
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        match self {
            Self::Own { .. } => {}
            Self::Other { uid, gid, .. } => {
                command.uid(*uid).gid(*gid);
            }
        }
        command
    }

    pub(crate) fn take(&self, folder: &Path) -> Result<(), ClusterError> {
        match self {
            Self::Own { .. } => Ok(()),
            Self::Other { uid, gid, .. } => {
                chown(folder, Some(*uid), Some(*gid)).map_err(ClusterError::folder("give away", folder))
            }
        }
    }

    /// The first folder on the way down to `path` (itself included) that this user cannot enter.
    pub(crate) fn barred_from(&self, path: &Path) -> Option<PathBuf> {
        let Self::Other { uid, gid, .. } = self else {
            return None;
        };
        let mut folders: Vec<&Path> = path.ancestors().collect();
        folders.reverse();
        folders
            .into_iter()
            .find(|folder| fs::metadata(folder).is_ok_and(|it| !may_enter(&it, *uid, *gid)))
            .map(Path::to_path_buf)
    }

    pub(crate) fn require_way_to(&self, path: &Path) -> Result<(), ClusterError> {
        match (self, self.barred_from(path)) {
            (Self::Other { name, .. }, Some(folder)) => {
                Err(ClusterError::Unreachable { folder, account: name.clone() })
            }
            _ => Ok(()),
        }
    }
}

fn may_enter(folder: &Metadata, uid: u32, gid: u32) -> bool {
    let mode = folder.mode();
    if folder.uid() == uid {
        mode & 0o100 != 0
    } else if folder.gid() == gid {
        mode & 0o010 != 0
    } else {
        mode & 0o001 != 0
    }
}
