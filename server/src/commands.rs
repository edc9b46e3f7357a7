//! What `holdfast` can do, a file a command.

mod asked;
mod bench;
mod chaos;
mod demo;
mod import;
mod key;
mod migrate;
mod serve;
mod signals;
mod user;
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
    /// Manage the people who sign in.
    #[command(subcommand)]
    User(user::User),
    /// Manage the keys with which programs call the API.
    #[command(subcommand)]
    Key(key::Key),
    /// Read a file into the database.
    #[command(subcommand)]
    Import(import::Import),
    /// Fill the database with a shop's past: orders that nobody placed.
    ///
    /// They are orders of the products that are there, or of products made for them. It can be run again,
    /// and writes as many more.
    Demo(demo::DemoArgs),
    /// Prove under fire that a running server never oversells.
    ///
    /// A crowd of buyers comes for a product that is made for the run, through the server's real door:
    /// some send twice, some close their connection or are cut off in the middle and ask again under their
    /// key, some pay at the very moment when their hold runs out, some forget it. Then stock and journal
    /// are read, and must tell the same story as the buyers. Afterwards the orders are cancelled, the units
    /// written off and the product archived. The exit status is 0 where everything was proved, 1 where not.
    Chaos(chaos::ChaosArgs),
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
            Self::User(user) => user.run().await,
            Self::Key(key) => key.run().await,
            Self::Import(import) => import.run().await,
            Self::Demo(args) => demo::run(args).await,
            Self::Chaos(args) => chaos::run(args).await,
            Self::Bench(bench) => bench.run().await,
            Self::Verify { database } => verify::run(database).await,
            Self::Migrate { database } => migrate::run(database).await,
        }
    }
}
