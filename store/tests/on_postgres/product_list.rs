//! The list of products: by SKU, found by the beginnings of words.

use domain::page::Limit;
use domain::product::{Archived, NewProduct, ProductFilter, ProductPatch, ProductView};
use sqlx::PgPool;
use store::Store;

use crate::support::{answer, by_sku, code, gbp, hold, product, receive, request, walk};

async fn named(store: &Store, sku: &str, name: &str) {
    let new = NewProduct::new(sku, name, gbp(100)).unwrap();
    let _: ProductView = answer(store.product_create(request(), new).await);
}

fn found_by(query: &str) -> ProductFilter {
    ProductFilter { query: query.to_owned(), archived: Archived::Without }
}

async fn skus(store: &Store, filter: &ProductFilter) -> Vec<String> {
    let page = store.product_list(filter, Limit::default(), None).await.unwrap();
    assert_eq!((page.next, page.prev), (None, None));
    page.items.into_iter().map(|item| item.sku.to_string()).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn pages_lead_on_and_back_in_the_order_of_bytes(pool: PgPool) {
    let store = Store::new(pool);
    let mut expected: Vec<String> = (0..23).map(|number| format!("{:02}-{}", number * 7 % 23, number)).collect();
    expected.extend(["a".to_owned(), "B".to_owned(), "Z z".to_owned(), "ä".to_owned()]);
    for sku in &expected {
        product(&store, sku, 0).await;
    }
    expected.sort_unstable();
    for limit in [1, 4, 26, 27, 200] {
        let limit = Limit::new(limit).unwrap();
        let page =
            async |cursor: Option<&str>| store.product_list(&ProductFilter::default(), limit, cursor).await.unwrap();
        assert_eq!(walk(|item| item.sku.to_string(), page).await, expected);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn words_are_found_by_their_beginnings(pool: PgPool) {
    let store = Store::new(pool);
    named(&store, "85123A", "WHITE HANGING HEART T-LIGHT HOLDER").await;
    named(&store, "85123a", "white metal lantern").await;
    named(&store, "gift_0001_40", "Dotcomgiftshop Voucher £40").await;
    named(&store, "A/B-7", "Été «d'or» 🎄 Straße").await;
    let cases: [(&str, &[&str]); 17] = [
        ("", &["85123A", "85123a", "A/B-7", "gift_0001_40"]),
        ("  ", &["85123A", "85123a", "A/B-7", "gift_0001_40"]),
        ("white", &["85123A", "85123a"]),
        ("WHI", &["85123A", "85123a"]),
        ("heart white", &["85123A"]),
        ("t-light", &["85123A"]),
        ("T/LIGHT!", &["85123A"]),
        ("ight", &[]),
        ("white voucher", &[]),
        ("85123", &["85123A", "85123a"]),
        ("gift_0001", &["gift_0001_40"]),
        ("a/b", &["A/B-7"]),
        ("été", &["A/B-7"]),
        ("d'or", &["A/B-7"]),
        ("£40", &["gift_0001_40"]),
        ("&|!:*'\\()<->", &[]),
        // What looks like the syntax of a search is none.
        ("' | white:* & '", &["85123A", "85123a"]),
    ];
    for (query, expected) in cases {
        let found = skus(&store, &found_by(query)).await;
        assert_eq!(found, expected, "{query:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_search_leads_on_and_back_however_few_match(pool: PgPool) {
    // One in 6,000, one in 700, the first 2 and the last 10 of 25,000, one alone, and all.
    sqlx::query(
        "insert into products (id, sku, name, price_minor, currency, version, created_at, search)
        select
            gen_random_uuid(), 'S' || number, 'Mug', 100, 'GBP', 1, now(),
            array_to_tsvector(array[
                'mug', 'w' || number,
                case when number % 6000 = 0 then 'rare' else 'often' end,
                case when number % 700 = 0 then 'scarce' else 'plenty' end,
                case when number <= 10001 then 'front' else 'back' end,
                case when number >= 34990 then 'late' else 'early' end
            ])
        from generate_series(10000, 34999) as number",
    )
    .execute(&pool)
    .await
    .unwrap();
    let store = Store::new(pool);
    searches_lead_on_and_back(&store).await;
    // With 10,000 products in ranges and 15,000 that are not yet, and with all of them.
    assert_eq!(store.product_summarize_once(10_000).await.unwrap(), 10_000);
    searches_lead_on_and_back(&store).await;
    assert_eq!(store.product_summarize_once(u16::MAX).await.unwrap(), 15_000);
    searches_lead_on_and_back(&store).await;
    assert_eq!(store.product_summarize_once(u16::MAX).await.unwrap(), 0);
}

async fn searches_lead_on_and_back(store: &Store) {
    let limit = Limit::new(3).unwrap();
    let walked = async |query: &str| {
        let filter = found_by(query);
        let page = async |cursor: Option<&str>| store.product_list(&filter, limit, cursor).await.unwrap();
        walk(|item| item.sku.to_string(), page).await
    };
    assert_eq!(walked("rare").await, ["S12000", "S18000", "S24000", "S30000"]);
    let scarce = (15..50).map(|times| format!("S{}", times * 700)).collect::<Vec<_>>();
    assert_eq!(walked("scarce").await, scarce);
    assert_eq!(walked("front").await, ["S10000", "S10001"]);
    assert_eq!(walked("mug late").await, (34_990..35_000).map(|number| format!("S{number}")).collect::<Vec<_>>());
    assert_eq!(walked("w17654").await, ["S17654"]);
    assert_eq!(walked("w1765").await, (17_650..17_660).map(|number| format!("S{number}")).collect::<Vec<_>>());
    assert_eq!(walked("rare late").await, Vec::<String>::new());
    let first = store.product_list(&found_by("mug"), limit, None).await.unwrap();
    assert_eq!(first.items.iter().map(|item| item.sku.as_str()).collect::<Vec<_>>(), ["S10000", "S10001", "S10002"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_search_longer_than_any_name_finds_nothing(pool: PgPool) {
    let store = Store::new(pool);
    named(&store, "A", &"a".repeat(200)).await;
    assert_eq!(skus(&store, &found_by(&"a".repeat(200))).await, ["A"]);
    let many_words: String = (0..20_000).map(|number| format!("w{number} ")).collect();
    for query in ["a".repeat(201), "a".repeat(3_000), "漢".repeat(2_000), many_words] {
        assert!(skus(&store, &found_by(&query)).await.is_empty(), "{} characters", query.len());
    }
    assert_eq!(skus(&store, &found_by(&"a ".repeat(20_000))).await, ["A"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_archived_is_shown_only_if_asked_for(pool: PgPool) {
    let store = Store::new(pool);
    for sku in ["A", "B", "C"] {
        product(&store, sku, 0).await;
    }
    let archive = ProductPatch::new(None, None, Some(true), None).unwrap();
    let _: ProductView = answer(store.product_change(request(), &by_sku("B"), archive).await);
    let shown = async |archived| skus(&store, &ProductFilter { query: "product".into(), archived }).await;
    assert_eq!(shown(Archived::Without).await, ["A", "C"]);
    assert_eq!(shown(Archived::Only).await, ["B"]);
    assert_eq!(shown(Archived::With).await, ["A", "B", "C"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_sums_stock_over_all_warehouses(pool: PgPool) {
    let store = Store::new(pool.clone());
    product(&store, "A", 7).await;
    crate::support::warehouse(&pool, "NORTH", true).await;
    let delta = domain::quantity::StockDelta::new(5).unwrap();
    let north = domain::warehouse::WarehouseCode::new("NORTH").unwrap();
    let reason = domain::stock::StockReason::Received;
    store.stock_adjust(request(), &by_sku("A"), Some(north), delta, reason).await.unwrap();
    hold(&store, &[("A", 9)]).await;
    let page = store.product_list(&ProductFilter::default(), Limit::default(), None).await.unwrap();
    let item = &page.items[0];
    assert_eq!((item.on_hand, item.reserved, item.available), (12, 9, 3));
    receive(&store, "A", 1).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_renamed_product_is_found_by_its_new_name_only(pool: PgPool) {
    let store = Store::new(pool);
    named(&store, "A", "Lantern").await;
    let rename = ProductPatch::new(Some("Candle"), None, None, None).unwrap();
    let _: ProductView = answer(store.product_change(request(), &by_sku("A"), rename).await);
    assert!(skus(&store, &found_by("lantern")).await.is_empty());
    assert_eq!(skus(&store, &found_by("cand")).await, ["A"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_serves_only_the_list_that_gave_it(pool: PgPool) {
    let store = Store::new(pool);
    for sku in ["A", "B", "C"] {
        product(&store, sku, 0).await;
    }
    let one = Limit::new(1).unwrap();
    let next = store.product_list(&ProductFilter::default(), one, None).await.unwrap().next.unwrap();
    let other = store.product_list(&found_by("product"), one, Some(&next)).await;
    assert_eq!(code(other), "cursor_mismatch");
    assert_eq!(code(store.product_list(&ProductFilter::default(), one, Some("x")).await), "bad_cursor");
    // The rows may change between two pages: none is repeated, none that stays is left out.
    product(&store, "AA", 0).await;
    let page = store.product_list(&ProductFilter::default(), Limit::default(), Some(&next)).await.unwrap();
    let skus: Vec<&str> = page.items.iter().map(|item| item.sku.as_str()).collect();
    assert_eq!(skus, ["AA", "B", "C"]);
}
