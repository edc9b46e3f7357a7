//! Where in the journal a moment lies. The journal is read by position; a range of time becomes a range of
//! positions first, so that a day of last year is found as fast as today.

use domain::time::Timestamp;
use sqlx::PgConnection;

use crate::error::StoreError;

/// How much later an entry may be written than its time says, and how far the times of neighbours may
/// therefore be out of order. The time-outs of a connection end a transaction long before.
const DISORDER_SECONDS: i64 = 300;

/// A position before which no entry is from `from` or later.
pub(super) async fn position_not_before_in_tx(conn: &mut PgConnection, from: Timestamp) -> Result<i64, StoreError> {
    first_since_in_tx(conn, from.plus_seconds(-DISORDER_SECONDS)).await
}

/// A position from which on no entry is from before `to`.
pub(super) async fn position_not_after_in_tx(conn: &mut PgConnection, to: Timestamp) -> Result<i64, StoreError> {
    first_since_in_tx(conn, to.plus_seconds(DISORDER_SECONDS)).await
}

/// The first position whose entry is from `at` or later, give or take the disorder; one past the last where
/// there is none. Found by halving: some thirty looks into the index on the position.
async fn first_since_in_tx(conn: &mut PgConnection, at: Timestamp) -> Result<i64, StoreError> {
    let position = sqlx::query_scalar!(
        r#"with recursive search (low, high) as (
            select
                coalesce(min(position), 0),
                coalesce(max(position), 0) + 1
            from journal
            union all
            select
                case when middle.at < $1 then middle.position + 1 else search.low end,
                case when middle.at < $1 then search.high else (search.low + search.high) / 2 end
            from search
            cross join lateral (
                select
                    position,
                    at
                from journal
                where position >= (search.low + search.high) / 2
                order by position
                limit 1
            ) as middle
            where search.low < search.high
        )
        select high as "high!"
        from search
        order by high - low
        limit 1"#,
        at.as_datetime(),
    )
    .fetch_one(conn)
    .await?;
    Ok(position)
}
