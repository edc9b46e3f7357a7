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
/// row begin alike. With another number everything has to be summarized anew, or searches miss what was before.
pub(super) const BEGINNING_CHARS: usize = 6;

/// A range of more products is split in two. A search walks along a whole range where few match in it.
const PRODUCTS_MAX: i64 = 2_000;

impl Store {
    /// Takes the words of products that were made or changed into those of their ranges, `limit` products at most;
    /// splits the ranges that have become too large, and writes those anew of which much was changed, or one more where
    /// there is time. Tells how many products it were; any number of servers may do so, one at a time.
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
                while let Some(range) = due_in_tx(&mut tx).await? {
                    renew_in_tx(&mut tx, range).await?;
                }
                if products < u64::from(limit)
                    && let Some(range) = most_changed_in_tx(&mut tx).await?
                {
                    renew_in_tx(&mut tx, range).await?;
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
        "with taken as materialized (
            select
                id,
                sku,
                archived,
                search,
                summarized_version is null as is_new
            from products
            where summarized_version is distinct from version
            order by sku
            limit $1
            for no key update skip locked
        ),
        placed as materialized (
            select taken.*, range.first_sku
            from taken
            cross join lateral (
                select first_sku
                from product_ranges
                where first_sku <= taken.sku
                order by first_sku desc
                limit 1
            ) as range
        ),
        told as (
            insert into product_range_words (first_sku, archived, beginning)
            select distinct placed.first_sku, placed.archived, left(word, $2)
            from placed
            cross join lateral unnest(tsvector_to_array(placed.search)) as word
            on conflict do nothing
        ),
        counted as (
            update product_ranges
            set
                products = product_ranges.products + more.products,
                changed = product_ranges.changed + more.changed
            from (
                select
                    first_sku,
                    count(*) filter (where is_new) as products,
                    count(*) filter (where not is_new) as changed
                from placed
                group by first_sku
            ) as more
            where product_ranges.first_sku = more.first_sku
        )
        update products
        set summarized_version = version
        from placed
        where products.id = placed.id",
        limit,
        BEGINNING_CHARS as i32,
    )
    // Planned anew each time: a plan that is made while the tables are empty would read them whole, and be kept.
    .persistent(false)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

struct Range {
    first_sku: String,
    before_sku: String,
    products: i64,
}

/// A range that has become too large, or of which so much was changed that it may tell of much that is no more.
async fn due_in_tx(conn: &mut PgConnection) -> Result<Option<Range>, StoreError> {
    let range = sqlx::query_as!(
        Range,
        "select first_sku, before_sku, products
        from product_ranges
        where products > $1
           or changed > products / 8
        order by first_sku
        limit 1",
        PRODUCTS_MAX,
    )
    .fetch_optional(conn)
    .await?;
    Ok(range)
}

/// The range that is worth most to be written anew, when there is nothing else to do.
async fn most_changed_in_tx(conn: &mut PgConnection) -> Result<Option<Range>, StoreError> {
    let range = sqlx::query_as!(
        Range,
        "select first_sku, before_sku, products
        from product_ranges
        where changed > 0
        order by changed desc, first_sku
        limit 1",
    )
    .fetch_optional(conn)
    .await?;
    Ok(range)
}

/// Writes a range whole; where it is too large its upper half as one of its own.
async fn renew_in_tx(conn: &mut PgConnection, range: Range) -> Result<(), StoreError> {
    let Range { first_sku, before_sku, products } = range;
    // There may be fewer than was thought, since some were deleted by hand.
    let products = sqlx::query_scalar!(
        r#"select count(*) as "count!"
        from (
            select
            from products
            where sku >= $1
              and sku < $2
              and summarized_version is not null
            order by sku
            limit $3
        ) as summarized"#,
        first_sku,
        before_sku,
        products,
    )
    .fetch_one(&mut *conn)
    .await?;
    if products <= PRODUCTS_MAX {
        return range_write_in_tx(conn, &Range { first_sku, before_sku, products }).await;
    }
    let lower = products / 2;
    let middle = sqlx::query_scalar!(
        "select sku
        from products
        where sku >= $1
          and sku < $2
          and summarized_version is not null
        order by sku
        offset $3
        limit 1",
        first_sku,
        before_sku,
        lower,
    )
    .fetch_one(&mut *conn)
    .await?;
    range_write_in_tx(conn, &Range { first_sku, before_sku: middle.clone(), products: lower }).await?;
    range_write_in_tx(conn, &Range { first_sku: middle, before_sku, products: products - lower }).await
}

/// Writes a range with the words of the products that were summarized once, and of no others. A word that a product loses
/// meanwhile may go: it has another version from then on, and is looked at for itself.
async fn range_write_in_tx(conn: &mut PgConnection, range: &Range) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into product_ranges (first_sku, before_sku, products)
        values ($1, $2, $3)
        on conflict (first_sku) do update
        set
            before_sku = excluded.before_sku,
            products = excluded.products,
            changed = 0",
        range.first_sku,
        range.before_sku,
        range.products,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "with said as materialized (
            select distinct archived, left(word, $4) as beginning
            from (
                select archived, search
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
              and (archived, beginning) not in (select archived, beginning from said)
        )
        insert into product_range_words (first_sku, archived, beginning)
        select $1, archived, beginning
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
