//! `holdfast verify`: stock = sum of the journal, and reserved = what is held or to be shipped.

use anyhow::bail;

use crate::config::DatabaseArgs;
use crate::database::Database;

/// How many rows that disagree are printed.
const SHOWN_MAX: i64 = 20;

pub(super) async fn run(args: DatabaseArgs) -> anyhow::Result<()> {
    let database = Database::open(&args).await?;
    let mismatches = database.store.verify_stock(SHOWN_MAX).await;
    database.close().await;
    let mismatches = mismatches?;
    for row in &mismatches {
        println!(
            "product {} in {}: on hand {} (journal {}), reserved {} (journal {}, held {}), version {} (entries {})",
            row.product_id,
            row.warehouse,
            row.on_hand,
            row.journal_on_hand,
            row.reserved,
            row.journal_reserved,
            row.held,
            row.version,
            row.journal_entries,
        );
    }
    match mismatches.len() {
        0 => println!("Every stock row equals the sum of its journal, and what is reserved is held or to be shipped."),
        rows if rows as i64 == SHOWN_MAX => bail!("{rows} stock rows or more disagree"),
        rows => bail!("{rows} stock rows disagree"),
    }
    Ok(())
}
