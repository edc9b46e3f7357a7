//! The list of orders: any filter, both sorts, both ways, while others write; and how Postgres reads it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::OrderId;
use domain::order::OrderStatus;
use domain::order::filter::{OrderFilter, OrderQuery, OrderSort};
use domain::page::{Cursor, Direction, Limit};
use domain::text::Email;
use domain::time::Timestamp;
use proptest::prelude::{Strategy, any, prop};
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use store::Store;
use strum::VariantArray as _;
use uuid::Uuid;

use crate::support::{age, code, count, hold, product, walk};

const CASES: usize = 60;

/// What orders are made of. Few days and totals make many ties.
struct Made {
    orders: i32,
    days: i32,
    totals: i32,
    customers: i32,
}

impl Made {
    /// Writes them at once. Ids are random, so that ties are not in the order of writing; every sixth order
    /// or so has no customer.
    async fn write(&self, pool: &PgPool) {
        let customers = "insert into customers (id, email, created_at)
            select ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'c' || n || '@example.com', now()
            from generate_series(1, $1) as n";
        sqlx::query(customers).bind(self.customers).execute(pool).await.unwrap();
        let orders = "insert into orders (
                id, number, status, customer_id, currency, total_minor, items, placed_at, updated_at
            )
            select
                gen_random_uuid(),
                n,
                (array['pending', 'confirmed', 'processing', 'shipped', 'shipped', 'delivered', 'delivered',
                    'delivered', 'delivered', 'cancelled', 'expired', 'returned'])[1 + floor(random() * 12)],
                case when random() < 0.83 then
                    ('00000000-0000-7000-8000-' || lpad(to_hex(1 + floor(random() * $4)::integer), 12, '0'))::uuid
                end,
                'GBP',
                floor(random() * $3) * 100,
                1,
                '2026-01-01Z'::timestamptz + floor(random() * $2) * interval '1 day',
                '2026-01-01Z'
            from generate_series(1, $1) as n";
        let orders = sqlx::query(orders).bind(self.orders).bind(self.days).bind(self.totals).bind(self.customers);
        orders.execute(pool).await.unwrap();
        sqlx::query("analyze").execute(pool).await.unwrap();
    }
}

fn day(days: i64) -> Timestamp {
    "2026-01-01T00:00:00Z".parse::<Timestamp>().unwrap().plus_seconds(days * 86_400)
}

fn email(number: i32) -> Email {
    Email::new(format!("c{number}@example.com")).unwrap()
}

fn queries() -> impl Strategy<Value = OrderQuery> {
    let some = |range| prop::option::weighted(0.3, range);
    let statuses = prop::collection::btree_set(prop::sample::select(OrderStatus::VARIANTS), 0..=8);
    let statuses = (any::<bool>(), statuses).prop_map(|(given, set)| if given { set } else { BTreeSet::new() });
    let customer = prop::option::weighted(0.2, 1..=7_i32);
    (statuses, some(-1..31_i64), some(-1..31_i64), some(0..1_000_i64), some(0..1_000_i64), customer, any::<bool>())
        .prop_map(|(statuses, from, to, min, max, customer, highest)| OrderQuery {
            filter: OrderFilter {
                statuses,
                from: from.map(day),
                to: to.map(day),
                min_total_minor: min,
                max_total_minor: max,
                customer: customer.map(email),
            },
            sort: if highest { OrderSort::Highest } else { OrderSort::Newest },
        })
}

/// What a list must show, read at once, in words of its own.
async fn unpaged(pool: &PgPool, query: &OrderQuery) -> Vec<OrderId> {
    let sql = "select orders.id
        from orders
        left join customers on customers.id = orders.customer_id
        where (cardinality($1::text[]) = 0 or orders.status = any($1))
          and ($2::timestamptz is null or orders.placed_at >= $2)
          and ($3::timestamptz is null or orders.placed_at < $3)
          and ($4::bigint is null or orders.total_minor >= $4)
          and ($5::bigint is null or orders.total_minor <= $5)
          and ($6::text is null or customers.email = $6)
        order by case when $7 then orders.total_minor end desc, case when $7 then null else orders.placed_at end desc,
            orders.id desc";
    let filter = &query.filter;
    let statuses: Vec<&str> = filter.statuses.iter().map(|status| status.as_str()).collect();
    let ids = sqlx::query_scalar::<_, Uuid>(sql)
        .bind(statuses)
        .bind(filter.from.map(Timestamp::as_datetime))
        .bind(filter.to.map(Timestamp::as_datetime))
        .bind(filter.min_total_minor)
        .bind(filter.max_total_minor)
        .bind(filter.customer.as_ref().map(Email::as_str))
        .bind(query.sort == OrderSort::Highest);
    ids.fetch_all(pool).await.unwrap().into_iter().map(OrderId::from_uuid).collect()
}

async fn walked(store: &Store, query: &OrderQuery, limit: i64) -> Vec<OrderId> {
    let limit = Limit::new(limit).unwrap();
    let page = async |cursor: Option<&str>| store.order_list(query, limit, cursor).await.unwrap();
    walk(|order| order.id, page).await
}

async fn exported(store: &Store, query: &OrderQuery) -> Vec<OrderId> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let (orders, next) = store.order_export_next(query, cursor.as_deref()).await.unwrap();
        ids.extend(orders.iter().map(|order| order.id));
        cursor = next;
        if cursor.is_none() {
            return ids;
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn all_pages_together_are_what_one_query_reads(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 500, days: 30, totals: 10, customers: 6 }.write(&pool).await;
    let mut runner = TestRunner::deterministic();
    let mut shown = 0;
    for case in 0..CASES {
        let query = queries().new_tree(&mut runner).unwrap().current();
        let expected = unpaged(&pool, &query).await;
        let limit = [7, 50, 199, 1][case % 4];
        // Walking asserts that the way back is the reverse.
        assert_eq!(walked(&store, &query, limit).await, expected, "{query:?}");
        assert_eq!(exported(&store, &query).await, expected, "{query:?}");
        shown += usize::from(!expected.is_empty());
    }
    assert!(shown > CASES / 2, "{shown} of {CASES} lists had orders in them");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_export_of_several_batches_leaves_nothing_out(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 3_000, days: 30, totals: 10, customers: 6 }.write(&pool).await;
    let several = [OrderStatus::Delivered, OrderStatus::Shipped, OrderStatus::Returned].into();
    for sort in [OrderSort::Newest, OrderSort::Highest] {
        for statuses in [BTreeSet::new(), BTreeSet::clone(&several)] {
            let query = OrderQuery { filter: OrderFilter { statuses, ..OrderFilter::default() }, sort };
            let expected = unpaged(&pool, &query).await;
            assert!(expected.len() > 1_000);
            assert_eq!(exported(&store, &query).await, expected);
        }
    }
    // A last batch that is full leads to an empty one.
    sqlx::query("delete from orders where number > 2000").execute(&pool).await.unwrap();
    assert_eq!(exported(&store, &OrderQuery::default()).await.len(), 2_000);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_matches_throughout_is_shown_once_while_others_write(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 800, days: 30, totals: 10, customers: 6 }.write(&pool).await;
    // What is shipped stays so; pending orders come, and go to and fro between what is listed and what is not.
    sqlx::query("update orders set status = 'pending' where status <> 'shipped'").execute(&pool).await.unwrap();
    let both = [OrderStatus::Shipped, OrderStatus::Pending].into();
    let with = |statuses| OrderFilter { statuses, ..OrderFilter::default() };
    let queries = [
        OrderQuery { filter: with(both), sort: OrderSort::Newest },
        OrderQuery { filter: with(BTreeSet::new()), sort: OrderSort::Highest },
        OrderQuery {
            filter: OrderFilter { from: Some(day(5)), ..with([OrderStatus::Shipped].into()) },
            ..OrderQuery::default()
        },
        OrderQuery {
            filter: OrderFilter { customer: Some(email(1)), ..OrderFilter::default() },
            sort: OrderSort::Highest,
        },
    ];
    let done = AtomicBool::new(false);
    let writes = async |sql: &'static str| {
        let mut rows = 0;
        while !done.load(Ordering::Relaxed) {
            rows += sqlx::query(sql).execute(&pool).await.unwrap().rows_affected();
        }
        rows
    };
    let walks = async {
        for query in &queries {
            for limit in [3, 40] {
                there_and_back(&store, &pool, query, Limit::new(limit).unwrap()).await;
            }
        }
        done.store(true, Ordering::Relaxed);
    };
    let (inserted, changed, ()) = futures::join!(
        writes(
            "insert into orders (id, number, status, customer_id, currency, total_minor, items, placed_at, updated_at)
            select gen_random_uuid(), 1000000 + nextval('order_numbers'), 'pending', customer_id, currency, total_minor,
                items, placed_at, updated_at
            from orders order by random() limit 3"
        ),
        writes(
            "update orders
            set status = case status when 'pending' then 'cancelled' else 'pending' end, version = version + 1
            where status <> 'shipped' and id in (select id from orders order by random() limit 20)"
        ),
        walks,
    );
    assert!(inserted > 20 && changed > 100, "{inserted} orders were placed, {changed} changed");
}

/// Walks to the end and back. Those that are shipped are shown once each way, and none is shown twice.
async fn there_and_back(store: &Store, pool: &PgPool, query: &OrderQuery, limit: Limit) {
    let mut shipped = unpaged(pool, query).await;
    let stay: Vec<Uuid> =
        sqlx::query_scalar("select id from orders where status = 'shipped'").fetch_all(pool).await.unwrap();
    let stay: BTreeSet<OrderId> = stay.into_iter().map(OrderId::from_uuid).collect();
    shipped.retain(|id| stay.contains(id));
    let (mut there, mut back) = (Vec::new(), Vec::new());
    let mut page = store.order_list(query, limit, None).await.unwrap();
    loop {
        there.extend(page.items.iter().map(|order| order.id));
        let Some(next) = &page.next else { break };
        page = store.order_list(query, limit, Some(next)).await.unwrap();
    }
    loop {
        back.splice(0..0, page.items.iter().map(|order| order.id));
        let Some(prev) = &page.prev else { break };
        page = store.order_list(query, limit, Some(prev)).await.unwrap();
    }
    for mut shown in [there, back] {
        let once: BTreeSet<OrderId> = shown.iter().copied().collect();
        assert_eq!(once.len(), shown.len(), "an order was shown twice: {query:?}");
        shown.retain(|id| stay.contains(id));
        assert_eq!(shown, shipped, "{query:?}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_order_is_listed_with_its_customer_and_as_it_reads_now(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 0, days: 1, totals: 1, customers: 1 }.write(&pool).await;
    product(&store, "MUG", 5).await;
    let reservation = hold(&store, &[("MUG", 2)]).await.reservation;
    let insert = "insert into orders (
            id, number, status, customer_id, currency, total_minor, items, reservation_id, reference, placed_at,
            updated_at
        )
        select $1, 1001, 'pending', id, 'GBP', 510, 2, $2, 'web-7', '2026-01-01Z', '2026-01-01Z'
        from customers";
    let id = store::ids::order_id();
    sqlx::query(insert).bind(id.as_uuid()).bind(reservation.id.as_uuid()).execute(&pool).await.unwrap();
    let of = |customer| OrderFilter { customer: Some(customer), ..OrderFilter::default() };
    let listed = async |filter| {
        let query = OrderQuery { filter, ..OrderQuery::default() };
        store.order_list(&query, Limit::default(), None).await.unwrap().items
    };
    let before = listed(of(email(1))).await;
    assert_eq!(before.len(), 1);
    assert_eq!((before[0].number.get(), before[0].items, before[0].total.minor), (1_001, 2, 510));
    assert_eq!(before[0].customer.as_ref().unwrap().email, Some(email(1)));
    assert_eq!(before[0].reference.as_ref().unwrap().as_str(), "web-7");
    assert_eq!((before[0].status, before[0].version), (OrderStatus::Pending, 1));
    assert!(listed(of(email(2))).await.is_empty());
    // Its time is over, nobody has swept: it is still found among the pending, and says what it is.
    age(&pool, reservation.id, 600).await;
    let pending = OrderFilter { statuses: [OrderStatus::Pending].into(), ..OrderFilter::default() };
    let after = listed(pending).await;
    assert_eq!((after[0].status, after[0].version), (OrderStatus::Expired, 2));
    assert_eq!(after[0].updated_at, reservation.expires_at.plus_seconds(-600));
    assert_eq!(count(&pool, "select count(*) from orders where status = 'pending'").await, 1);
    let (exported, _) = store.order_export_next(&OrderQuery::default(), None).await.unwrap();
    assert_eq!(exported, after);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_serves_only_the_list_that_gave_it(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 50, days: 5, totals: 5, customers: 2 }.write(&pool).await;
    let one = Limit::new(1).unwrap();
    let any = OrderFilter::default();
    let filters = [
        OrderFilter { statuses: [OrderStatus::Delivered].into(), ..any.clone() },
        OrderFilter { statuses: [OrderStatus::Delivered, OrderStatus::Shipped].into(), ..any.clone() },
        OrderFilter { from: Some(day(1)), ..any.clone() },
        OrderFilter { to: Some(day(4)), ..any.clone() },
        OrderFilter { min_total_minor: Some(1), ..any.clone() },
        OrderFilter { max_total_minor: Some(300), ..any.clone() },
        OrderFilter { customer: Some(email(1)), ..any.clone() },
        any,
    ];
    let sorts = [OrderSort::Newest, OrderSort::Highest];
    let queries = || filters.iter().flat_map(|filter| sorts.map(|sort| OrderQuery { filter: filter.clone(), sort }));
    for query in queries() {
        let next = store.order_list(&query, one, None).await.unwrap().next.unwrap();
        for other in queries().filter(|other| *other != query) {
            assert_eq!(code(store.order_list(&other, one, Some(&next)).await), "cursor_mismatch");
            assert_eq!(code(store.order_export_next(&other, Some(&next)).await), "cursor_mismatch");
        }
        // Another length of page is the same list.
        assert!(store.order_list(&query, Limit::default(), Some(&next)).await.is_ok());
        assert_eq!(code(store.order_list(&query, one, Some("?")).await), "bad_cursor");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_that_no_page_gave_is_refused_or_harmless(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 50, days: 5, totals: 5, customers: 2 }.write(&pool).await;
    let range =
        OrderFilter { from: Some(day(1)), to: Some(day(4)), max_total_minor: Some(300), ..OrderFilter::default() };
    let newest = OrderQuery { filter: range.clone(), sort: OrderSort::Newest };
    let highest = OrderQuery { filter: range, sort: OrderSort::Highest };
    let cases = [
        (&newest, Direction::Next, i64::MAX, "bad_cursor"),
        (&newest, Direction::Prev, i64::MIN, "bad_cursor"),
        (&newest, Direction::Next, day(10_000 * 365).unix_milliseconds() * 1_000, "bad_cursor"),
        (&newest, Direction::Next, day(9).unix_milliseconds() * 1_000, ""),
        (&newest, Direction::Prev, day(0).unix_milliseconds() * 1_000, ""),
        (&highest, Direction::Next, i64::MAX, ""),
        (&highest, Direction::Prev, i64::MIN, ""),
    ];
    for (query, direction, number, expected) in cases {
        let key = (number, OrderId::from_uuid(Uuid::nil()));
        let cursor = Cursor { direction, key, binding: query.binding() }.encode();
        let result = store.order_list(query, Limit::new(200).unwrap(), Some(&cursor)).await;
        match result {
            Err(error) => assert_eq!(error.problem().code(), expected, "{number}"),
            // It can't lead out of the filter.
            Ok(page) => {
                let ids: Vec<OrderId> = page.items.iter().map(|order| order.id).collect();
                assert_eq!((ids, expected), (unpaged(&pool, query).await, ""), "{number}");
            }
        }
    }
}

/// What a plan did with the orders.
#[derive(Debug, Default)]
struct Reads {
    indexes: BTreeSet<String>,
    sequential: bool,
    rows: f64,
    rows_removed: f64,
    blocks_most: f64,
    sorted_most: f64,
}

impl Reads {
    fn of(plan: &Value) -> Self {
        let mut reads = Self::default();
        reads.add(&plan[0]["Plan"]);
        reads
    }

    fn add(&mut self, node: &Value) {
        let text = |name: &str| node[name].as_str().unwrap_or_default();
        let number = |name: &str| node[name].as_f64().unwrap_or_default();
        let children: &[Value] = node["Plans"].as_array().map_or(&[], Vec::as_slice);
        if text("Relation Name") == "orders" {
            self.sequential |= text("Node Type") == "Seq Scan";
            self.rows += number("Actual Rows") * number("Actual Loops");
            self.rows_removed += number("Rows Removed by Filter") + number("Rows Removed by Index Recheck");
            self.blocks_most = self.blocks_most.max(number("Shared Hit Blocks") + number("Shared Read Blocks"));
        }
        if text("Index Name").starts_with("orders_") {
            self.indexes.insert(text("Index Name").to_owned());
        }
        if text("Node Type").ends_with("Sort") {
            let sorted: f64 = children.iter().map(|child| child["Actual Rows"].as_f64().unwrap_or_default()).sum();
            self.sorted_most = self.sorted_most.max(sorted);
        }
        children.iter().for_each(|child| self.add(child));
    }
}

/// A list that an index serves, in so many branches.
struct Bounded {
    query: OrderQuery,
    index: String,
    branches: u32,
}

fn bounded(sort: OrderSort) -> Vec<Bounded> {
    let any = OrderFilter::default();
    // Half of all orders lie in it, and many beyond either end.
    let own = match sort {
        OrderSort::Newest => OrderFilter { from: Some(day(100)), to: Some(day(300)), ..any.clone() },
        OrderSort::Highest => {
            OrderFilter { min_total_minor: Some(25_000), max_total_minor: Some(75_000), ..any.clone() }
        }
    };
    let all = OrderStatus::VARIANTS;
    let (one, two) = ([OrderStatus::Delivered], [OrderStatus::Delivered, OrderStatus::Shipped]);
    let mut lists = Vec::new();
    for range in [any, own] {
        let mut list = |filter, index: &str, branches| {
            let index = format!("orders_{index}{}", sort.as_str());
            lists.push(Bounded { query: OrderQuery { filter, sort }, index, branches });
        };
        let with =
            |statuses: &[OrderStatus]| OrderFilter { statuses: statuses.iter().copied().collect(), ..range.clone() };
        list(range.clone(), "", 1);
        list(with(all), "", 1);
        list(with(&one), "by_status_", 1);
        list(with(&two), "by_status_", 2);
        list(OrderFilter { customer: Some(email(1)), ..range.clone() }, "by_customer_", 1);
    }
    lists
}

#[sqlx::test(migrations = "../migrations")]
async fn every_page_is_a_short_stretch_of_an_index(pool: PgPool) {
    let store = Store::new(pool.clone());
    // Few customers, so that each has thousands of orders.
    Made { orders: 50_000, days: 400, totals: 1_000, customers: 8 }.write(&pool).await;
    let limit = Limit::default();
    for Bounded { query, index, branches } in [OrderSort::Newest, OrderSort::Highest].into_iter().flat_map(bounded) {
        // Halfway down the list, where a thousand follow.
        let mut deep = None;
        for _ in 0..unpaged(&pool, &query).await.len() / 2_000 {
            deep = store.order_export_next(&query, deep.as_deref()).await.unwrap().1;
        }
        let back = store.order_list(&query, limit, deep.as_deref()).await.unwrap().prev;
        assert!(deep.is_some() && back.is_some(), "the list is long enough to be deep: {query:?}");
        for cursor in [None, deep, back] {
            let plan = store.order_list_plan(&query, limit, cursor.as_deref()).await.unwrap();
            let reads = Reads::of(&plan);
            let most = f64::from(branches) * 51.0;
            assert_eq!(reads.indexes.iter().collect::<Vec<_>>(), [&index], "{query:?} {plan:#}");
            assert!(!reads.sequential && reads.rows <= most && reads.rows_removed == 0.0, "{query:?} {plan:#}");
            // One block an order, and the way down the index.
            assert!(reads.sorted_most <= most && reads.blocks_most <= 51.0 + 12.0, "{query:?} {reads:?} {plan:#}");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_range_that_no_index_bounds_is_read_by_one_all_the_same(pool: PgPool) {
    let store = Store::new(pool.clone());
    Made { orders: 50_000, days: 400, totals: 1_000, customers: 2_000 }.write(&pool).await;
    let any = OrderFilter::default();
    let dates = |from, to| OrderFilter { from: Some(day(from)), to: Some(day(to)), ..any.clone() };
    let totals = |min, max| OrderFilter { min_total_minor: Some(min), max_total_minor: Some(max), ..any.clone() };
    let delivered = [OrderStatus::Delivered].into();
    let queries = [
        OrderQuery { filter: dates(100, 300), sort: OrderSort::Highest },
        OrderQuery { filter: dates(100, 101), sort: OrderSort::Highest },
        OrderQuery { filter: totals(20_000, 80_000), sort: OrderSort::Newest },
        OrderQuery { filter: totals(20_000, 20_100), sort: OrderSort::Newest },
        OrderQuery { filter: OrderFilter { statuses: delivered, ..dates(100, 300) }, sort: OrderSort::Highest },
        OrderQuery { filter: OrderFilter { customer: Some(email(7)), ..dates(100, 300) }, sort: OrderSort::Highest },
    ];
    for query in queries {
        let plan = store.order_list_plan(&query, Limit::default(), None).await.unwrap();
        let reads = Reads::of(&plan);
        assert!(!reads.indexes.is_empty() && !reads.sequential, "{query:?} {plan:#}");
        // Either it walks in the sort's order and leaves out, or it reads the range and sorts that.
        assert!(reads.sorted_most < 1_000.0 && reads.rows_removed < 1_000.0, "{query:?} {reads:?} {plan:#}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn no_list_is_prepared_for_it_would_lose_the_plan_for_its_values(pool: PgPool) {
    Made { orders: 10, days: 1, totals: 1, customers: 1 }.write(&pool).await;
    let options = (*pool.connect_options()).clone();
    let one = PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap();
    let store = Store::new(one.clone());
    let customer = OrderFilter { customer: Some(email(1)), ..OrderFilter::default() };
    for query in [OrderQuery::default(), OrderQuery { filter: customer, sort: OrderSort::Highest }] {
        store.order_list(&query, Limit::default(), None).await.unwrap();
        store.order_export_next(&query, None).await.unwrap();
    }
    let prepared =
        "select count(*) from pg_prepared_statements where statement ~ 'from\\s+orders' and statement !~ 'pg_prepared'";
    assert_eq!(count(&one, prepared).await, 0);
    one.close().await;
}
