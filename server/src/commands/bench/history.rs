//! A shop's past: reservations by the million that were held and let go, made inside the database.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, PgConnection};

use super::setting::{Database, PRODUCTS};

/// Over the last two years, over all products in turn, each held for a while and let go: a reservation, its
/// line, two journal entries; and the keys of the last million.
const HISTORY: [&str; 5] = [
    "insert into reservations (id, status, owner, strategy, created_at, expires_at)
    select
        id, 'released', null, 'priority', at, at + interval '10 minutes'
    from bench_past",
    "insert into reservation_lines (product_id, reservation_id, warehouse, line, quantity, reason)
    select product_id, id, 'MAIN', 0, 1, 'priority'
    from bench_past",
    r#"insert into journal (
        shard_key, at, change_id, actor, request_id, action, subject_kind, subject_id, product_id, warehouse,
        on_hand_delta, reserved_delta, on_hand, reserved, version, after
    )
    select
        product_id, at, id, 'local', id, step.action, 'reservation', id, product_id, 'MAIN', 0, step.reserved,
        1000000000, 1 - step.number, 2 + 2 * (bench_past.number / $1) + step.number, '{"status": "held"}'
    from bench_past,
        (values (0, 'reservation.held', 1), (1, 'reservation.released', -1)) as step (number, action, reserved)"#,
    "insert into idempotency_keys (key, caller, fingerprint, status, location, body, created_at)
    select
        'past-' || number, 'local', sha256(uuid_send(id)), 201, '/api/reservations/' || id,
        convert_to(rpad(id::text, 560, ' '), 'UTF8'), at
    from bench_past
    where number >= $1 - 1000000",
    "update stock
    set version = 1 + 2 * past.count
    from (select product_id, count(*) as count from bench_past group by product_id) as past
    where past.product_id = stock.product_id",
];

/// What the statements above read: ids in the order of time.
const PAST: &str = "create unlogged table bench_past as
    select
        number,
        md5('bench product ' || number % $2)::uuid as product_id,
        (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || substr(md5(number::text), 1, 20))::uuid as id,
        at
    from (
        select number, date_trunc('milliseconds', now() - interval '730 days' + number * (interval '729 days' / $1)) as at
        from generate_series(0, $1 - 1) as number
    ) as numbers";

/// Puts so many reservations behind the database, and tells how long that took.
pub(super) async fn fill(database: &Database, reservations: u64) -> anyhow::Result<Duration> {
    let began = Instant::now();
    let mut conn = database.conn().await?;
    let (count, products) = (i64::try_from(reservations)?, i64::from(PRODUCTS));
    sqlx::query("set maintenance_work_mem = '1GB'").execute(&mut conn).await?;
    // A table is made of no parameters: its numbers stand in the text.
    let past = PAST.replace("$1", &count.to_string()).replace("$2", &products.to_string());
    run(&mut conn, &past).await?;
    // Indexes are made after the rows: that takes a fraction of the time.
    let indexes =
        super::fill::indexes_drop(&mut conn, &["reservations", "reservation_lines", "journal", "idempotency_keys"])
            .await?;
    let [held, lines, told, keys, versions] = HISTORY;
    run(&mut conn, held).await?;
    run(&mut conn, lines).await?;
    sqlx::query(told).bind(products).execute(&mut conn).await?;
    sqlx::query(keys).bind(count).execute(&mut conn).await?;
    run(&mut conn, versions).await?;
    super::fill::indexes_make(&mut conn, indexes).await?;
    run(&mut conn, "drop table bench_past").await?;
    for table in ["reservations", "reservation_lines", "journal", "idempotency_keys", "stock"] {
        run(&mut conn, &format!("vacuum analyze {table}")).await?;
    }
    database.checkpoint().await?;
    Ok(began.elapsed())
}

async fn run(conn: &mut PgConnection, statement: &str) -> anyhow::Result<()> {
    sqlx::query(AssertSqlSafe(statement)).execute(conn).await?;
    Ok(())
}
