//! Products: created, changed, fetched, listed.

pub(crate) mod called;
mod list;
mod ranges;
pub(crate) mod rows;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use domain::ids::ProductId;
use domain::journal::ChangeDraft;
use domain::problem::Problem;
use domain::product::{self, NewProduct, Product, ProductPatch, ProductRef, ProductView, search_words};
use domain::warehouse::WarehouseCode;
use sqlx::PgConnection;
use uuid::Uuid;

use self::rows::products_read_in_tx;
use crate::availability::Known;
use crate::edit::{Edit, Edited, edit};
use crate::error::StoreError;
use crate::ids;
use crate::request::{Answered, Request};
use crate::stock::stock_read_in_tx;
use crate::store::Store;
use crate::tx;

/// What is to be done to a product's own facts.
#[derive(Debug)]
enum Doing {
    Create { id: ProductId, new: NewProduct },
    Change { product: ProductRef, patch: ProductPatch },
}

#[derive(Debug)]
struct ProductEdit {
    doing: Doing,
    /// The product, once it is found or made.
    id: OnceLock<ProductId>,
    store: Store,
}

impl Store {
    /// Creates a product, with no stock yet in the main warehouse.
    ///
    /// # Errors
    /// `sku_taken`.
    pub async fn product_create(&self, request: Request<ProductView>, new: NewProduct) -> Result<Answered, StoreError> {
        self.product_edit(request, Doing::Create { id: ids::product_id(), new }).await
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
        self.product_edit(request, Doing::Change { product: product.clone(), patch }).await
    }

    /// The product with its stock as it is now, from memory where it is remembered: `as_of` says how old
    /// that is, and everything that was changed on this server is in it.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn product_fetch(&self, product: &ProductRef) -> Result<ProductView, StoreError> {
        if let Some(view) = self.availability.look(product) {
            return Ok(view);
        }
        let (product, availability) = (product.clone(), Arc::clone(&self.availability));
        self.read(async move |mut conn| {
            let id = product_id_of(&mut conn, &product).await?;
            let load = availability.load(id);
            Ok(load.done(product_known_in_tx(&mut conn, id).await?))
        })
        .await
    }

    async fn product_edit(&self, request: Request<ProductView>, doing: Doing) -> Result<Answered, StoreError> {
        let product = ProductEdit { doing, id: OnceLock::new(), store: self.clone() };
        let answered = edit(&self.pool, request, product).await?;
        if answered.replayed {
            // It may have been done by another server a moment ago.
            self.feeds.caught_up().await;
        }
        Ok(answered)
    }
}

impl Edit for ProductEdit {
    type View = ProductView;

    async fn apply(&self, conn: &mut PgConnection) -> Result<Edited<ProductView>, StoreError> {
        let (id, draft) = match &self.doing {
            Doing::Create { id, new } => {
                let product = product_insert_in_tx(conn, *id, new).await?;
                (*id, Some(product::created(ids::change_id(), &product)))
            }
            Doing::Change { product, patch } => {
                let id = product_id_of(conn, product).await?;
                (id, product_patch_in_tx(conn, id, patch).await?)
            }
        };
        let _found_before = self.id.set(id);
        let view = product_view_in_tx(conn, id).await?;
        let at = view.as_of;
        Ok(Edited { view, kept: None, draft, at })
    }

    fn after(&self) {
        if let Some(id) = self.id.get() {
            self.store.availability.changed(*id);
        }
        self.store.feeds.ring();
    }
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
    Ok(product_known_in_tx(conn, id).await?.view(None))
}

async fn product_known_in_tx(conn: &mut PgConnection, id: ProductId) -> Result<Known, StoreError> {
    let ids = BTreeSet::from([id]);
    // The clock first, so that everything that was committed by then is in what is read. Then the stock: a version that
    // is too low makes a client read again, one too high hides a change.
    let as_of = tx::clock_in_tx(conn).await?;
    let stock = stock_read_in_tx(conn, &ids).await?;
    let product = products_read_in_tx(conn, &ids).await?.remove(&id);
    let product = product.ok_or_else(|| Problem::not_found("product"))?;
    let rows = stock.into_iter().map(|(key, row)| (key.warehouse, row)).collect();
    Ok(Known { product, rows, as_of })
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
