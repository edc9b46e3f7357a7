//! Where things lie under the data folder.
//!
//! ```text
//! TOP/start.lock  TOP/use.lock   whose turn it is, and who is here (sharing.rs)
//! TOP/postgres.log               what Postgres says
//! TOP/postgres/data/             the cluster, in a folder of the Postgres account's own, closed to others
//! TOP/socket/                    the same account's, closed too; the Unix socket
//! TOP/programs/VERSION/          a copy of the programs, where that account cannot reach the original
//! ```
//!
//! TOP itself stays the caller's, so that root never writes a file into a folder that another
//! account could have prepared with links.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::unistd::geteuid;

use crate::{ClusterError, account::Account};

/// A socket's address holds 104 bytes on macOS and 108 on Linux, the closing zero included; the
/// file's name, `/.s.PGSQL.5432`, takes 14.
const SOCKET_DIR_BYTES_MAX: usize = 104 - 1 - 14;

#[derive(Debug, Clone)]
pub(crate) struct Folders {
    pub(crate) top: PathBuf,
    pub(crate) home: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) socket: PathBuf,
}

/// Where a cluster's data is kept when nobody says otherwise: `/var/lib/holdfast` for root, and
/// `$XDG_DATA_HOME/holdfast` or `~/.local/share/holdfast` for everybody else.
pub fn default_data_dir() -> Result<PathBuf, ClusterError> {
    if geteuid().is_root() {
        return Ok(PathBuf::from("/var/lib/holdfast"));
    }
    let set = |name| env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
    set("XDG_DATA_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .map(|data| data.join("holdfast"))
        .ok_or(ClusterError::NoHome)
}

impl Folders {
    /// Makes what is missing, with the owners and the modes it needs.
    pub(crate) fn prepare(data_dir: &Path, account: &Account) -> Result<Self, ClusterError> {
        let top_mode = match account {
            Account::Own { .. } => 0o700,
            Account::Other { .. } => 0o755,
        };
        make(data_dir, top_mode)?;
        let top = data_dir.canonicalize().map_err(ClusterError::folder("find", data_dir))?;
        account.require_way_to(&top)?;

        let home = top.join("postgres");
        make_closed(&home, account)?;
        let socket = socket_dir(&top);
        make_closed(&socket, account)?;
        Ok(Self { data: home.join("data"), log: top.join("postgres.log"), home, socket, top })
    }

    /// The socket's folder lies elsewhere when the data's path is long.
    pub(crate) fn remove_socket(&self) -> io::Result<()> {
        fs::remove_dir_all(&self.socket)
    }

    /// The major version that made the data, if there is any.
    pub(crate) fn data_major(&self) -> Option<u32> {
        let version = fs::read_to_string(self.data.join("PG_VERSION")).ok()?;
        version.trim().parse().ok()
    }
}

fn socket_dir(top: &Path) -> PathBuf {
    let beside = top.join("socket");
    if beside.as_os_str().len() <= SOCKET_DIR_BYTES_MAX {
        return beside;
    }
    let mut hasher = DefaultHasher::new();
    top.hash(&mut hasher);
    let name = format!("holdfast-{:016x}", hasher.finish());
    let short = env::temp_dir().join(&name);
    if short.as_os_str().len() <= SOCKET_DIR_BYTES_MAX { short } else { Path::new("/tmp").join(name) }
}

fn make(folder: &Path, mode: u32) -> Result<(), ClusterError> {
    fs::DirBuilder::new().recursive(true).mode(mode).create(folder).map_err(ClusterError::folder("make", folder))
}

/// A folder for the Postgres account alone. One that exists must be that already (in a shared
/// temporary folder somebody else may have been first), or ours to give.
fn make_closed(folder: &Path, account: &Account) -> Result<(), ClusterError> {
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(ClusterError::folder("make", folder)(error)),
    }
    let look = || fs::symlink_metadata(folder).map_err(ClusterError::folder("look at", folder));
    let found = look()?;
    if found.is_dir() && found.uid() == geteuid().as_raw() {
        account.take(folder)?;
    }
    let found = look()?;
    let closed = found.permissions().mode() & 0o077 == 0;
    if found.is_dir() && found.uid() == account.uid() && closed {
        Ok(())
    } else {
        Err(ClusterError::NotOurs { folder: folder.to_path_buf() })
    }
}
