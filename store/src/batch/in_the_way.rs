//! What may stand in the way of a refusal: the request was carried out before, or overdue holds keep the units.

use std::collections::BTreeSet;

use domain::ids::{ProductId, ReservationId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::StoreError;
use crate::idempotency::Claim;

/// How many overdue holds are ended at once to make room for a new one.
const OVERDUE_MAX: i64 = 500;

/// What was found in the way.
pub(super) struct InTheWay {
    /// Whether an answer is kept under one of the keys.
    pub(super) is_kept: bool,
    /// Holds past their deadline that still keep units of the products from being sold.
    pub(super) overdue: Vec<ReservationId>,
}

/// Looks for answers under these keys, and for overdue holds of these products.
pub(super) async fn in_the_way_in_tx(
    conn: &mut PgConnection,
    claims: &[&Claim],
    products: &BTreeSet<ProductId>,
) -> Result<InTheWay, StoreError> {
    if claims.is_empty() && products.is_empty() {
        return Ok(InTheWay { is_kept: false, overdue: Vec::new() });
    }
    let keys: Vec<String> = claims.iter().map(|claim| claim.key.as_str().to_owned()).collect();
    let callers: Vec<String> = claims.iter().map(|claim| claim.caller.clone()).collect();
    let products: Vec<Uuid> = products.iter().map(|id| id.as_uuid()).collect();
    let found = sqlx::query!(
        r#"select
            exists (
                select
                from unnest($1::text[], $2::text[]) as claimed (key, caller)
                join idempotency_keys as kept
                    on kept.key = claimed.key
                    and kept.caller = claimed.caller
            ) as "is_kept!",
            array(
                select reservations.id
                from reservations
                where cardinality($3::uuid[]) > 0
                  and reservations.status = 'held'
                  and reservations.expires_at <= statement_timestamp()
                  and reservations.set_aside_at is null
                  and exists (
                      select
                      from reservation_lines
                      where reservation_lines.reservation_id = reservations.id
                        and reservation_lines.product_id = any($3)
                  )
                order by reservations.expires_at, reservations.id
                limit $4
            ) as "overdue!: Vec<Uuid>""#,
        &keys,
        &callers,
        &products,
        OVERDUE_MAX,
    )
    .fetch_one(conn)
    .await?;
    let overdue = found.overdue.into_iter().map(ReservationId::from_uuid).collect();
    Ok(InTheWay { is_kept: found.is_kept, overdue })
}
