//! What the tail asks the database.

use domain::time::Timestamp;
use sqlx::PgConnection;

use crate::error::StoreError;
use crate::journal::row::{EntryRow, GlimpseRow};
use crate::journal::told::Sight;

/// What a moment of the database is: statements that begin later see everything that was visible then.
pub(super) struct Moment {
    pub(super) clock: Timestamp,
    /// All transactions with smaller ids had ended.
    pub(super) xmin: i64,
    /// A transaction id of our own, if one was to be drawn.
    pub(super) xid: Option<i64>,
}

/// Whether a transaction id is to be drawn. It costs the database one of its ids, so not without a reason.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Draw {
    Xid,
    Nothing,
}

pub(super) async fn moment(conn: &mut PgConnection, draw: Draw) -> Result<Moment, StoreError> {
    let row = sqlx::query!(
        r#"select
            date_trunc('milliseconds', clock_timestamp()) as "clock!",
            pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "xmin!",
            case when $1 then pg_current_xact_id()::text::bigint end as xid"#,
        draw == Draw::Xid,
    )
    .fetch_one(conn)
    .await?;
    Ok(Moment { clock: Timestamp::new(row.clock), xmin: row.xmin, xid: row.xid })
}

/// The greatest position that is visible, 0 where there is none.
pub(in crate::journal) async fn highest(conn: &mut PgConnection) -> Result<i64, StoreError> {
    let high = sqlx::query_scalar!(r#"select coalesce(max(position), 0) as "high!" from journal"#);
    Ok(high.fetch_one(conn).await?)
}

/// The first rows above a position and not above another.
pub(super) async fn above<R: From<EntryRow>>(
    conn: &mut PgConnection,
    position: i64,
    to: i64,
    limit: i64,
) -> Result<Vec<R>, StoreError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select
            journal.position,
            journal.at,
            journal.change_id,
            journal.actor,
            journal.request_id,
            journal.action,
            journal.subject_kind,
            journal.subject_id,
            journal.product_id,
            products.sku as "sku?",
            journal.warehouse,
            journal.on_hand_delta,
            journal.reserved_delta,
            journal.on_hand,
            journal.reserved,
            journal.version,
            journal.before,
            journal.after
        from journal
        left join products on products.id = journal.product_id
        where journal.position > $1
          and journal.position <= $2
        order by journal.position
        limit $3"#,
        position,
        to,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(R::from).collect())
}

/// Rows within these runs of positions, in no order.
pub(super) async fn within(
    conn: &mut PgConnection,
    runs: impl Iterator<Item = (i64, i64)>,
    limit: i64,
) -> Result<Vec<Sight>, StoreError> {
    let (firsts, lasts): (Vec<i64>, Vec<i64>) = runs.unzip();
    if firsts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select
            late.position,
            late.at,
            late.change_id,
            late.actor,
            late.request_id,
            late.action,
            late.subject_kind,
            late.subject_id,
            late.product_id,
            products.sku as "sku?",
            late.warehouse,
            late.on_hand_delta,
            late.reserved_delta,
            late.on_hand,
            late.reserved,
            late.version,
            late.before,
            late.after
        from unnest($1::bigint[], $2::bigint[]) as gap (first, last)
        cross join lateral (
            select *
            from journal
            where journal.position between gap.first and gap.last
            order by journal.position
            limit $3
        ) as late
        left join products on products.id = late.product_id
        limit $3"#,
        &firsts,
        &lasts,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Sight::from).collect())
}

/// As [`above`], where nobody wants to be told of the rows in full: a third of the bytes, and no JSON.
pub(super) async fn glimpse_above(
    conn: &mut PgConnection,
    position: i64,
    limit: i64,
) -> Result<Vec<Sight>, StoreError> {
    let rows = sqlx::query_as!(
        GlimpseRow,
        "select
            position,
            at,
            product_id,
            warehouse,
            on_hand_delta,
            reserved_delta,
            version
        from journal
        where position > $1
        order by position
        limit $2",
        position,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Sight::from).collect())
}

/// As [`within`], likewise.
pub(super) async fn glimpse_within(
    conn: &mut PgConnection,
    runs: impl Iterator<Item = (i64, i64)>,
    limit: i64,
) -> Result<Vec<Sight>, StoreError> {
    let (firsts, lasts): (Vec<i64>, Vec<i64>) = runs.unzip();
    if firsts.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        GlimpseRow,
        "select
            late.position,
            late.at,
            late.product_id,
            late.warehouse,
            late.on_hand_delta,
            late.reserved_delta,
            late.version
        from unnest($1::bigint[], $2::bigint[]) as gap (first, last)
        cross join lateral (
            select *
            from journal
            where journal.position between gap.first and gap.last
            order by journal.position
            limit $3
        ) as late
        limit $3",
        &firsts,
        &lasts,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Sight::from).collect())
}
