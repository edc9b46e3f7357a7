//! What may stand in the way of a refusal: the request was carried out before, or overdue holds keep the units.

use std::collections::BTreeSet;

use domain::decide::{Decision, Refusal, State};
use domain::ids::{ProductId, ReservationId};
use domain::problem::Problem;
use domain::sku::Sku;
use sqlx::PgConnection;
use uuid::Uuid;

use super::memory::Recalled;
use super::statement::Statement;
use super::{Again, Item, Lookup};
use crate::error::StoreError;
use crate::idempotency::{Claim, Standing};

/// How many overdue holds are ended at once to make room for a new one.
const OVERDUE_MAX: i64 = 500;

/// What was found in the way.
pub(super) struct InTheWay {
    /// Whether what is remembered is still so, where the batch was decided on that.
    pub(super) is_so: bool,
    /// Whether an answer is kept under one of the keys.
    is_kept: bool,
    /// Holds past their deadline that still keep units of the products from being sold.
    overdue: Vec<ReservationId>,
}

impl InTheWay {
    /// Looks for the same as [`in_the_way_in_tx`], and whether all is as it is remembered, for a batch of which nothing is to
    /// be written: a statement that stands for itself.
    pub(super) fn of_remembered(
        claims: &[&Claim],
        products: &BTreeSet<ProductId>,
        recalled: &Recalled<'_>,
    ) -> Statement<Self> {
        look(claims, products, Some(recalled))
    }

    /// Why the batch has to be run once more, if it has.
    pub(super) fn again(self) -> Option<Again> {
        // Before overdue holds make room: for what was done already, none has to.
        if self.is_kept {
            return Some(Again::Claimed);
        }
        (!self.overdue.is_empty()).then_some(Again::Overdue(self.overdue))
    }
}

/// Looks for answers under these keys, and for overdue holds of these products, for a batch that has read what it was
/// decided on.
pub(super) async fn in_the_way_in_tx(
    conn: &mut PgConnection,
    claims: &[&Claim],
    products: &BTreeSet<ProductId>,
) -> Result<InTheWay, StoreError> {
    if claims.is_empty() && products.is_empty() {
        return Ok(InTheWay { is_so: true, is_kept: false, overdue: Vec::new() });
    }
    Ok(look(claims, products, None).ask(conn).await?)
}

fn look(claims: &[&Claim], products: &BTreeSet<ProductId>, recalled: Option<&Recalled<'_>>) -> Statement<InTheWay> {
    let keys: Vec<&str> = claims.iter().map(|claim| claim.key.as_str()).collect();
    let callers: Vec<&str> = claims.iter().map(|claim| claim.caller.as_str()).collect();
    let products: Vec<Uuid> = products.iter().map(|id| id.as_uuid()).collect();
    let nothing = Recalled::default();
    let remembered = recalled.unwrap_or(&nothing);
    let query = sqlx::query_file!(
        "src/batch/in_the_way.sql",
        &keys as &[&str],
        &callers as &[&str],
        &products,
        OVERDUE_MAX,
        recalled.map(|recalled| recalled.warehouses_digest),
        &remembered.products.ids,
        &remembered.products.skus as &[&str],
        &remembered.products.currencies as &[&str],
        &remembered.products.versions,
        &remembered.stock.product_ids,
        &remembered.stock.warehouses as &[&str],
        &remembered.stock.on_hand,
        &remembered.stock.reserved,
        &remembered.stock.versions,
    );
    Statement::new(move |conn| {
        Box::pin(async move {
            let found = query.fetch_one(conn).await?;
            let overdue = found.overdue.into_iter().map(ReservationId::from_uuid).collect();
            Ok(InTheWay { is_so: found.is_so, is_kept: found.is_kept, overdue })
        })
    })
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
