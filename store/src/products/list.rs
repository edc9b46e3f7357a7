//! The list of products: by SKU, found by the beginnings of words.

mod stretch;

use std::collections::BTreeSet;

use domain::ids::ProductId;
use domain::page::{Cursor, Limit, Page, binding};
use domain::product::{ProductFilter, ProductSummary, query_words};
use domain::sku::Sku;
use domain::text::Name;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use self::stretch::Stretch;
use super::rows::price;
use crate::error::{StoreError, corrupt, refused};
use crate::store::Store;

/// More words, or longer ones, than a SKU and a name have room for; Postgres refuses to search for words
/// of more than 2,046 bytes.
const WORDS_MAX: usize = Sku::MAX_CHARS + Name::MAX_CHARS;
const WORD_BYTES_MAX: usize = 2_000;

impl Store {
    /// A page of products by SKU, with their stock over all warehouses.
    ///
    /// # Errors
    /// `bad_cursor`, `cursor_mismatch`.
    pub async fn product_list(
        &self,
        filter: &ProductFilter,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<ProductSummary>, StoreError> {
        let (filter, cursor) = (filter.clone(), cursor.map(str::to_owned));
        self.read(async move |mut conn| product_list_in_tx(&mut conn, &filter, limit, cursor.as_deref()).await).await
    }
}

async fn product_list_in_tx(
    conn: &mut PgConnection,
    filter: &ProductFilter,
    limit: Limit,
    cursor: Option<&str>,
) -> Result<Page<ProductSummary>, StoreError> {
    let binding = binding(&["products", &filter.query, filter.archived.into()]);
    let cursor = cursor.map(|text| Cursor::<Sku>::decode(text, binding)).transpose().map_err(refused)?;
    let words: BTreeSet<String> = query_words(&filter.query).collect();
    let searches = !filter.query.trim().is_empty();
    let too_long = words.len() > WORDS_MAX || words.iter().any(|word| word.len() > WORD_BYTES_MAX);
    let rows = if searches && (words.is_empty() || too_long) {
        // Something was searched for that no product's words can begin with.
        Vec::new()
    } else {
        let stretch = Stretch { archived: filter.archived, words: &words, cursor: cursor.as_ref(), limit };
        stretch.rows_in_tx(conn).await?
    };
    let items = rows.into_iter().map(ProductSummary::try_from).collect::<Result<_, _>>()?;
    Ok(Page::from_rows(items, limit, cursor.as_ref(), binding, |item: &ProductSummary| item.sku.clone()))
}

#[derive(FromRow)]
struct SummaryRow {
    id: Uuid,
    sku: String,
    name: String,
    price_minor: i64,
    currency: String,
    archived: bool,
    low_stock_threshold: Option<i64>,
    on_hand: i64,
    reserved: i64,
    /// Over the warehouses that are active.
    available: i64,
}

impl TryFrom<SummaryRow> for ProductSummary {
    type Error = StoreError;

    fn try_from(row: SummaryRow) -> Result<Self, StoreError> {
        let SummaryRow {
            id,
            sku,
            name,
            price_minor,
            currency,
            archived,
            low_stock_threshold,
            on_hand,
            reserved,
            available,
        } = row;
        Ok(Self {
            id: ProductId::from_uuid(id),
            sku: Sku::new(sku).map_err(|error| corrupt("products.sku", error))?,
            name: Name::new(name).map_err(|error| corrupt("products.name", error))?,
            price: price(price_minor, &currency)?,
            archived,
            low_stock_threshold,
            on_hand,
            reserved,
            available,
        })
    }
}
