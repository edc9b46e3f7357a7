//! Runs a command with a Postgres of its own, which is gone when the command ends.
//!
//! ```text
//! with-postgres [--migrations FOLDER] -- COMMAND [ARGUMENT...]
//! ```
//!
//! The command finds DATABASE_URL (the owner's) and DATABASE_APP_URL (the server's login) set, to an
//! empty database or one migrated with the files of FOLDER. HOLDFAST_POSTGRES_BIN names the folder of
//! the Postgres programs. It compiles without the store, which in turn is compiled against the
//! database it makes.

use std::{
    env,
    error::Error,
    ffi::{OsStr, OsString},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus},
};

use cluster::{Cluster, Options};
use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use sqlx::{Connection, PgConnection, migrate::Migrator};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
};

const USAGE: &str = "usage: with-postgres [--migrations FOLDER] -- COMMAND [ARGUMENT...]";

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("with-postgres: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<u8, Failure> {
    let arguments = Arguments::parse(env::args_os().skip(1))?;
    // From here on a signal ends the command, and through it us, instead of us alone.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

    let programs = env::var_os("HOLDFAST_POSTGRES_BIN").map(PathBuf::from);
    let options = Options::temporary().programs(programs);
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(options)).await??;
    if let Some(folder) = &arguments.migrations {
        migrate(folder, &cluster.owner_url()).await?;
    }

    let mut command = Command::new(&arguments.command)
        .args(&arguments.arguments)
        .env("DATABASE_URL", cluster.owner_url())
        .env("DATABASE_APP_URL", cluster.app_url())
        .spawn()
        .map_err(|error| format!("could not run {}: {error}", arguments.command.display()))?;
    let status = loop {
        tokio::select! {
            status = command.wait() => break status?,
            // A Ctrl-C reaches the command by itself, through the terminal.
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = command.id().and_then(|id| i32::try_from(id).ok()) {
                    let _ = signal::kill(Pid::from_raw(pid), Signal::SIGTERM);
                }
            }
        }
    };
    tokio::task::spawn_blocking(|| cluster.stop()).await??;
    Ok(code_of(status))
}

async fn migrate(folder: &Path, url: &str) -> Result<(), Failure> {
    let mut connection = PgConnection::connect(url).await?;
    Migrator::new(folder).await?.run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// As a shell gives it: 128 and the signal's number for a command that a signal ended.
fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|number| 128 + number));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

struct Arguments {
    migrations: Option<PathBuf>,
    command: OsString,
    arguments: Vec<OsString>,
}

impl Arguments {
    fn parse(mut given: impl Iterator<Item = OsString>) -> Result<Self, Failure> {
        let mut migrations = None;
        loop {
            let argument = given.next().ok_or(USAGE)?;
            if argument == OsStr::new("--") {
                break;
            } else if argument == OsStr::new("--migrations") {
                migrations = Some(PathBuf::from(given.next().ok_or(USAGE)?));
            } else {
                return Err(USAGE.into());
            }
        }
        Ok(Self { migrations, command: given.next().ok_or(USAGE)?, arguments: given.collect() })
    }
}
