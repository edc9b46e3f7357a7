//! Configuration: flags, each with an environment variable to fall back on. `--help` prints them with
//! their units and defaults.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

/// Which database to work on.
#[derive(Clone, Args)]
pub struct DatabaseArgs {
    /// The Postgres to use (15 or later), as its owner: migrations run through it. Without it Holdfast
    /// runs one of its own.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// The login that serves, on the same database. It is given the rights it needs, which do not
    /// include changing the journal. Without it the owner serves.
    #[arg(long, env = "DATABASE_APP_URL", hide_env_values = true, value_name = "URL", requires = "database_url")]
    pub database_app_url: Option<String>,

    /// Where Holdfast's own Postgres keeps its data between runs [default: holdfast in the user's data
    /// folder, /var/lib/holdfast for root].
    #[arg(long, env = "HOLDFAST_DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<PathBuf>,

    /// The folder with the programs of Postgres [default: looked for].
    #[arg(long, env = "HOLDFAST_POSTGRES_BIN", value_name = "FOLDER")]
    pub postgres_bin: Option<PathBuf>,

    /// The most connections to keep open to the database.
    #[arg(long, env = "HOLDFAST_DATABASE_CONNECTIONS", value_name = "COUNT", default_value_t = 20,
          value_parser = clap::value_parser!(u32).range(2..=1_000))]
    pub database_connections: u32,
}

/// How to serve.
#[derive(Clone, Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on. Until there is sign-in it must be one of this machine alone.
    #[arg(long, env = "HOLDFAST_LISTEN", value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,

    /// The folder with the files of the pages.
    #[arg(long, env = "LEPTOS_SITE_ROOT", value_name = "FOLDER", default_value = "target/site")]
    pub site_root: PathBuf,

    /// How many seconds requests under way are given to end when the server is told to stop.
    #[arg(long, env = "HOLDFAST_SHUTDOWN_SECONDS", value_name = "SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(0..=600))]
    pub shutdown_seconds: u64,
}

/// Addresses may hold passwords: they are left out.
impl std::fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseArgs")
            .field("data_dir", &self.data_dir)
            .field("postgres_bin", &self.postgres_bin)
            .field("database_connections", &self.database_connections)
            .finish_non_exhaustive()
    }
}
