//! Products: created, changed, fetched, listed.

mod list;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use domain::ids::ProductId;
use domain::journal::ChangeDraft;
use domain::money::Money;
use domain::problem::Problem;
use domain::product::{self, NewProduct, Product, ProductPatch, ProductRef, ProductView, search_words};
use domain::sku::Sku;
use domain::stock::StockRow;
use domain::text::Name;
use domain::time::Timestamp;
use domain::warehouse::WarehouseCode;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::error::{StoreError, corrupt};
use crate::idempotency::{Claim, Claimed, idempotency_fetch_in_tx, idempotency_insert_in_tx};
use crate::ids;
use crate::journal::journal_append_in_tx;
use crate::request::{Answered, Rendered, Request};
use crate::stock::stock_read_in_tx;
use crate::store::Store;
use crate::tx;

/// What is to be done to a product's own facts.
#[derive(Debug)]
enum Edit {
    Create { id: ProductId, new: NewProduct },
    Change { product: ProductRef, patch: ProductPatch },
}

impl Store {
    /// Creates a product, with no stock yet in the main warehouse.
    ///
    /// # Errors
    /// `sku_taken`.
    pub async fn product_create(&self, request: Request<ProductView>, new: NewProduct) -> Result<Answered, StoreError> {
        self.edit(request, Edit::Create { id: ids::product_id(), new }).await
    }

    /// Changes a product's own facts.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn product_change(
        &self,
        request: Request<ProductView>,
        product: &ProductRef,
        patch: ProductPatch,
    ) -> Result<Answered, StoreError> {
        self.edit(request, Edit::Change { product: product.clone(), patch }).await
    }

    /// The product with its stock as it is now.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn product_fetch(&self, product: &ProductRef) -> Result<ProductView, StoreError> {
        let product = product.clone();
        self.read(async move |mut conn| {
            let id = product_id_of(&mut conn, &product).await?;
            product_view_in_tx(&mut conn, id).await
        })
        .await
    }

    async fn edit(&self, request: Request<ProductView>, edit: Edit) -> Result<Answered, StoreError> {
        let (pool, claim) = (self.pool.clone(), Claim::of(&request));
        tx::detached(async move {
            loop {
                // What was claimed meanwhile is found under its key the next time round.
                if let Ok(answered) = tx::retrying(|| edit_attempt(&pool, &request, &claim, &edit)).await? {
                    return Ok(answered);
                }
            }
        })
        .await
    }
}

async fn edit_attempt(
    pool: &PgPool,
    request: &Request<ProductView>,
    claim: &Claim,
    edit: &Edit,
) -> Result<Result<Answered, Claimed>, StoreError> {
    let mut tx = pool.begin().await?;
    if let Some(rendered) = idempotency_fetch_in_tx(&mut tx, claim).await? {
        return Ok(Ok(Answered { rendered, replayed: true }));
    }
    let edited = match edit {
        Edit::Create { id, new } => create_in_tx(&mut tx, *id, new).await,
        Edit::Change { product, patch } => change_in_tx(&mut tx, product, patch).await,
    };
    let (view, draft) = match edited {
        Ok(edited) => edited,
        Err(StoreError::Refused(problem)) => {
            tx.rollback().await?;
            let rendered: Rendered = kept_by_twin(pool, claim).await?.ok_or(problem)?;
            return Ok(Ok(Answered { rendered, replayed: true }));
        }
        Err(error) => return Err(error),
    };
    let rendered = (request.render)(&view);
    if let Some(draft) = draft {
        journal_append_in_tx(&mut tx, &[(request.caller, &draft)], view.as_of).await?;
        if let Err(Claimed) = idempotency_insert_in_tx(&mut tx, &[(claim, &rendered)], view.as_of).await? {
            tx.rollback().await?;
            return Ok(Err(Claimed));
        }
        tx::commit(tx).await?;
    } else {
        tx.rollback().await?;
        if let Some(rendered) = kept_by_twin(pool, claim).await? {
            return Ok(Ok(Answered { rendered, replayed: true }));
        }
    }
    Ok(Ok(Answered { rendered, replayed: false }))
}

/// A twin may have done just this a moment ago, so that it is refused now or leaves nothing to change:
/// then the twin's answer is the answer.
async fn kept_by_twin(pool: &PgPool, claim: &Claim) -> Result<Option<Rendered>, StoreError> {
    idempotency_fetch_in_tx(&mut *pool.acquire().await?, claim).await
}

async fn create_in_tx(
    conn: &mut PgConnection,
    id: ProductId,
    new: &NewProduct,
) -> Result<(ProductView, Option<ChangeDraft>), StoreError> {
    let product = product_insert_in_tx(conn, id, new).await?;
    let draft = product::created(ids::change_id(), &product);
    Ok((product_view_in_tx(conn, id).await?, Some(draft)))
}

/// Writes the product and its empty stock.
pub(crate) async fn product_insert_in_tx(
    conn: &mut PgConnection,
    id: ProductId,
    new: &NewProduct,
) -> Result<Product, StoreError> {
    let created_at = tx::clock_in_tx(conn).await?;
    let words = search_words(new.sku(), new.name());
    let inserted = sqlx::query!(
        "insert into products (
            id,
            sku,
            name,
            price_minor,
            currency,
            created_at,
            search
        )
        values ($1, $2, $3, $4, $5, $6, array_to_tsvector($7::text[]))",
        id.as_uuid(),
        new.sku().as_str(),
        new.name().as_str(),
        new.price().minor,
        new.price().currency.code(),
        created_at.as_datetime(),
        &words,
    )
    .execute(&mut *conn)
    .await
    .map_err(StoreError::from);
    match inserted {
        Err(error) if error.constraint() == Some("products_sku_key") => {
            return Err(Problem::SkuTaken { sku: new.sku().clone() }.into());
        }
        inserted => inserted?,
    };
    sqlx::query!("insert into stock (product_id, warehouse) values ($1, $2)", id.as_uuid(), WarehouseCode::MAIN,)
        .execute(conn)
        .await?;
    Ok(Product {
        id,
        sku: new.sku().clone(),
        name: new.name().clone(),
        price: new.price(),
        archived: false,
        low_stock_threshold: None,
        version: 1,
        created_at,
    })
}

async fn change_in_tx(
    conn: &mut PgConnection,
    product: &ProductRef,
    patch: &ProductPatch,
) -> Result<(ProductView, Option<ChangeDraft>), StoreError> {
    let id = product_id_of(conn, product).await?;
    let draft = product_patch_in_tx(conn, id, patch).await?;
    Ok((product_view_in_tx(conn, id).await?, draft))
}

/// Changes the product under its lock; `None` where the patch changes nothing.
pub(crate) async fn product_patch_in_tx(
    conn: &mut PgConnection,
    id: ProductId,
    patch: &ProductPatch,
) -> Result<Option<ChangeDraft>, StoreError> {
    sqlx::query!("select 1 as locked from products where id = $1 for no key update", id.as_uuid())
        .fetch_optional(&mut *conn)
        .await?;
    let before = products_read_in_tx(conn, &BTreeSet::from([id])).await?.remove(&id);
    let before = before.ok_or_else(|| Problem::not_found("product"))?;
    let after = patch.apply(&before);
    let Some(draft) = product::changed(ids::change_id(), &before, &after) else { return Ok(None) };
    let words = search_words(&after.sku, &after.name);
    let updated = sqlx::query!(
        "update products
        set
            name = $3,
            price_minor = $4,
            currency = $5,
            low_stock_threshold = $6,
            archived = $7,
            version = $8,
            search = array_to_tsvector($9::text[])
        where id = $1
          and version = $2",
        id.as_uuid(),
        before.version,
        after.name.as_str(),
        after.price.minor,
        after.price.currency.code(),
        after.low_stock_threshold,
        after.archived,
        after.version,
        &words,
    )
    .execute(conn)
    .await?
    .rows_affected();
    if updated == 1 { Ok(Some(draft)) } else { Err(StoreError::Corrupt(format!("product {id} changed under lock"))) }
}

async fn product_view_in_tx(conn: &mut PgConnection, id: ProductId) -> Result<ProductView, StoreError> {
    let ids = BTreeSet::from([id]);
    // The stock first: a version that is too low makes a client read again, one too high hides a change.
    let stock = stock_read_in_tx(conn, &ids).await?;
    let as_of = tx::clock_in_tx(conn).await?;
    let product = products_read_in_tx(conn, &ids).await?.remove(&id);
    let product = product.ok_or_else(|| Problem::not_found("product"))?;
    let rows: Vec<(WarehouseCode, StockRow)> = stock.into_iter().map(|(key, row)| (key.warehouse, row)).collect();
    Ok(ProductView::new(product, rows, as_of))
}

/// The id of a product.
///
/// # Errors
/// `not_found`.
pub(crate) async fn product_id_of(conn: &mut PgConnection, product: &ProductRef) -> Result<ProductId, StoreError> {
    let found = product_ids_of(conn, std::slice::from_ref(product)).await?;
    found.get(product).copied().ok_or_else(|| Problem::not_found("product").into())
}

/// The ids of those products that exist. What has the form of an id can also be a SKU, where no product
/// has that id.
pub(crate) async fn product_ids_of(
    conn: &mut PgConnection,
    products: &[ProductRef],
) -> Result<HashMap<ProductRef, ProductId>, StoreError> {
    let mut ids: Vec<Uuid> = Vec::new();
    let mut skus: Vec<String> = Vec::new();
    for product in products {
        match product {
            ProductRef::Id(id) => {
                ids.push(id.as_uuid());
                skus.push(id.to_string());
            }
            ProductRef::Sku(sku) => skus.push(sku.as_str().to_owned()),
        }
    }
    let rows = sqlx::query!(
        "select id, sku
        from products
        where id = any($1)
        union all
        select id, sku
        from products
        where sku = any($2)",
        &ids,
        &skus,
    )
    .fetch_all(conn)
    .await?;
    let mut by_id: HashMap<ProductId, ProductId> = HashMap::new();
    let mut by_sku: HashMap<String, ProductId> = HashMap::new();
    for row in rows {
        let (Some(id), Some(sku)) = (row.id, row.sku) else { continue };
        let id = ProductId::from_uuid(id);
        by_id.insert(id, id);
        by_sku.insert(sku, id);
    }
    let found = products.iter().filter_map(|product| {
        let id = match product {
            ProductRef::Id(id) => by_id.get(id).or_else(|| by_sku.get(&id.to_string())),
            ProductRef::Sku(sku) => by_sku.get(sku.as_str()),
        };
        Some((product.clone(), *id?))
    });
    Ok(found.collect())
}

/// Reads the products that exist.
pub(crate) async fn products_read_in_tx(
    conn: &mut PgConnection,
    ids: &BTreeSet<ProductId>,
) -> Result<BTreeMap<ProductId, Product>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        ProductRow,
        "select
            id,
            sku,
            name,
            price_minor,
            currency,
            low_stock_threshold,
            archived,
            version,
            created_at
        from products
        where id = any($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    let products = rows.into_iter().map(|row| Product::try_from(row).map(|product| (product.id, product)));
    products.collect()
}

struct ProductRow {
    id: Uuid,
    sku: String,
    name: String,
    price_minor: i64,
    currency: String,
    low_stock_threshold: Option<i64>,
    archived: bool,
    version: i64,
    created_at: DateTime<Utc>,
}

impl TryFrom<ProductRow> for Product {
    type Error = StoreError;

    fn try_from(row: ProductRow) -> Result<Self, StoreError> {
        let ProductRow { id, sku, name, price_minor, currency, low_stock_threshold, archived, version, created_at } =
            row;
        Ok(Self {
            id: ProductId::from_uuid(id),
            sku: Sku::new(sku).map_err(|error| corrupt("products.sku", error))?,
            name: Name::new(name).map_err(|error| corrupt("products.name", error))?,
            price: price(price_minor, &currency)?,
            archived,
            low_stock_threshold,
            version,
            created_at: Timestamp::new(created_at),
        })
    }
}

fn price(minor: i64, currency: &str) -> Result<Money, StoreError> {
    let currency = currency.parse().map_err(|error| corrupt("products.currency", error))?;
    Ok(Money::new(minor, currency))
}
