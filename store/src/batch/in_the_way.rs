//! What may stand in the way of a refusal: the request was carried out before, or overdue holds keep the units.

use std::collections::BTreeSet;

use domain::decide::{Decision, Refusal, State};
use domain::ids::{ProductId, ReservationId};
use domain::problem::Problem;
use domain::sku::Sku;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Item, Lookup};
use crate::error::StoreError;
use crate::idempotency::{Claim, Standing};

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

/// The keys that nothing has proven new: they are not written, because nothing came of their requests, and they
/// were not looked up, or only before the locks were waited for. A key of our own that is sent for the first time needs
/// no proof: nobody else has it.
pub(super) fn unproven<'a>(
    decided: impl Iterator<Item = (&'a Item, &'a Result<Decision, Refusal>)>,
    lookup: Lookup,
    kept_may_be_stale: bool,
) -> Vec<&'a Claim> {
    let without_effect = decided.filter(|(_, decision)| decision.as_ref().map_or(true, |won| won.drafts.is_empty()));
    let claims = without_effect.filter_map(|(item, _)| Some(&item.reply.as_ref()?.claim));
    let is_unproven = |claim: &&Claim| match (lookup, claim.standing) {
        (Lookup::Seen, Standing::Own) => false,
        (Lookup::Seen, Standing::New) => true,
        (Lookup::Seen, Standing::Seen) | (Lookup::All, _) => kept_may_be_stale,
    };
    claims.filter(is_unproven).collect()
}

/// The products of which some command fell short.
pub(super) fn short_products(decisions: &[Result<Decision, Refusal>], state: &State) -> BTreeSet<ProductId> {
    let shortages = decisions.iter().flat_map(|decision| match decision {
        Err(Refusal::Problem(Problem::InsufficientStock { shortages } | Problem::HoldExpired { shortages })) => {
            shortages.as_slice()
        }
        Ok(_) | Err(_) => &[],
    });
    let skus: BTreeSet<&Sku> = shortages.map(|shortage| &shortage.sku).collect();
    if skus.is_empty() {
        return BTreeSet::new();
    }
    state.products.values().filter(|product| skus.contains(&product.sku)).map(|product| product.id).collect()
}
