//! A Postgres of our own, for a machine that has none running: the programs are found, a cluster is
//! initialised, started, shared by every process that asks for it and stopped by the last one out.
//!
//! It listens on a Unix socket alone, in a folder that only the account Postgres runs as (and root)
//! can enter. That folder is the lock on the door: inside it every login is trusted without a
//! password, because whoever can enter could read the data's files as well.
//!
//! Read on in this order: `sharing` (who may start and stop it), `folders`, `account`, `programs`,
//! `postmaster`, `running`, `write_out`.
//!
//! Everything here blocks, for seconds when a cluster is initialised; in async code call it from
//! `spawn_blocking`.

mod account;
mod error;
mod folders;
mod postmaster;
mod programs;
mod running;
mod sharing;
mod temporary;
#[cfg(target_os = "linux")]
mod write_out;

use std::path::{Path, PathBuf};

pub use error::ClusterError;
pub use folders::default_data_dir;

use account::Account;
use folders::Folders;
use postmaster::{Durability, Postmaster};
use programs::Programs;
use sharing::{Share, Shared};
use tempfile::TempDir;

/// The login that made the cluster and may do anything in it.
pub const SUPERUSER: &str = "postgres";
/// The login that owns the database, migrates it, and may become [`APP_ROLE`]. Not a superuser.
pub const OWNER_ROLE: &str = "holdfast_owner";
/// The login that serves. It can do what the owner grants it, and nothing before.
pub const APP_ROLE: &str = "holdfast_app";
/// The one database of a cluster.
pub const DATABASE: &str = "holdfast";
/// The oldest major version of Postgres that will do.
pub const OLDEST_MAJOR_VERSION: u32 = 15;

/// What to start, and with which programs.
#[derive(Debug, Clone)]
pub struct Options {
    place: Place,
    programs: Option<PathBuf>,
}

#[derive(Debug, Clone)]
enum Place {
    Kept(PathBuf),
    Temporary(Durability),
}

impl Options {
    /// A cluster whose data stays in `data_dir` between runs. See [`default_data_dir`].
    pub fn kept(data_dir: impl Into<PathBuf>) -> Self {
        Self { place: Place::Kept(data_dir.into()), programs: None }
    }

    /// A cluster for one run, removed when it stops. It trades safety for speed (no fsync), and its
    /// owner may make databases, as tests do.
    pub fn temporary() -> Self {
        Self { place: Place::Temporary(Durability::None), programs: None }
    }

    /// A cluster for one run, removed when it stops, that keeps what was committed as safely as one that
    /// stays: for measuring.
    pub fn measured() -> Self {
        Self { place: Place::Temporary(Durability::Full), programs: None }
    }

    /// The folder with `postgres` and `initdb`. `None` has them looked for.
    pub fn programs(mut self, folder: Option<PathBuf>) -> Self {
        self.programs = folder;
        self
    }
}

/// A running cluster that this process uses. Dropping it gives the use back as [`Cluster::stop`]
/// does, without a word when that fails.
#[derive(Debug)]
pub struct Cluster {
    #[cfg(target_os = "linux")]
    write_out: Option<write_out::WriteOut>,
    postmaster: Postmaster,
    shared: Option<Shared>,
    /// Dropped last: it takes the data away.
    temporary: Option<TempDir>,
}

/// What became of a cluster after its use was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// This was the last process that used it: Postgres has shut down.
    Down,
    /// Other processes use it still: Postgres runs on.
    StillUsed,
}

impl Cluster {
    /// Starts the cluster, or joins the one that already runs on the same data, whoever started it.
    /// The first start initialises it, in about a second.
    pub fn start(options: Options) -> Result<Self, ClusterError> {
        let account = Account::for_postgres()?;
        let (data_dir, temporary, durability) = match &options.place {
            Place::Kept(data_dir) => (data_dir.clone(), None, Durability::Full),
            Place::Temporary(durability) => {
                temporary::sweep(&account);
                let folder = temporary::folder()?;
                (folder.path().to_path_buf(), Some(folder), *durability)
            }
        };
        let folders = Folders::prepare(&data_dir, &account)?;
        let shared = Shared::join(&folders.top)?;
        let programs = Programs::find(options.programs.as_deref(), &folders, &account)?;
        let mut postmaster = Postmaster { programs, folders, account, durability, child: None };
        postmaster.initialise()?;
        postmaster.start()?;
        Ok(Self {
            #[cfg(target_os = "linux")]
            write_out: (durability == Durability::Full).then(|| write_out::WriteOut::start(&postmaster.folders.data)),
            postmaster,
            shared: Some(shared.ready()),
            temporary,
        })
    }

    /// Where the owner of the database connects: migrations and tests.
    pub fn owner_url(&self) -> String {
        self.url(OWNER_ROLE)
    }

    /// Where the server connects.
    pub fn app_url(&self) -> String {
        self.url(APP_ROLE)
    }

    /// The version of Postgres that runs, such as "18.4".
    pub fn version(&self) -> &str {
        &self.postmaster.programs.version
    }

    /// The folder of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.postmaster.folders.socket
    }

    /// Gives the use back, and shuts Postgres down when nobody else uses it. Connections still open
    /// are cut off, their transactions rolled back.
    pub fn stop(mut self) -> Result<Stopped, ClusterError> {
        self.leave()
    }

    fn url(&self, role: &str) -> String {
        let socket = percent_encode(&self.socket_dir().to_string_lossy());
        format!("postgres://{role}@localhost/{DATABASE}?host={socket}")
    }

    fn leave(&mut self) -> Result<Stopped, ClusterError> {
        let Some(shared) = self.shared.take() else {
            return Ok(Stopped::Down);
        };
        #[cfg(target_os = "linux")]
        drop(self.write_out.take());
        match shared.leave()? {
            Share::WithOthers => Ok(Stopped::StillUsed),
            Share::Alone(locks) => {
                self.postmaster.stop()?;
                drop(locks);
                Ok(Stopped::Down)
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.leave();
        if let Some(folder) = self.temporary.take() {
            let _ = self.postmaster.folders.remove_socket();
            let _ = folder.close();
        }
    }
}

/// Everything but letters, digits and the marks that a URL's query takes as they are.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}
