//! The server process as the system knows it: whether one runs on our data, whoever started it, and its
//! end.

use std::{
    fs,
    os::unix::{fs::MetadataExt, net::UnixStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{ClusterError, account::Account, folders::Folders};

const STOP_SECONDS_MAX: u64 = 60;
pub(crate) const POLL: Duration = Duration::from_millis(20);

#[derive(Debug)]
pub(crate) struct Running {
    pid: i32,
    pub(crate) socket: PathBuf,
    ready: bool,
}

impl Running {
    pub(crate) fn answers(&self) -> bool {
        self.ready && UnixStream::connect(self.socket.join(".s.PGSQL.5432")).is_ok()
    }
}

/// What `postmaster.pid` says, if the process it names is a Postgres on this data. Its lines: process,
/// data, start, port, socket's folder, address, shared memory, state.
pub(crate) fn running(folders: &Folders, account: &Account) -> Option<Running> {
    let text = fs::read_to_string(pid_file(folders)).ok()?;
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let pid = lines.first()?.parse().ok()?;
    if !serves(pid, &folders.data, account) {
        return None;
    }
    Some(Running {
        pid,
        socket: PathBuf::from(lines.get(4).copied().unwrap_or_default()),
        ready: lines.get(7) == Some(&"ready"),
    })
}

/// Shuts down the Postgres that runs on this data, if one does.
pub(crate) fn end(folders: &Folders, account: &Account) -> Result<(), ClusterError> {
    let Some(found) = running(folders, account) else {
        return Ok(());
    };
    // SIGINT is what Postgres calls a fast shutdown.
    let sent = kill(Pid::from_raw(found.pid), Signal::SIGINT);
    let waiting = Instant::now();
    while running(folders, account).is_some_and(|it| it.pid == found.pid) {
        if waiting.elapsed().as_secs() >= STOP_SECONDS_MAX {
            let output = match sent {
                Ok(()) => format!("process {} still runs", found.pid),
                Err(error) => format!("process {} could not be told: {error}", found.pid),
            };
            return Err(ClusterError::Stop { output });
        }
        thread::sleep(POLL);
    }
    Ok(())
}

pub(crate) fn pid_file(folders: &Folders) -> PathBuf {
    folders.data.join("postmaster.pid")
}

/// Whether the process is that account's and has this data on its command line. The number alone
/// would not do: after a restart of the machine, or of a container, another process may have it.
fn serves(pid: i32, data: &Path, account: &Account) -> bool {
    let (owner, arguments) = if cfg!(target_os = "linux") {
        let process = PathBuf::from(format!("/proc/{pid}"));
        let owner = fs::metadata(&process).ok().map(|it| it.uid());
        // Between arguments lie zeros, and a finished process that nobody has waited for has none.
        let arguments = fs::read(process.join("cmdline")).unwrap_or_default();
        (owner, arguments)
    } else {
        let ps = |field| {
            let output = Command::new("ps").args(["-ww", "-o", field, "-p", &pid.to_string()]).output();
            output.map(|it| it.stdout).unwrap_or_default()
        };
        let owner = String::from_utf8_lossy(&ps("uid=")).trim().parse().ok();
        (owner, ps("args="))
    };
    let data = data.as_os_str().as_encoded_bytes();
    owner == Some(account.uid()) && arguments.windows(data.len()).any(|part| part == data)
}
