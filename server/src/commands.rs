//! What `holdfast` can do, a file a command.

mod bench;
mod demo;
mod import;
mod migrate;
mod serve;
mod verify;

use clap::Subcommand;

use crate::config::{DatabaseArgs, ServeArgs};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the pages and the API.
    Serve {
        #[command(flatten)]
        serve: ServeArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Read a file into the database.
    #[command(subcommand)]
    Import(import::Import),
    /// Fill the database with a shop's past: orders that nobody placed.
    ///
    /// They are orders of the products that are there, or of products made for them. It can be run again,
    /// and writes as many more.
    Demo(demo::DemoArgs),
    /// Measure how fast Holdfast is here.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Prove that the stock is what the journal says.
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Bring the database's schema up to date, and nothing else.
    Migrate {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

impl Command {
    /// Runs the command to its end.
    ///
    /// # Errors
    /// What went wrong, in words for whoever runs it.
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve { serve, database } => serve::run(serve, database).await,
            Self::Import(import) => import.run().await,
            Self::Demo(args) => demo::run(args).await,
            Self::Bench(bench) => bench.run().await,
            Self::Verify { database } => verify::run(database).await,
            Self::Migrate { database } => migrate::run(database).await,
        }
    }
}
