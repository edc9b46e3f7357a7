//! Ranges of SKUs with the beginnings of their products' words, which searches go by.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::page::Limit;
use domain::product::{Archived, NewProduct, ProductFilter, ProductPatch, ProductView};
use sqlx::{AssertSqlSafe, PgPool};
use store::Store;

use crate::support::{answer, by_sku, count, gbp, product, request, served, walk};

/// How many products a range has at most.
const PRODUCTS_MAX: i64 = 2_000;

/// Products `S{number}` with a word that all have, one of each one's own, and one that every 1,300th has.
async fn fill(pool: &PgPool, numbers: std::ops::Range<i32>) {
    sqlx::query(
        "insert into products (id, sku, name, price_minor, currency, version, created_at, search)
        select
            gen_random_uuid(), 'S' || number, 'Mug', 100, 'GBP', 1, now(),
            array_to_tsvector(array['s' || number, 'mug', 'w' || number, 'x' || lpad((number % 1300)::text, 4, '0')])
        from generate_series($1, $2 - 1) as number",
    )
    .bind(numbers.start)
    .bind(numbers.end)
    .execute(pool)
    .await
    .unwrap();
}

async fn summarize_all(store: &Store, limit: u16) {
    while store.product_summarize_once(limit).await.unwrap() > 0 {}
}

async fn found(store: &Store, query: &str) -> Vec<String> {
    let filter = ProductFilter { query: query.to_owned(), archived: Archived::With };
    let page = store.product_list(&filter, Limit::default(), None).await.unwrap();
    page.items.into_iter().map(|item| item.sku.to_string()).collect()
}

/// The first of several that match, from a page that the ranges fill: of what they miss another would be the first.
async fn first_of(store: &Store, query: &str) -> String {
    let filter = ProductFilter { query: query.to_owned(), archived: Archived::Without };
    let page = store.product_list(&filter, Limit::new(1).unwrap(), None).await.unwrap();
    assert!(page.next.is_some(), "{query}");
    page.items[0].sku.to_string()
}

/// Every SKU lies in one range, and nothing that a summarized product could be found by is missing in its own.
async fn assert_ranges_whole(pool: &PgPool) {
    let gaps = count(
        pool,
        "select count(*)
        from (
            select before_sku, lead(first_sku, 1, repeat(U&'\\+10FFFF', 65)) over (order by first_sku) as next
            from product_ranges
        ) as range
        where next <> before_sku",
    )
    .await;
    assert_eq!(gaps, 0, "one range begins where the one before ends");
    assert_eq!(count(pool, "select count(*) from product_ranges where first_sku = ''").await, 1);
    let missing = count(
        pool,
        "select count(*)
        from products
        join product_ranges as range on sku >= first_sku and sku < before_sku
        cross join lateral unnest(tsvector_to_array(search)) as word
        where summarized_version = version
          and not exists (
            select
            from product_range_words as words
            where words.first_sku = range.first_sku
              and words.archived = products.archived
              and words.beginning = left(word, 6)
          )",
    )
    .await;
    assert_eq!(missing, 0, "beginnings that a range lacks");
}

#[sqlx::test(migrations = "../migrations")]
async fn ranges_are_split_and_have_the_words_of_their_products_and_no_others(pool: PgPool) {
    let store = Store::new(pool.clone());
    // In the order of SKUs, before them, and between them.
    for numbers in [20_000..25_000, 10_000..13_000, 13_000..20_000] {
        fill(&pool, numbers).await;
        summarize_all(&store, 700).await;
        assert_ranges_whole(&pool).await;
    }
    let largest = "select max(products) from (
            select count(sku) as products
            from product_ranges
            left join products on sku >= first_sku and sku < before_sku
            group by first_sku
        ) as counted";
    assert!(count(&pool, largest).await <= PRODUCTS_MAX);
    assert_eq!(count(&pool, "select sum(products)::bigint from product_ranges").await, 15_000);
    let ranges = count(&pool, "select count(*) from product_ranges").await;
    assert!((8..=15).contains(&ranges), "{ranges} ranges for 15,000 products");
    let others = "select count(*)
        from product_range_words as words
        join product_ranges as range using (first_sku)
        where not exists (
            select
            from products
            cross join lateral unnest(tsvector_to_array(search)) as word
            where sku >= first_sku
              and sku < before_sku
              and left(word, 6) = beginning
        )";
    assert_eq!(count(&pool, others).await, 0);
    assert_eq!(count(&pool, "select count(*) from product_range_words where archived").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_most_products_are_no_more_is_forgotten(pool: PgPool) {
    let store = Store::new(pool.clone());
    fill(&pool, 10_000..10_010).await;
    summarize_all(&store, 100).await;
    let told = async |archived: bool| {
        let told =
            sqlx::query_scalar("select count(*) from product_range_words where archived = $1 and beginning = 'mug'");
        told.bind(archived).fetch_one(&pool).await.unwrap()
    };
    assert_eq!((told(false).await, told(true).await), (1_i64, 0_i64));
    let archive = ProductPatch::new(None, None, Some(true), None).unwrap();
    let lists = async |without: usize, only: usize| {
        let expected = [(Archived::Without, without), (Archived::Only, only), (Archived::With, without + only)];
        for (archived, expected) in expected {
            let filter = ProductFilter { query: "mug".to_owned(), archived };
            let page = store.product_list(&filter, Limit::default(), None).await.unwrap();
            assert_eq!(page.items.len(), expected, "{archived:?}");
        }
    };
    for number in 10_000..10_010 {
        let sku = by_sku(&format!("S{number}"));
        let _: ProductView = answer(store.product_change(request(), &sku, archive.clone()).await);
        let archived = usize::try_from(number - 9_999).unwrap();
        lists(10 - archived, archived).await;
        summarize_all(&store, 100).await;
        lists(10 - archived, archived).await;
        assert_ranges_whole(&pool).await;
    }
    assert_eq!((told(false).await, told(true).await), (0, 1));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_product_is_found_by_what_it_is_called_now_summarized_or_not(pool: PgPool) {
    let store = Store::new(pool);
    product(&store, "A", 0).await;
    summarize_all(&store, 10).await;
    assert_eq!(store.product_summarize_once(10).await.unwrap(), 0);
    for name in ["Lantern", "Candle", "Lantern", "Étagère 漢字漢字漢字漢字"] {
        let rename = ProductPatch::new(Some(name), None, None, None).unwrap();
        let _: ProductView = answer(store.product_change(request(), &by_sku("A"), rename).await);
        for summarized in [0, 1] {
            for asked in ["Lantern", "Candle", "étag", "étagère", "漢字漢字漢字漢", "a"] {
                let matches =
                    asked == "a" || name.to_lowercase().split(' ').any(|word| word.starts_with(&asked.to_lowercase()));
                let expected: &[&str] = if matches { &["A"] } else { &[] };
                assert_eq!(found(&store, asked).await, expected, "{asked} for {name}");
            }
            assert_eq!(store.product_summarize_once(10).await.unwrap(), 1 - summarized);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_somebody_has_in_hand_is_summarized_the_next_time(pool: PgPool) {
    let store = Store::new(pool.clone());
    for sku in ["A", "B", "C"] {
        product(&store, sku, 0).await;
    }
    let mut other = pool.begin().await.unwrap();
    sqlx::query("select from products where sku = 'B' for update").execute(&mut *other).await.unwrap();
    assert_eq!(store.product_summarize_once(10).await.unwrap(), 2);
    assert_eq!(found(&store, "product").await, ["A", "B", "C"]);
    other.rollback().await.unwrap();
    assert_eq!(store.product_summarize_once(10).await.unwrap(), 1);
    assert_eq!(found(&store, "product b").await, ["B"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn products_that_are_gone_by_hand_leave_ranges_that_serve(pool: PgPool) {
    let store = Store::new(pool.clone());
    fill(&pool, 10_000..12_000).await;
    summarize_all(&store, 1_000).await;
    sqlx::query("delete from products where sku < 'S11990'").execute(&pool).await.unwrap();
    fill(&pool, 12_000..12_100).await;
    summarize_all(&store, 1_000).await;
    assert_ranges_whole(&pool).await;
    assert_eq!(found(&store, "w1199").await.len(), 10);
    assert_eq!(found(&store, "w12099").await, ["S12099"]);
}

/// A page lies in the ranges that a search walks along first, or it takes many such steps, or they find too little to go
/// on, or what is not summarized yet ends them.
#[sqlx::test(migrations = "../migrations")]
async fn a_page_is_found_however_far_it_reaches(pool: PgPool) {
    let store = Store::new(pool.clone());
    fill(&pool, 10_000..40_000).await;
    summarize_all(&store, 5_000).await;
    assert!(count(&pool, "select count(*) from product_ranges").await > 16, "fewer than four steps");
    // The first step ends before a product that is found. Of 1,300 in a row, ten are, and one.
    let border = "select substr(first_sku, 2)::bigint
        from (select first_sku from product_ranges order by first_sku offset 4 limit 1) as fifth";
    let one = i32::try_from(count(&pool, border).await).unwrap() % 1_300;
    let ten = one / 10;
    let searches = [
        (format!("x{ten:03}"), ten * 10..ten * 10 + 10, [7, 30, 45, 60, 100, 200].as_slice()),
        (format!("x{one:04}"), one..one + 1, &[1, 4, 5, 6, 7, 8, 11, 16, 22, 50]),
    ];
    for changed in ["", "number between 13207 and 29707", "number between 20000 and 33999", "true"] {
        if !changed.is_empty() {
            let change = format!(
                "update products set version = version + 1
                from generate_series(10000, 39999) as number
                where sku = 'S' || number and {changed}"
            );
            sqlx::query(AssertSqlSafe(change)).execute(&pool).await.unwrap();
        }
        for (query, matching, limits) in &searches {
            let filter = ProductFilter { query: query.clone(), archived: Archived::Without };
            let matches = |number: &i32| matching.contains(&(number % 1_300));
            let all: Vec<String> = (10_000..40_000).filter(matches).map(|number| format!("S{number}")).collect();
            for limit in *limits {
                let limit = Limit::new(*limit).unwrap();
                let page = async |cursor: Option<&str>| store.product_list(&filter, limit, cursor).await.unwrap();
                let found = walk(|item| item.sku.to_string(), page).await;
                assert_eq!(found, all, "{query}, {limit:?} at a time, changed: {changed}");
            }
        }
    }
    store.close().await;
}

/// While two servers summarize and ranges are split, whatever is committed is found, by each of them.
#[sqlx::test(migrations = "../migrations")]
async fn nothing_is_missed_while_ranges_change(pool: PgPool) {
    fill(&pool, 10_000..13_900).await;
    let stores = [served(&pool).await, served(&pool).await];
    let done = AtomicBool::new(false);
    let summarize = async |store: &Store, limit: u16| {
        let mut products = 0;
        while !done.load(Ordering::Relaxed) {
            products += store.product_summarize_once(limit).await.unwrap();
            tokio::task::yield_now().await;
        }
        products
    };
    let search = async |store: &Store| {
        let mut searches = 0;
        while !done.load(Ordering::Relaxed) {
            for (word, first) in [("x0900", "S10000"), ("x1299", "S10399"), ("x0000", "S10400"), ("x0899", "S11299")] {
                assert_eq!(first_of(store, word).await, first);
                searches += 1;
            }
        }
        searches
    };
    let write = async || {
        for number in 0..60 {
            // Three that are called the same, far from each other.
            let skus = [0, 1, 2].map(|third| format!("S1{:04}-{number}", number * 20 + third * 1_300));
            for sku in &skus {
                let new = NewProduct::new(sku, &format!("new{number}"), gbp(100)).unwrap();
                let _: ProductView = answer(stores[0].product_create(request(), new).await);
            }
            let [first, second] = &stores;
            assert_eq!(first_of(second, &format!("new{number}")).await, skus[0]);
            let rename = ProductPatch::new(Some(&format!("other{number}")), None, None, None).unwrap();
            for sku in skus.iter().rev() {
                let _: ProductView = answer(second.product_change(request(), &by_sku(sku), rename.clone()).await);
            }
            assert_eq!(first_of(first, &format!("other{number} s1")).await, skus[0]);
        }
        done.store(true, Ordering::Relaxed);
    };
    let (_, first, second, searches) =
        tokio::join!(write(), summarize(&stores[0], 90), summarize(&stores[1], 70), search(&stores[1]));
    assert!(first > 0 && second > 0, "both summarized: {first} and {second}");
    assert!(searches > 0);
    summarize_all(&stores[0], 1_000).await;
    assert_ranges_whole(&pool).await;
    assert!(count(&pool, "select count(*) from product_ranges").await >= 3);
    for store in stores {
        store.close().await;
    }
}
