//! The statements behind the list of products, and which of them a search takes. The one place where its SQL is put
//! together, and long for that: the parts are pieces of one statement. A filter that is not given is absent from it.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::iter;

use domain::page::{Cursor, Direction, Limit};
use domain::product::Archived;
use domain::sku::Sku;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row as _};
use uuid::Uuid;

use super::SummaryRow;
use crate::error::StoreError;
use crate::products::ranges::BEGINNING_CHARS;

/// How far a search walks in one step, some milliseconds' worth: along so many ranges, of two thousand products at most,
/// and so many products that are not summarized yet.
const RANGES_NEAR: i64 = 4;
const UNSUMMARIZED_NEAR: i64 = 5_000;

/// Ranges are looked up by so many words of a search: each costs some microseconds for every range there is.
const BEGINNINGS_MAX: usize = 4;

/// As the index of them has it.
const UNSUMMARIZED: &str = "summarized_version is distinct from version";

/// No limit, but one that Postgres can't know: it walks along the list, which gives the first rows at once. Without, it
/// would ask the index of words, or read a whole range by a bitmap and put it in order, in twice to three times the time.
const WALKED: &str = " limit (select null::bigint)";

/// A stretch of the list: its first rows in the cursor's direction.
pub(super) struct Stretch<'a> {
    pub(super) archived: Archived,
    /// What words of the products begin with; none for all products.
    pub(super) words: &'a BTreeSet<String>,
    pub(super) cursor: Option<&'a Cursor<Sku>>,
    pub(super) limit: Limit,
}

/// What was found in one way.
struct Seen {
    rows: Vec<SummaryRow>,
    /// Where it ends, unless it is all there is: nothing was looked at from this SKU on, or backwards below it.
    edge: Option<String>,
}

/// How the products of the stretch are come by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way<'a> {
    /// Along the list: all there is without words.
    Along,
    /// Along the ranges in which something begins like each word, and what is not summarized yet, one step of
    /// [`RANGES_NEAR`] and [`UNSUMMARIZED_NEAR`]. Quick where what matches lies together, or is everywhere.
    ByRange(Step<'a>),
    /// From the index of words, all of them, which are then put in order. Quick where few match.
    ByWords,
}

/// One of the steps along the ranges.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Step<'a> {
    /// The edge of the step before.
    from: Option<&'a str>,
    /// How many rows are still wanted.
    wanted: i64,
}

impl Stretch<'_> {
    /// Neither way is quick for all searches, and Postgres can't tell how many products have a word that begins like
    /// this, nor where they lie. So it walks as long as that is worth it; what is left open then comes from the index.
    pub(super) async fn rows_in_tx(&self, conn: &mut PgConnection) -> Result<Vec<SummaryRow>, StoreError> {
        if self.words.is_empty() {
            return Ok(self.seen_in_tx(Way::Along, conn).await?.rows);
        }
        let (mut rows, mut from, mut wanted) = (Vec::new(), None, self.limit.and_one());
        loop {
            let seen = self.seen_in_tx(Way::ByRange(Step { from: from.as_deref(), wanted }), conn).await?;
            let found = i64::try_from(seen.rows.len()).unwrap_or(i64::MAX);
            rows.extend(seen.rows);
            wanted -= found;
            if wanted == 0 || seen.edge.is_none() {
                return Ok(rows);
            }
            if !is_worth_a_step(wanted, found) {
                break;
            }
            from = seen.edge;
        }
        Ok(self.seen_in_tx(Way::ByWords, conn).await?.rows)
    }

    async fn seen_in_tx(&self, way: Way<'_>, conn: &mut PgConnection) -> Result<Seen, StoreError> {
        let rows = self.select(way).build().fetch_all(conn).await?;
        let mut seen = Seen { rows: Vec::new(), edge: None };
        for row in rows {
            // A row for each product, or one without.
            if row.try_get::<Option<Uuid>, _>("id")?.is_some() {
                seen.rows.push(SummaryRow::from_row(&row)?);
            }
            seen.edge = row.try_get("edge")?;
        }
        Ok(seen)
    }

    fn backwards(&self) -> bool {
        matches!(self.cursor, Some(Cursor { direction: Direction::Prev, .. }))
    }

    fn select(&self, way: Way<'_>) -> QueryBuilder<Postgres> {
        let order = if self.backwards() { "desc" } else { "asc" };
        let mut query: QueryBuilder<Postgres> = QueryBuilder::new("");
        match way {
            Way::ByRange(step) => self.push_ranges(&mut query, order, step.from),
            Way::Along | Way::ByWords => {
                query.push("with edge as (select null as sku) ");
            }
        }
        query.push(
            "select
                edge.sku as edge,
                page.*,
                coalesce(sums.on_hand, 0) as on_hand,
                coalesce(sums.reserved, 0) as reserved,
                coalesce(sums.available, 0) as available
            from edge
            left join (
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
            Way::Along => {
                query.push("products where true");
                self.push_stretch(&mut query, None);
            }
            Way::ByRange(step) => self.push_near(&mut query, order, step),
            Way::ByWords => {
                // Only their SKUs, which are all that the order needs: there may be a hundred thousand.
                query.push("(select sku as found from (select sku from products where true");
                self.push_stretch(&mut query, None);
                self.push_words(&mut query);
                // Keeps Postgres from walking along the list after all.
                query.push(" offset 0) as matching");
                query.push(" order by sku ").push(order).push(" limit ").push_bind(self.limit.and_one());
                query.push(") as first join products on sku = found");
            }
        }
        let wanted = if let Way::ByRange(step) = way { step.wanted } else { self.limit.and_one() };
        query.push(" order by sku ").push(order).push(" limit ").push_bind(wanted);
        query.push(
            ") as page on true
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

    /// The next ranges in which something begins like each word, one more than are walked along; and where what is
    /// looked at ends, if it does: nothing is known of what lies beyond.
    fn push_ranges(&self, query: &mut QueryBuilder<Postgres>, order: &str, from: Option<&str>) {
        query.push("with ranges as materialized (select first_sku, before_sku from product_ranges where true");
        if let Some(sku) = from.or(self.cursor.map(|cursor| cursor.key.as_str())) {
            query.push(if self.backwards() { " and first_sku < " } else { " and before_sku > " });
            query.push_bind(sku.to_owned());
        }
        let archived = match self.archived {
            Archived::Without => "false",
            Archived::Only => "true",
            Archived::With => "any (array[false, true])",
        };
        // The longer, the fewer are the ranges that have one.
        let beginnings = self.words.iter().map(|word| word.chars().take(BEGINNING_CHARS).collect());
        let mut beginnings: Vec<String> = beginnings.collect();
        beginnings.sort_by_key(|beginning| Reverse(beginning.chars().count()));
        beginnings.truncate(BEGINNINGS_MAX);
        for beginning in beginnings {
            // What comes after all that begin so.
            let end: String = beginning.chars().chain(iter::repeat_n(char::MAX, BEGINNING_CHARS)).collect();
            // With a limit it is asked of one range after the other, and not joined with all of them.
            query.push(
                " and (
                    select true
                    from product_range_words as words
                    where words.first_sku = product_ranges.first_sku
                      and words.archived = ",
            );
            query.push(archived).push(" and words.beginning between ");
            query.push_bind(beginning).push(" and ").push_bind(end).push(" limit 1)");
        }
        query.push(" order by first_sku ").push(order).push(" limit ").push(RANGES_NEAR + 1);
        query.push("), edge as materialized (select ").push(if self.backwards() { "greatest" } else { "least" });
        query.push("((select ").push(if self.backwards() { "before_sku" } else { "first_sku" });
        query.push(" from ranges order by first_sku ").push(order).push(" offset ").push(RANGES_NEAR);
        query.push("), (select sku from products where ").push(UNSUMMARIZED);
        self.push_beyond(query, from);
        // Backwards an edge is the last that is looked at, forwards the first that is not: so is where ranges begin.
        let looked_at = if self.backwards() { UNSUMMARIZED_NEAR - 1 } else { UNSUMMARIZED_NEAR };
        query.push(" order by sku ").push(order).push(" offset ").push(looked_at);
        query.push(" limit 1)) as sku) ");
    }

    fn push_near(&self, query: &mut QueryBuilder<Postgres>, order: &str, step: Step<'_>) {
        query.push("(");
        self.push_in_ranges(query, order, step);
        query.push(" union all ");
        self.push_unsummarized(query, order, step.from);
        query.push(") as near where not exists (select from edge where edge.sku ");
        query.push(if self.backwards() { "> near.sku)" } else { "<= near.sku)" });
    }

    /// Ordered and limited for itself, so that ranges are not looked at long after the page is filled.
    fn push_in_ranges(&self, query: &mut QueryBuilder<Postgres>, order: &str, step: Step<'_>) {
        query.push("(select within.* from (select * from ranges order by first_sku ").push(order);
        query.push(" limit ").push(RANGES_NEAR);
        query.push(
            ") as range
            cross join lateral (
                select *
                from (
                    select *
                    from products
                    where summarized_version = version",
        );
        // Not beyond the edge, where what is not summarized yet may follow by the thousand.
        query.push(if self.backwards() {
            " and sku >= greatest(range.first_sku, (select edge.sku from edge)) and sku < range.before_sku"
        } else {
            " and sku >= range.first_sku and sku < least(range.before_sku, (select edge.sku from edge))"
        });
        self.push_stretch(query, step.from);
        query.push(" order by sku ").push(order).push(WALKED).push(") as along where true");
        self.push_words(query);
        query.push(" order by sku ").push(order).push(" limit ").push_bind(step.wanted);
        query.push(") as within order by range.first_sku ").push(order).push(", within.sku ").push(order);
        query.push(" limit ").push_bind(step.wanted).push(")");
    }

    fn push_unsummarized(&self, query: &mut QueryBuilder<Postgres>, order: &str, from: Option<&str>) {
        query.push("(select * from (select * from products where ").push(UNSUMMARIZED);
        // Archived or not: with more to choose by, Postgres would take another index, and walk along all that are archived.
        self.push_beyond(query, from);
        query.push(" order by sku ").push(order).push(" limit ").push(UNSUMMARIZED_NEAR);
        query.push(") as unsummarized where true");
        self.push_archived(query);
        self.push_words(query);
        query.push(")");
    }

    fn push_stretch(&self, query: &mut QueryBuilder<Postgres>, from: Option<&str>) {
        self.push_archived(query);
        self.push_beyond(query, from);
    }

    fn push_archived(&self, query: &mut QueryBuilder<Postgres>) {
        match self.archived {
            Archived::Without => query.push(" and not archived"),
            Archived::Only => query.push(" and archived"),
            Archived::With => query,
        };
    }

    /// What lies beyond the cursor; or, where there is an edge to go on from, what begins there.
    fn push_beyond(&self, query: &mut QueryBuilder<Postgres>, from: Option<&str>) {
        let (than, sku) = match (from, self.cursor) {
            (Some(edge), _) => (if self.backwards() { "<" } else { ">=" }, edge),
            (None, Some(cursor)) => (if self.backwards() { "<" } else { ">" }, cursor.key.as_str()),
            (None, None) => return,
        };
        query.push(" and sku ").push(than).push(" ").push_bind(sku.to_owned());
    }

    fn push_words(&self, query: &mut QueryBuilder<Postgres>) {
        // Words have letters and digits only, so that quoting them is all it takes.
        let prefixes: Vec<String> = self.words.iter().map(|word| format!("'{word}':*")).collect();
        // In a query of its own it is read once; in a plan that is kept it would be read for each product again.
        query.push(" and search @@ (select ").push_bind(prefixes.join(" & ")).push("::tsquery)");
    }
}

/// Whether a step is worth its time where so many rows are wanted and the one before found so many. A step takes 2.8 ms,
/// and the index of words 3 µs for each product that it names: in a catalogue of a million, which has 150 steps, 0.45 ms
/// for each that one of them finds. So both take as long where the square of what is found is six times what is wanted.
fn is_worth_a_step(wanted: i64, found: i64) -> bool {
    found.saturating_mul(found) >= wanted.saturating_mul(6)
}
