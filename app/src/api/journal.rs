//! What happened.

use domain::journal::Entry;
use domain::page::Page;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Journal entries, newest first: all, those about one `subject` (`kind:id`), or those about a `product`
/// (its id) and its stock.
#[server(prefix = "/api/fn", endpoint = "journal_list", input = GetUrl)]
pub async fn journal_list(
    subject: Option<String>,
    product: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
) -> Result<Page<Entry>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk()?;
    let product = read::given("product", product, "must be a product's id")?;
    let filter = domain::journal::EntryFilter { subject: read::subject(subject)?, product };
    Ok(desk.store.journal_list(&filter, read::limit(limit)?, read::text(&cursor)).await?)
}
