//! A product's own facts.

use domain::journal::{Action, EntryFilter, Subject};
use domain::product::{ProductPatch, ProductRef, ProductView};
use sqlx::PgPool;
use store::Store;

use crate::support::{answer, by_sku, code, entries, gbp, new_product, product, receive, request};

fn rename(name: &str) -> ProductPatch {
    ProductPatch::new(Some(name), None, None, None).unwrap()
}

pub(crate) fn archive(archived: bool) -> ProductPatch {
    ProductPatch::new(None, None, Some(archived), None).unwrap()
}

pub(crate) async fn change(store: &Store, sku: &str, patch: ProductPatch) -> ProductView {
    answer(store.product_change(request(), &by_sku(sku), patch).await)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_product_is_found_by_its_id_and_by_its_sku(pool: PgPool) {
    let store = Store::new(pool);
    let created: ProductView = answer(store.product_create(request(), new_product("85123A")).await);
    assert_eq!((created.sku.as_str(), created.price, created.version), ("85123A", gbp(255), 1));
    assert_eq!(created.stock.len(), 1, "it has a place in the main warehouse from the start");
    for name in [ProductRef::Id(created.id), by_sku("85123A")] {
        let found = store.product_fetch(&name).await.unwrap();
        assert!(found.as_of >= created.as_of);
        assert_eq!(ProductView { as_of: created.as_of, ..found }, created);
    }
    assert_eq!(code(store.product_fetch(&by_sku("85123a")).await), "not_found");
    assert_eq!(code(store.product_fetch(&ProductRef::Id(store::ids::product_id())).await), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sku_that_looks_like_an_id_is_found_as_a_sku(pool: PgPool) {
    let store = Store::new(pool);
    let sku = store::ids::product_id().to_string();
    let id = product(&store, &sku, 0).await;
    let found = store.product_fetch(&ProductRef::parse(&sku).unwrap()).await.unwrap();
    assert_eq!(found.id, id);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sku_is_taken_once_and_its_case_counts(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "85123A", 0).await;
    assert_eq!(code(store.product_create(request(), new_product("85123A")).await), "sku_taken");
    product(&store, "85123a", 0).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_raises_the_version_and_is_told_of(pool: PgPool) {
    let store = Store::new(pool);
    let id = product(&store, "MUG", 0).await;
    let renamed = change(&store, "MUG", rename("Mug with a handle")).await;
    assert_eq!((renamed.name.as_str(), renamed.version), ("Mug with a handle", 2));
    let dearer = ProductPatch::new(None, Some(gbp(300)), None, Some(Some(5))).unwrap();
    let dearer = change(&store, "MUG", dearer).await;
    assert_eq!((dearer.price, dearer.low_stock_threshold, dearer.version), (gbp(300), Some(5), 3));
    let unwatched = change(&store, "MUG", ProductPatch::new(None, None, None, Some(None)).unwrap()).await;
    assert_eq!((unwatched.low_stock_threshold, unwatched.version), (None, 4));
    assert_eq!(receive(&store, "MUG", 3).await.version, 5, "so does a change of its stock");
    assert_eq!(store.product_fetch(&by_sku("MUG")).await.unwrap().version, 5);

    let told = entries(&store, EntryFilter { subject: Some(Subject::Product(id)), ..EntryFilter::default() }).await;
    let actions: Vec<Action> = told.iter().rev().map(|entry| entry.action).collect();
    use Action::{ProductChanged, ProductCreated, StockReceived};
    assert_eq!(actions, [ProductCreated, ProductChanged, ProductChanged, ProductChanged, StockReceived]);
    let name = |facts: &Option<serde_json::Value>| facts.as_ref().unwrap()["name"].clone();
    assert_eq!((name(&told[3].before), name(&told[3].after)), ("Product MUG".into(), "Mug with a handle".into()));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_archived_product_is_not_sold_until_it_is_brought_back(pool: PgPool) {
    let store = Store::new(pool);
    let id = product(&store, "MUG", 5).await;
    assert!(change(&store, "MUG", archive(true)).await.archived);
    assert_eq!(code(crate::support::try_hold(&store, &[("MUG", 1)]).await), "product_archived");
    assert!(!change(&store, "MUG", archive(false)).await.archived);
    crate::support::hold(&store, &[("MUG", 1)]).await;
    let told = entries(&store, EntryFilter { subject: Some(Subject::Product(id)), ..EntryFilter::default() }).await;
    let actions: Vec<Action> = told.iter().take(2).map(|entry| entry.action).collect();
    assert_eq!(actions, [Action::ProductRestored, Action::ProductArchived]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_patch_that_changes_nothing_is_not_told_of(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "MUG", 0).await;
    for patch in [ProductPatch::default(), rename("Product MUG"), archive(false)] {
        assert_eq!(change(&store, "MUG", patch).await.version, 1);
    }
    assert_eq!(entries(&store, EntryFilter::default()).await.len(), 1);
    assert_eq!(code(store.product_change(request(), &by_sku("CUP"), rename("Cup")).await), "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn figures_count_what_is_on_sale(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "A", 10).await;
    product(&store, "B", 3).await;
    product(&store, "GONE", 100).await;
    change(&store, "B", ProductPatch::new(None, None, None, Some(Some(3))).unwrap()).await;
    change(&store, "GONE", archive(true)).await;
    crate::support::hold(&store, &[("A", 4)]).await;
    assert_eq!(store.stats(), None, "nothing is known before it was first read");
    let stats = store.stats_refresh_once().await.unwrap();
    assert_eq!((stats.products, stats.on_hand, stats.reserved, stats.available), (2, 13, 4, 9));
    assert_eq!(stats.low_stock, 1);
    assert_eq!(stats.reservations[&domain::reservation::ReservationStatus::Held], 1);
    assert_eq!(store.stats(), Some(stats));
}
