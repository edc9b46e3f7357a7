//! The list of products: by SKU, found by the beginnings of words. The one place where its SQL is put
//! together; a filter that is not given is absent from it.

use std::collections::BTreeSet;

use domain::ids::ProductId;
use domain::page::{Cursor, Direction, Limit, Page, binding};
use domain::product::{Archived, ProductFilter, ProductSummary, query_words};
use domain::sku::Sku;
use domain::text::Name;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::rows::price;
use crate::error::{StoreError, corrupt, refused};
use crate::store::Store;

/// More words, or longer ones, than a SKU and a name have room for; Postgres refuses to search for words
/// of more than 2,046 bytes.
const WORDS_MAX: usize = Sku::MAX_CHARS + Name::MAX_CHARS;
const WORD_BYTES_MAX: usize = 2_000;

/// How many products a search walks along before it turns to the index of words: some milliseconds' worth. A page of
/// fifty is found among them where one in four hundred matches; of a million, 2,500 are then left to be put in order.
const NEAR: i64 = 20_000;

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

/// A stretch of the list: its first rows in the cursor's direction.
struct Stretch<'a> {
    archived: Archived,
    /// What words of the products begin with; none for all products.
    words: &'a BTreeSet<String>,
    cursor: Option<&'a Cursor<Sku>>,
    limit: Limit,
}

/// How the products that match are come by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    /// Along the list, no further than [`NEAR`] products. Quick where many match, and all there is without words.
    Along,
    /// From the index of words, all of them, which are then put in order. Quick where few match.
    ByWords,
}

impl Stretch<'_> {
    /// Neither way is quick for all searches, and Postgres can't tell how many products have a word that begins like
    /// this. So a page that the first way does not fill is come by in the second.
    async fn rows_in_tx(&self, conn: &mut PgConnection) -> Result<Vec<SummaryRow>, StoreError> {
        let near: Vec<SummaryRow> = self.select(Way::Along).build_query_as().fetch_all(&mut *conn).await?;
        let filled = i64::try_from(near.len()).is_ok_and(|found| found >= self.limit.and_one());
        if self.words.is_empty() || filled {
            return Ok(near);
        }
        Ok(self.select(Way::ByWords).build_query_as().fetch_all(conn).await?)
    }

    fn select(&self, way: Way) -> QueryBuilder<Postgres> {
        let order = match self.cursor {
            Some(Cursor { direction: Direction::Prev, .. }) => "desc",
            Some(Cursor { direction: Direction::Next, .. }) | None => "asc",
        };
        let mut query: QueryBuilder<Postgres> = QueryBuilder::new(
            "select
                page.*,
                coalesce(sums.on_hand, 0) as on_hand,
                coalesce(sums.reserved, 0) as reserved,
                coalesce(sums.available, 0) as available
            from (
                select
                    id,
                    sku,
                    name,
                    price_minor,
                    currency,
                    archived,
                    low_stock_threshold
                from ",
        );
        match way {
            Way::Along if self.words.is_empty() => {
                query.push("products where true");
                self.push_stretch(&mut query);
            }
            Way::Along => {
                query.push("(select * from products where true");
                self.push_stretch(&mut query);
                query.push(" order by sku ").push(order).push(" limit ").push_bind(NEAR).push(") as near where true");
                self.push_words(&mut query);
            }
            Way::ByWords => {
                // Only their SKUs, which are all that the order needs: there may be a hundred thousand.
                query.push("(select sku as found from (select sku from products where true");
                self.push_stretch(&mut query);
                self.push_words(&mut query);
                // Keeps Postgres from walking along the list after all.
                query.push(" offset 0) as matching");
                query.push(" order by sku ").push(order).push(" limit ").push_bind(self.limit.and_one());
                query.push(") as first join products on sku = found");
            }
        }
        query.push(" order by sku ").push(order).push(" limit ").push_bind(self.limit.and_one());
        query.push(
            ") as page
            left join lateral (
                select
                    sum(stock.on_hand)::bigint as on_hand,
                    sum(stock.reserved)::bigint as reserved,
                    (sum(stock.on_hand - stock.reserved) filter (where warehouses.active))::bigint as available
                from stock
                join warehouses on warehouses.code = stock.warehouse
                where stock.product_id = page.id
            ) as sums on true
            order by page.sku ",
        );
        query.push(order);
        query
    }

    fn push_stretch(&self, query: &mut QueryBuilder<Postgres>) {
        match self.archived {
            Archived::Without => query.push(" and not archived"),
            Archived::Only => query.push(" and archived"),
            Archived::With => query,
        };
        match self.cursor {
            Some(Cursor { direction: Direction::Prev, key, .. }) => {
                query.push(" and sku < ").push_bind(key.as_str().to_owned());
            }
            Some(Cursor { direction: Direction::Next, key, .. }) => {
                query.push(" and sku > ").push_bind(key.as_str().to_owned());
            }
            None => {}
        }
    }

    fn push_words(&self, query: &mut QueryBuilder<Postgres>) {
        // Words have letters and digits only, so that quoting them is all it takes.
        let prefixes: Vec<String> = self.words.iter().map(|word| format!("'{word}':*")).collect();
        query.push(" and search @@ ").push_bind(prefixes.join(" & ")).push("::tsquery");
    }
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
