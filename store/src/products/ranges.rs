//! Ranges of SKUs, each with how the words of its products begin, so that a search can pass by those in which nothing
//! matches: what is called a zone map, or in Postgres an index of block ranges (BRIN), kept by SKU and not by where rows
//! lie.
//!
//! Who writes products knows nothing of it. A product is summarized once its words are among those of its range, and
//! it says as which version; a product of another version is looked at for itself by each search. Both are changed in one
//! transaction, so that one snapshot misses nothing.

use sqlx::PgConnection;

use crate::error::StoreError;
use crate::store::Store;
use crate::tx;

/// A word is told by so many characters: enough to tell most words apart, and few enough that a thousand numbers in a
/// row begin alike.
pub(super) const BEGINNING_CHARS: usize = 6;

/// A range of more products is split in two. A search walks along a whole range where few match in it.
const PRODUCTS_MAX: i64 = 2_000;

impl Store {
    /// Takes the words of products that were made or changed into those of their ranges, `limit` products at most, and
    /// splits the ranges that have become too large. Tells how many products it were; any number of servers may do so,
    /// one at a time.
    ///
    /// # Errors
    /// What the database said.
    pub async fn product_summarize_once(&self, limit: u16) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        tx::detached(async move {
            tx::retrying(|| async {
                let mut tx = pool.begin().await?;
                lock_in_tx(&mut tx).await?;
                let products = summarize_in_tx(&mut tx, i64::from(limit)).await?;
                while let Some(range) = too_large_in_tx(&mut tx).await? {
                    split_in_tx(&mut tx, range).await?;
                }
                tx::commit(tx).await?;
                Ok(products)
            })
            .await
        })
        .await
    }
}

/// Whoever changes ranges locks the first of them, which is always there.
async fn lock_in_tx(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select 1 as locked from product_ranges where first_sku = '' for update").fetch_one(conn).await?;
    Ok(())
}

/// Products that somebody has in hand are left for the next time.
async fn summarize_in_tx(conn: &mut PgConnection, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "with changed as materialized (
            select id, sku, search, summarized_version is null as is_new
            from products
            where summarized_version is distinct from version
            order by sku
            limit $1
            for no key update skip locked
        ),
        placed as materialized (
            select changed.id, changed.search, changed.is_new, range.first_sku
            from changed
            cross join lateral (
                select first_sku
                from product_ranges
                where first_sku <= changed.sku
                order by first_sku desc
                limit 1
            ) as range
        ),
        told as (
            insert into product_range_words (first_sku, beginning)
            select distinct placed.first_sku, left(word, $2)
            from placed
            cross join lateral unnest(tsvector_to_array(placed.search)) as word
            on conflict do nothing
        ),
        counted as (
            update product_ranges
            set products = product_ranges.products + more.products
            from (select first_sku, count(*) as products from placed where is_new group by first_sku) as more
            where product_ranges.first_sku = more.first_sku
        )
        update products
        set summarized_version = version
        from placed
        where products.id = placed.id",
        limit,
        BEGINNING_CHARS as i32,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

struct Range {
    first_sku: String,
    before_sku: String,
    /// Those that were summarized once.
    products: i64,
}

async fn too_large_in_tx(conn: &mut PgConnection) -> Result<Option<Range>, StoreError> {
    let range = sqlx::query_as!(
        Range,
        "select first_sku, before_sku, products
        from product_ranges
        where products > $1
        order by first_sku
        limit 1",
        PRODUCTS_MAX,
    )
    .fetch_optional(conn)
    .await?;
    Ok(range)
}

/// Gives the upper half of a range to one of its own.
async fn split_in_tx(conn: &mut PgConnection, range: Range) -> Result<(), StoreError> {
    let lower = range.products / 2;
    let middle = sqlx::query_scalar!(
        "select sku
        from products
        where sku >= $1
          and sku < $2
          and summarized_version is not null
        order by sku
        offset $3
        limit 1",
        range.first_sku,
        range.before_sku,
        lower,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Range { first_sku, before_sku, products } = range;
    let Some(middle) = middle else {
        // Somebody deleted products by hand.
        return range_write_in_tx(conn, &Range { first_sku, before_sku, products: lower }).await;
    };
    let upper = Range { first_sku: middle.clone(), before_sku, products: products - lower };
    range_write_in_tx(conn, &Range { first_sku, before_sku: middle, products: lower }).await?;
    range_write_in_tx(conn, &upper).await
}

/// Writes a range with the words of the products that were summarized once, and of no others. Those of which one is
/// changed meanwhile are not asked for: it has another version afterwards than the one that is summarized.
async fn range_write_in_tx(conn: &mut PgConnection, range: &Range) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into product_ranges (first_sku, before_sku, products)
        values ($1, $2, $3)
        on conflict (first_sku) do update
        set before_sku = excluded.before_sku, products = excluded.products",
        range.first_sku,
        range.before_sku,
        range.products,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with said as materialized (
            select distinct left(word, $4) as beginning
            from (
                select search
                from products
                where sku >= $1
                  and sku < $2
                  and summarized_version is not null
                order by sku
                -- There are no more, but products that were not summarized may follow by the thousand.
                limit $3
            ) as summarized
            cross join lateral unnest(tsvector_to_array(search)) as word
        ),
        no_more as (
            delete from product_range_words
            where first_sku = $1
              and beginning not in (select beginning from said)
        )
        insert into product_range_words (first_sku, beginning)
        select $1, beginning
        from said
        on conflict do nothing",
        range.first_sku,
        range.before_sku,
        range.products,
        BEGINNING_CHARS as i32,
    )
    .execute(conn)
    .await?;
    Ok(())
}
