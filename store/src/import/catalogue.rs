//! A catalogue: products with what was received of each. It can be run again, with the same
//! file or a longer one, and brings what is there up to what the file says.

use domain::decide::{Command, CommandKind, Refusal};
use domain::idempotency::IdempotencyKey;
use domain::ids::ProductId;
use domain::journal::Action;
use domain::problem::Problem;
use domain::product::{self, NewProduct, ProductPatch, ProductRef};
use domain::quantity::StockDelta;
use domain::stock::StockReason;
use domain::warehouse::WarehouseCode;
use sqlx::{PgConnection, PgPool};

use super::{CALLER, Mode, unread};
use crate::batch::{self, Item, Locking, Outcome, Render, Reply};
use crate::error::{StoreError, refused};
use crate::idempotency::{Claim, Standing};
use crate::ids;
use crate::journal::journal_append_in_tx;
use crate::link::Link;
use crate::products::{product_id_of, product_insert_in_tx, product_patch_in_tx};
use crate::request::Fingerprint;
use crate::store::Store;
use crate::tx;

/// A product as a file has it, and how many units are to have been received in all.
#[derive(Clone, Debug)]
pub struct CatalogueItem {
    pub product: NewProduct,
    pub units: i64,
}

/// What became of the products of an import.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct CatalogueCounts {
    pub created: u64,
    /// Name or price differed from the file's.
    pub changed: u64,
    pub unchanged: u64,
    /// Units that were received now: what the file says less what imports have received before.
    pub units_received: i64,
}

impl Store {
    /// Brings these products in. Give it a hundred or so at a time: it is one short transaction for the
    /// products and one for their stock, and what is done stays done if a later call fails.
    ///
    /// # Errors
    /// What the database said; `invalid_input` where more units are to be received than can be.
    pub async fn catalogue_import(&self, items: Vec<CatalogueItem>, mode: Mode) -> Result<CatalogueCounts, StoreError> {
        let pool = self.pool.clone();
        tx::detached(async move {
            let (mut counts, receipts) = tx::retrying(|| products_attempt(&pool, &items, mode)).await?;
            counts.units_received = receipts.iter().map(|receipt| receipt.delta.get()).sum();
            if mode == Mode::Write && !receipts.is_empty() {
                receive(&pool, &receipts).await?;
            }
            Ok(counts)
        })
        .await
    }
}

/// Units of a product that are still to be received, to have `total` in all.
struct Receipt {
    product_id: ProductId,
    delta: StockDelta,
    total: i64,
}

async fn products_attempt(
    pool: &PgPool,
    items: &[CatalogueItem],
    mode: Mode,
) -> Result<(CatalogueCounts, Vec<Receipt>), StoreError> {
    let mut tx = pool.begin().await?;
    let mut counts = CatalogueCounts::default();
    let mut receipts = Vec::new();
    for item in items {
        let (product_id, count) = product_in_tx(&mut tx, &item.product).await?;
        match count {
            Found::Created => counts.created += 1,
            Found::Changed => counts.changed += 1,
            Found::Unchanged => counts.unchanged += 1,
        }
        let missing = item.units - received_in_tx(&mut tx, product_id).await?;
        if missing > 0 {
            let delta = StockDelta::new(missing);
            let delta = delta.map_err(|error| refused(Problem::field("units", error.to_string())))?;
            receipts.push(Receipt { product_id, delta, total: item.units });
        }
    }
    match mode {
        Mode::Write => tx::commit(tx).await?,
        Mode::DryRun => tx.rollback().await?,
    }
    Ok((counts, receipts))
}

enum Found {
    Created,
    Changed,
    Unchanged,
}

async fn product_in_tx(conn: &mut PgConnection, new: &NewProduct) -> Result<(ProductId, Found), StoreError> {
    let sku = ProductRef::Sku(new.sku().clone());
    let (id, draft, found) = match product_id_of(conn, &sku).await {
        Ok(id) => {
            let patch = ProductPatch::new(Some(new.name().as_str()), Some(new.price()), None, None);
            let draft = product_patch_in_tx(conn, id, &patch.map_err(refused)?).await?;
            let found = if draft.is_some() { Found::Changed } else { Found::Unchanged };
            (id, draft, found)
        }
        Err(StoreError::Refused(Problem::NotFound { .. })) => {
            let product = product_insert_in_tx(conn, ids::product_id(), new).await?;
            (product.id, Some(product::created(ids::change_id(), &product)), Found::Created)
        }
        Err(error) => return Err(error),
    };
    if let Some(draft) = draft {
        let now = tx::clock_in_tx(conn).await?;
        journal_append_in_tx(conn, &[(CALLER, &draft)], now).await?;
    }
    Ok((id, found))
}

/// What imports have received of a product so far.
async fn received_in_tx(conn: &mut PgConnection, product_id: ProductId) -> Result<i64, StoreError> {
    let units = sqlx::query_scalar!(
        r#"select coalesce(sum(on_hand_delta), 0)::bigint as "units!"
        from journal
        where shard_key = $1
          and action = $2
          and actor = $3"#,
        product_id.as_uuid(),
        Action::StockReceived.as_str(),
        CALLER.actor.to_string(),
    )
    .fetch_one(conn)
    .await?;
    Ok(units)
}

async fn receive(pool: &PgPool, receipts: &[Receipt]) -> Result<(), StoreError> {
    let items: Vec<Item> = receipts.iter().map(item).collect::<Result<_, _>>()?;
    let items: Vec<&Item> = items.iter().collect();
    for outcome in batch::run(&mut Link::pooled(pool), &items, Locking::Wait).await?.outcomes {
        match outcome {
            Outcome::Accepted { .. } | Outcome::Replayed(_) => {}
            Outcome::Refused(Refusal::Problem(problem)) => return Err(problem.into()),
            Outcome::Refused(refusal) => return Err(StoreError::Corrupt(refusal.to_string())),
            Outcome::Miscalled => return Err(StoreError::Corrupt("an import called a product by name".to_owned())),
        }
    }
    Ok(())
}

fn item(receipt: &Receipt) -> Result<Item, StoreError> {
    let Receipt { product_id, delta, total } = receipt;
    // Named after what it brings about, so that a receipt whose commit got no answer happens once.
    let key = format!("catalogue:{product_id}:{total}");
    let key = IdempotencyKey::new(key).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let claim =
        Claim { key, caller: CALLER.actor.to_string(), fingerprint: Fingerprint([0; 32]), standing: Standing::Seen };
    let kind = CommandKind::Adjust {
        product_id: *product_id,
        warehouse: WarehouseCode::main(),
        delta: *delta,
        reason: StockReason::Received,
    };
    Ok(Item {
        command: Command { change_id: ids::change_id(), kind },
        caller: CALLER,
        reply: Some(Reply { claim, render: Render::Product(unread) }),
        called: Vec::new(),
    })
}
