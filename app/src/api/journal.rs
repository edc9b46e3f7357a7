//! What happened.

#![expect(clippy::too_many_arguments, reason = "they are the parameters of a query string")]

use domain::journal::NamedEntry;
use domain::page::Page;
use leptos::prelude::*;
use server_fn::codec::GetUrl;

use crate::error::ApiError;

/// Journal entries, newest first: all, those about one `subject` (`kind:id`, where a SKU, an order's number or a
/// warehouse's code will do for the id), those about a `product` (its id or SKU) and its stock, those by one
/// `actor` or of one `action`, those `from` one date or time and before another (`to`). They say the names of whom
/// they tell.
#[server(prefix = "/api/fn", endpoint = "journal_list", input = GetUrl)]
pub async fn journal_list(
    subject: Option<String>,
    product: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
    limit: Option<String>,
) -> Result<Page<NamedEntry>, ApiError> {
    use crate::ssr::{desk, read};
    let desk = desk::<JournalList>()?;
    let filter = read::entry_filter(&desk.store, [subject, product, actor, action, from, to]).await?;
    let page = desk.store.journal_list(&filter, read::limit(limit)?, read::text(&cursor)).await?;
    Ok(desk.store.journal_name_page(page).await?)
}

/// The latest entries, for a page that shows some: all, or those about one subject or product.
pub(crate) async fn journal_latest(about: About, limit: &str) -> Result<Vec<NamedEntry>, ApiError> {
    let (subject, product) = match about {
        About::Everything => (None, None),
        About::Subject(subject) => (Some(subject), None),
        About::Product(product) => (None, Some(product)),
    };
    let limit = Some(limit.to_owned());
    Ok(journal_list(subject, product, None, None, None, None, None, limit).await?.items)
}

/// What the latest entries are about.
pub(crate) enum About {
    Everything,
    /// One subject, as `kind:id`.
    Subject(String),
    /// A product and its stock, by the product's id.
    Product(String),
}
