//! Orders by the million, made inside the database: what the list reads of them, and nothing else.

use anyhow::Context as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

/// How many customers the orders are of.
const CUSTOMERS: i64 = 100_000;

/// Customers and orders over two years: statuses as a shop has them after that time, totals log-normal as
/// in the Online Retail data set (median about 150, mean about 300), few customers with many orders. The
/// same every time.
const FILL: [&str; 3] = [
    "select setseed(0.42)",
    "insert into customers (id, email, name, created_at)
    select md5('customer ' || number)::uuid, 'customer-' || number || '@example.com', 'Customer ' || number, now()
    from generate_series(0, $1 - 1) as number",
    "insert into orders (
        id,
        number,
        status,
        customer_id,
        currency,
        total_minor,
        items,
        version,
        placed_at,
        updated_at
    )
    select
        gen_random_uuid(),
        number,
        case
            when status < 0.80 then 'delivered'
            when status < 0.86 then 'cancelled'
            when status < 0.90 then 'shipped'
            when status < 0.93 then 'expired'
            when status < 0.95 then 'processing'
            when status < 0.97 then 'confirmed'
            when status < 0.99 then 'returned'
            else 'pending'
        end,
        case when customer < 0.75 then md5('customer ' || floor(power(customer / 0.75, 2) * $2)::bigint)::uuid end,
        'GBP',
        round(exp(9.6 + 1.2 * sqrt(-2 * ln(1 - radius)) * cos(2 * pi() * angle)))::bigint,
        1 + floor(items * 20)::bigint,
        1,
        placed_at,
        placed_at
    from (
        select
            number,
            random() as status,
            random() as customer,
            random() as radius,
            random() as angle,
            random() as items,
            date_trunc('milliseconds', now() - random() * interval '730 days') as placed_at
        from generate_series(1, $1) as number
    ) as drawn",
];

/// Fills an empty, migrated database with so many orders.
pub(super) async fn fill(owner: &PgConnectOptions, orders: i64) -> anyhow::Result<()> {
    let mut conn = owner.connect().await.context("the database of the benchmark can't be reached")?;
    let [seed, customers, made] = FILL;
    sqlx::query(seed).execute(&mut conn).await?;
    sqlx::query(customers).bind(CUSTOMERS).execute(&mut conn).await?;
    // Indexes are made after the rows: that takes a fraction of the time.
    let indexes = indexes_drop(&mut conn, &["orders"]).await?;
    sqlx::query(made).bind(orders).bind(CUSTOMERS).execute(&mut conn).await?;
    run(&mut conn, "set maintenance_work_mem = '1GB'".to_owned()).await?;
    indexes_make(&mut conn, indexes).await?;
    // Analysed for the planner; vacuumed, as a shop's orders are after a while.
    run(&mut conn, "vacuum analyze orders".to_owned()).await?;
    run(&mut conn, "vacuum analyze customers".to_owned()).await
}

/// Drops the indexes of these tables, but for those that are constraints, and tells how to make them again.
pub(super) async fn indexes_drop(conn: &mut PgConnection, tables: &[&str]) -> anyhow::Result<Vec<String>> {
    let indexes: Vec<(String, String)> = sqlx::query_as(
        "select indexname::text, indexdef
        from pg_indexes
        where schemaname = 'public'
          and tablename = any($1)
          and not exists (select from pg_constraint where conname = indexname)",
    )
    .bind(tables)
    .fetch_all(&mut *conn)
    .await?;
    for (name, _) in &indexes {
        run(conn, format!(r#"drop index "{name}""#)).await?;
    }
    Ok(indexes.into_iter().map(|(_, definition)| definition).collect())
}

pub(super) async fn indexes_make(conn: &mut PgConnection, definitions: Vec<String>) -> anyhow::Result<()> {
    for definition in definitions {
        run(conn, definition).await?;
    }
    Ok(())
}

async fn run(conn: &mut PgConnection, statement: String) -> anyhow::Result<()> {
    sqlx::query(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}
