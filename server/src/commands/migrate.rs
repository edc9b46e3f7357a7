//! `holdfast migrate`.

use crate::config::DatabaseArgs;
use crate::database::Database;

pub(super) async fn run(args: DatabaseArgs) -> anyhow::Result<()> {
    Database::open(&args).await?.close().await;
    println!("The database is up to date.");
    Ok(())
}
