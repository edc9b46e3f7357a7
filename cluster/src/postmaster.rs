//! Our side of the server process: its data, its settings, its start, its stop.

use std::{
    fs,
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    APP_ROLE, ClusterError, DATABASE, OWNER_ROLE, SUPERUSER,
    account::Account,
    folders::Folders,
    programs::Programs,
    running::{POLL, end, pid_file, running},
};

/// After a crash Postgres first replays its log, which can take a while.
const START_SECONDS_MAX: u64 = 120;
const LOG_TAIL_BYTES: u64 = 4096;
const LOG_BYTES_MAX: u64 = 1 << 20;

/// What survives a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Every commit that was answered.
    Full,
    /// Nothing: the data is thrown away anyhow.
    None,
}

#[derive(Debug)]
pub(crate) struct Postmaster {
    pub(crate) programs: Programs,
    pub(crate) folders: Folders,
    pub(crate) account: Account,
    pub(crate) durability: Durability,
    /// The server process, where it was this one that started it.
    pub(crate) child: Option<Child>,
}

impl Postmaster {
    /// Makes the data unless it is there. A half-made one, left by a kill, is made anew: the name
    /// `data` is given only to one that is complete.
    pub(crate) fn initialise(&self) -> Result<(), ClusterError> {
        if self.folders.data.is_dir() {
            return Ok(());
        }
        let half = self.folders.home.join("data.half");
        if half.exists() {
            fs::remove_dir_all(&half).map_err(ClusterError::folder("remove", &half))?;
        }
        self.initdb(&half)?;
        self.make_database(&half)?;
        fs::rename(&half, &self.folders.data).map_err(ClusterError::folder("name", &self.folders.data))
    }

    fn initdb(&self, data: &Path) -> Result<(), ClusterError> {
        let mut initdb = self.command("initdb");
        initdb
            .arg("--pgdata")
            .arg(data)
            .args(["--username", SUPERUSER, "--encoding=UTF8", "--locale=C"])
            // Whoever can enter the socket's folder may log in; over the network nobody may.
            .args(["--auth-local=trust", "--auth-host=reject"])
            // Whoever commits first in a part of the log that is not there yet makes it, and the others wait: for
            // some milliseconds, where a part has 4 MB, and not for some tens, as for the 16 MB of the default.
            .arg("--wal-segsize=4");
        // Text sorts by its bytes, everywhere the same; upper and lower case know all letters.
        if self.programs.major >= 17 {
            initdb.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
        } else if cfg!(target_os = "linux") {
            initdb.arg("--lc-ctype=C.UTF-8");
        }
        if self.durability == Durability::None {
            initdb.arg("--no-sync");
        }
        let output = run(initdb, &self.programs.path("initdb"))?;
        self.initialised(&output)
    }

    /// Roles and database, by Postgres in its single-user mode: there is no server to connect to yet.
    fn make_database(&self, data: &Path) -> Result<(), ClusterError> {
        let create_db = match self.durability {
            Durability::Full => "NOCREATEDB",
            Durability::None => "CREATEDB",
        };
        let script = self.folders.top.join("create.sql");
        // In this mode a line is a statement.
        let statements = format!(
            "CREATE ROLE {APP_ROLE} LOGIN;\n\
             CREATE ROLE {OWNER_ROLE} LOGIN {create_db};\n\
             GRANT {APP_ROLE} TO {OWNER_ROLE};\n\
             CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE};\n"
        );
        fs::write(&script, statements).map_err(ClusterError::folder("write", &script))?;
        let input = fs::File::open(&script).map_err(ClusterError::folder("open", &script))?;
        let mut single = self.command("postgres");
        single.args(["--single", "-c", "exit_on_error=on", "-D"]).arg(data).arg("postgres").stdin(Stdio::from(input));
        let output = run(single, &self.programs.path("postgres"))?;
        let _ = fs::remove_file(&script);
        self.initialised(&output)
    }

    fn initialised(&self, output: &Output) -> Result<(), ClusterError> {
        if output.status.success() {
            return Ok(());
        }
        Err(ClusterError::Initialise { data: self.folders.data.clone(), output: said(output) })
    }

    /// Starts Postgres, or finds the one that runs on this data already.
    pub(crate) fn start(&mut self) -> Result<(), ClusterError> {
        if running(&self.folders, &self.account).is_some() {
            return self.until_ready(None);
        }
        self.remove_traces();
        self.launch().or_else(|_| {
            // After a kill of Postgres alone, its last children may need a moment to notice.
            thread::sleep(Duration::from_secs(1));
            self.launch()
        })
    }

    /// What a Postgres that was killed has left. It names a process by its number, which another one
    /// may have by now, and Postgres would not start for fear of it. Should children of the old one
    /// still be at work, Postgres knows them by their shared memory.
    fn remove_traces(&self) {
        for trace in [pid_file(&self.folders), self.folders.socket.join(".s.PGSQL.5432.lock")] {
            let _ = fs::remove_file(trace);
        }
    }

    fn launch(&mut self) -> Result<(), ClusterError> {
        let log = open_log(&self.folders.log)?;
        let log_too = log.try_clone().map_err(ClusterError::folder("open", &self.folders.log))?;
        let mut postgres = self.command("postgres");
        postgres.arg("-D").arg(&self.folders.data).stdout(Stdio::from(log)).stderr(Stdio::from(log_too));
        for (name, value) in self.settings() {
            postgres.arg("-c").arg(format!("{name}={value}"));
        }
        let child =
            postgres.spawn().map_err(|source| ClusterError::Run { program: self.programs.path("postgres"), source })?;
        self.until_ready(Some(child))
    }

    /// Waits until Postgres answers: the one just started, or one that somebody else has.
    fn until_ready(&mut self, mut child: Option<Child>) -> Result<(), ClusterError> {
        let waiting = Instant::now();
        while waiting.elapsed().as_secs() < START_SECONDS_MAX {
            if let Some(Ok(Some(status))) = child.as_mut().map(Child::try_wait) {
                return Err(self.not_started(format!("It ended with {status}.")));
            }
            match running(&self.folders, &self.account) {
                Some(found) if found.answers() => {
                    self.folders.socket = found.socket;
                    self.child = child;
                    return Ok(());
                }
                Some(_) => {}
                None if child.is_none() => return self.launch(),
                None => {}
            }
            thread::sleep(POLL);
        }
        Err(self.not_started(format!("It did not answer for {START_SECONDS_MAX} seconds.")))
    }

    /// Cuts the connections off and waits until the data is safely down.
    pub(crate) fn stop(&mut self) -> Result<(), ClusterError> {
        end(&self.folders, &self.account)?;
        if let Some(mut child) = self.child.take() {
            // It has ended: this only takes note of it.
            let _ = child.wait();
        }
        Ok(())
    }

    /// Everything is told on the command line, so that a newer version of this program can tell it
    /// otherwise without editing files in the data.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let socket = self.folders.socket.to_string_lossy().replace('"', "\"\"");
        let mut settings = vec![
            ("listen_addresses", String::new()),
            ("port", "5432".to_owned()),
            ("unix_socket_directories", format!("\"{socket}\"")),
            ("unix_socket_permissions", "0700".to_owned()),
            ("max_connections", "200".to_owned()),
            ("shared_buffers", "256MB".to_owned()),
            // A flash sale writes a gigabyte of log in a minute. With the default it would be in the middle of a
            // checkpoint by then, and wait for that one's writes.
            ("max_wal_size", "4GB".to_owned()),
            // So much of it is kept to be written over, which takes less than to make it anew.
            ("min_wal_size", "1GB".to_owned()),
            // The system is asked to write out tables soon and little by little. Left alone it does so in bursts, and a
            // commit waits for the burst before its flush.
            ("backend_flush_after", "256kB".to_owned()),
            // Tables that grow fast are vacuumed and analysed in the middle of a sale. It may take five times as long:
            // by default it was seen to take a quarter of one of two cores.
            ("autovacuum_vacuum_cost_delay", "10ms".to_owned()),
            ("random_page_cost", "1.1".to_owned()),
            ("jit", "off".to_owned()),
            ("timezone", "UTC".to_owned()),
            ("log_timezone", "UTC".to_owned()),
            // The server logs its own errors; a refused reservation is not worth a line here.
            ("log_min_messages", "log".to_owned()),
            ("log_checkpoints", "off".to_owned()),
        ];
        if self.durability == Durability::None {
            for name in ["fsync", "synchronous_commit", "full_page_writes"] {
                settings.push((name, "off".to_owned()));
            }
        }
        settings
    }

    fn command(&self, program: &str) -> Command {
        self.account.command(&self.programs.path(program), &self.folders.home)
    }

    fn not_started(&self, output: String) -> ClusterError {
        ClusterError::Start {
            output,
            log_file: self.folders.log.clone(),
            log: tail(&self.folders.log).unwrap_or_default(),
        }
    }
}

/// The log goes on where it ended, unless it has grown: then the old one is kept under another name.
fn open_log(path: &Path) -> Result<fs::File, ClusterError> {
    if fs::metadata(path).is_ok_and(|log| log.len() > LOG_BYTES_MAX) {
        let _ = fs::rename(path, path.with_extension("log.old"));
    }
    fs::File::options().create(true).append(true).mode(0o600).open(path).map_err(ClusterError::folder("open", path))
}

fn run(mut command: Command, program: &Path) -> Result<Output, ClusterError> {
    command.output().map_err(|source| ClusterError::Run { program: program.to_path_buf(), source })
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).trim().to_owned()
}

fn tail(file: &Path) -> io::Result<String> {
    let mut file = fs::File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_TAIL_BYTES)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(String::from_utf8_lossy(&end).trim().to_owned())
}
