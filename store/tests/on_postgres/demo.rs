use domain::order::{OrderChange, OrderRef, OrderStatus, OrderView};
use sqlx::PgPool;
use store::Store;
use store::demo::DemoOptions;

use crate::support::{answer, assert_sound, count, hold, level, product, request, served};

async fn demo(store: &Store, options: DemoOptions) -> u64 {
    let mut demo = store.demo_begin(options).await.unwrap();
    while store.demo_continue(&mut demo).await.unwrap_or_else(|error| panic!("{}", error.in_full())) > 0 {}
    let written = demo.written();
    store.demo_end(demo).await.unwrap();
    written
}

const OPTIONS: DemoOptions = DemoOptions { orders: 2_000, products: 40, seed: 7 };

#[sqlx::test(migrations = "../migrations")]
async fn a_demo_is_consistent_with_stock_and_journal(pool: PgPool) {
    let store = served(&pool).await;
    assert_eq!(demo(&store, OPTIONS).await, 2_000);
    assert_sound(&store).await;
    assert_eq!(count(&pool, "select count(*) from orders").await, 2_000);
    assert_eq!(count(&pool, "select count(*) from products where sku like 'DEMO-%'").await, 40);
    let told = "select count(distinct subject_id) from journal where action = 'order.imported'";
    assert_eq!(count(&pool, told).await, 2_000);
    assert_eq!(count(&pool, "select count(*) from journal where actor <> 'system:demo'").await, 0);
    let summed = "select count(*) from orders
        where total_minor <> (select sum(quantity * unit_price_minor) from order_lines where order_id = orders.id)
            or items <> (select sum(quantity) from order_lines where order_id = orders.id)";
    assert_eq!(count(&pool, summed).await, 0);
    let numbers = "select count(*) from (
            select placed_at < lag(placed_at) over (order by number) as back from orders
        ) neighbours where back";
    assert_eq!(count(&pool, numbers).await, 0);
    let free = "select count(*) from stock where on_hand <> reserved";
    assert_eq!(count(&pool, free).await, 0, "nothing is on sale that was not before");
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_the_demo_left_unshipped_is_shipped_or_cancelled_like_any_order(pool: PgPool) {
    let store = served(&pool).await;
    demo(&store, OPTIONS).await;
    let open: Vec<(i64, String)> =
        sqlx::query_as("select number, status from orders where status in ('confirmed', 'processing') order by number")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert!(open.len() > 5, "{open:?}");
    for (number, status) in open {
        let order = OrderRef::parse(&number.to_string()).unwrap();
        let to = match status.parse().unwrap() {
            OrderStatus::Confirmed => "cancelled",
            _ => "shipped",
        };
        let change = OrderChange::new(Some(to), None, None, None).unwrap();
        answer::<OrderView>(store.order_proceed(request(), &order, change).await);
    }
    assert_eq!(count(&pool, "select sum(reserved)::bigint from stock").await, 0);
    assert_sound(&store).await;
    store.close().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_demo_sells_what_is_there_and_takes_no_unit_of_it(pool: PgPool) {
    let store = served(&pool).await;
    for sku in ["A", "B\\N", "C"] {
        product(&store, sku, 10).await;
    }
    hold(&store, &[("A", 4)]).await;
    crate::support::warehouse(&pool, "EAST", true).await;
    let options = DemoOptions { orders: 1_000, ..OPTIONS };
    for round in 1..=2 {
        demo(&store, options).await;
        assert_sound(&store).await;
        assert_eq!(count(&pool, "select count(*) from orders").await, 1_000 * round);
    }
    for (sku, free) in [("A", 6), ("B\\N", 10), ("C", 10)] {
        let (on_hand, reserved) = level(&store, sku).await;
        assert_eq!(on_hand - reserved, free, "{sku}");
    }
    assert!(count(&pool, "select count(*) from order_lines where warehouse = 'EAST'").await > 0);
    let twice = "select count(*) from (
            select total_minor from orders group by total_minor having count(*) % 2 = 1
        ) odd";
    assert_eq!(count(&pool, twice).await, 0, "the same seed gives the same orders");
    store.close().await;
}
