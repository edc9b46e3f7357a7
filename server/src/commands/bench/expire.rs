//! `holdfast bench expire`: how late holds end, all at one moment and in a steady stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use domain::quantity::grouped;
use sqlx::PgConnection;
use uuid::Uuid;

use super::load::{Asked, Counted, Lasts, Load, Pace};
use super::report::{figure, machine, median, publish, table};
use super::setting::{Database, HOT, Served, SettingArgs};

/// How long before its deadlines the holds are made: that takes a few seconds.
const AHEAD_SECONDS: f64 = 15.0;
/// When new reservations begin, before the deadline.
const EARLY: Duration = Duration::from_secs(3);
/// How long the stock is waited for.
const WAIT_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Buyers of the same product meanwhile.
const CLIENTS: u32 = 50;

#[derive(Debug, clap::Args)]
pub struct ExpireArgs {
    /// How many holds are due at one moment.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    at_once: u32,

    /// How many holds are due each second, in the steady stream.
    #[arg(long, value_name = "COUNT", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    each_second: u32,

    #[command(flatten)]
    setting: SettingArgs,
}

/// Holds of the hot product, made as if they had been reserved: `$1` of them, the first due `$2` seconds from
/// now, each `$3` seconds after the one before. Answers with the first deadline. Their ids are in the order of time, as
/// ours are, twenty of each millisecond: what is due together lies together.
const HOLDS: &str = r#"with clock as materialized (
    select date_trunc('milliseconds', clock_timestamp()) as now
), ids as materialized (
    select
        number,
        (lpad(to_hex((extract(epoch from now) * 1000)::bigint - ($1 - number) / 20), 12, '0')
            || substr(md5(number::text), 1, 20))::uuid as id,
        now,
        now + ($2 + number * $3) * interval '1 second' as expires_at
    from clock, generate_series(0, $1 - 1) as number
), taken as (
    update stock
    set reserved = reserved + $1, version = version + $1
    where product_id = md5('bench product 0')::uuid
      and warehouse = 'MAIN'
    returning product_id, warehouse, on_hand, reserved, version
), held as (
    insert into reservations (id, status, owner, strategy, created_at, expires_at)
    select id, 'held', 'bench', 'priority', now, expires_at
    from ids
), lines as (
    insert into reservation_lines (product_id, reservation_id, warehouse, line, quantity, reason)
    select product_id, id, warehouse, 0, 1, 'priority'
    from ids, taken
), told as (
    insert into journal (
        shard_key, at, change_id, actor, action, subject_kind, subject_id, product_id, warehouse, on_hand_delta,
        reserved_delta, on_hand, reserved, version, after
    )
    select
        product_id, now, id, 'local', 'reservation.held', 'reservation', id, product_id, warehouse, 0, 1,
        on_hand, reserved - $1 + 1 + number, version - $1 + 1 + number,
        '{"status": "held", "expires_at": "2026-11-22T17.12.52.000Z"}'
    from ids, taken
)
select extract(epoch from now + $2 * interval '1 second' - clock_timestamp())::float8 from clock"#;

/// What one run saw.
struct Seen {
    /// From the deadline until the last unit was back on sale.
    back_seconds: f64,
    reservations_per_second: f64,
    lateness: [f64; 3],
}

pub(super) async fn run(args: ExpireArgs) -> anyhow::Result<()> {
    let setting = &args.setting;
    let (mut back, mut meanwhile) = (Vec::new(), Vec::new());
    let mut lateness: [Vec<f64>; 3] = Default::default();
    let mut version = String::new();
    for number in 1..=setting.runs {
        eprintln!("Run {number} of {}", setting.runs);
        let database = Database::start(setting.postgres_bin.as_deref()).await?;
        database.version().clone_into(&mut version);
        let served = Served::start(&database).await?;
        let seen = measure(&args, &database, &served).await?;
        served.stop().await?;
        database.verify().await?;
        database.stop().await?;
        eprintln!(
            "  {:.2} s, {:.0} reservations a second, late {:?} ms",
            seen.back_seconds, seen.reservations_per_second, seen.lateness
        );
        back.push(seen.back_seconds);
        meanwhile.push(seen.reservations_per_second);
        for (samples, sample) in lateness.iter_mut().zip(seen.lateness) {
            samples.push(sample);
        }
    }
    let (at_once, each_second) = (grouped(i64::from(args.at_once)), grouped(i64::from(args.each_second)));
    let [p50, p99, longest] = lateness.map(|samples| figure(median(&samples)));
    let rows = [
        [format!("{at_once} holds due at one moment: seconds until all were back on sale"), figure(median(&back))],
        [format!("reservations a second of the same product meanwhile, {CLIENTS} clients"), figure(median(&meanwhile))],
        [format!("{each_second} holds due each second: lateness in ms, p50"), p50],
        ["p99".to_owned(), p99],
        ["the longest".to_owned(), longest],
    ];
    let report = format!(
        "## Expiring\n\nHolds of one product. Lateness is from the deadline to the moment at which the transaction \
         that gives the units back read the database's clock, its locks held. Medians of {} runs. Made by `holdfast \
         bench expire`, part of `make bench`.\n\n{}.\n\n{}",
        setting.runs,
        machine(&version),
        table(&["what", "measured"], &rows.map(|row| row.to_vec())),
    );
    publish(setting.report.as_deref(), &report)
}

async fn measure(args: &ExpireArgs, database: &Database, served: &Served) -> anyhow::Result<Seen> {
    let mut conn = database.conn().await?;
    let (back_seconds, counted) = at_one_moment(&mut conn, args.at_once, served).await?;
    let steady = u32::try_from(u64::from(args.each_second) * args.setting.seconds)?;
    let due = make_holds(&mut conn, steady, 1.0 / f64::from(args.each_second)).await?;
    tokio::time::sleep(Duration::from_secs_f64(due.max(0.0))).await;
    until_back(&mut conn).await?;
    let lateness = lateness(&mut conn, steady).await?;
    Ok(Seen { back_seconds, reservations_per_second: counted.per_second(), lateness })
}

/// Ends the load when it is dropped, whatever has become of the benchmark.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn at_one_moment(conn: &mut PgConnection, holds: u32, served: &Served) -> anyhow::Result<(f64, Counted)> {
    let due = make_holds(conn, holds, 0.0).await?;
    if due < EARLY.as_secs_f64() {
        bail!("the holds were due before all of them were made: the run is invalid");
    }
    tokio::time::sleep(Duration::from_secs_f64(due) - EARLY).await;
    let stop = Stop::default();
    let load = Load {
        door: served.door.clone(),
        asked: Asked::one(HOT),
        pace: Pace::Closed { clients: CLIENTS },
        lasts: Lasts::Until(stop.0.clone()),
    };
    let expected = load.asked.expected;
    let loading = tokio::spawn(load.run());
    tokio::time::sleep(EARLY).await;
    let waited = until_back(conn).await;
    drop(stop);
    let counted = loading.await??.valid(expected)?;
    Ok((waited?, counted))
}

/// Makes them, and tells in how many seconds the first one is due.
async fn make_holds(conn: &mut PgConnection, holds: u32, apart_seconds: f64) -> anyhow::Result<f64> {
    let due = sqlx::query_scalar(HOLDS)
        .bind(i64::from(holds))
        .bind(AHEAD_SECONDS)
        .bind(apart_seconds)
        .fetch_one(&mut *conn)
        .await?;
    sqlx::query("analyze reservations, reservation_lines, journal").execute(conn).await?;
    Ok(due)
}

/// Waits until none of them is held any more, and tells how many seconds after the last deadline that was.
async fn until_back(conn: &mut PgConnection) -> anyhow::Result<f64> {
    let began = Instant::now();
    let mut back_seconds = f64::NAN;
    // The last one that is held is waited for by its id, so that those who wait cost the database next to nothing. There
    // are others only where they were not ended in the order of their deadlines.
    while let Some(last) = last_held(conn).await? {
        loop {
            let (is_held, since): (bool, f64) = sqlx::query_as(
                "select status = 'held', extract(epoch from clock_timestamp() - expires_at)::float8
                from reservations
                where id = $1",
            )
            .bind(last)
            .fetch_one(&mut *conn)
            .await?;
            if !is_held {
                back_seconds = since;
                break;
            }
            if began.elapsed() > WAIT_MAX {
                bail!("after {} s some holds had not ended: the run is invalid", WAIT_MAX.as_secs());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    if back_seconds.is_nan() {
        bail!("the holds had ended before anybody looked: the run is invalid");
    }
    Ok(back_seconds)
}

/// The one with the latest deadline among those that have not ended.
async fn last_held(conn: &mut PgConnection) -> anyhow::Result<Option<Uuid>> {
    let last = sqlx::query_scalar(
        "select id
        from reservations
        where owner = 'bench'
          and status = 'held'
        order by expires_at desc, id desc
        limit 1",
    )
    .fetch_optional(conn)
    .await?;
    Ok(last)
}

/// Of the latest so many: p50, p99 and the longest, in milliseconds.
async fn lateness(conn: &mut PgConnection, holds: u32) -> anyhow::Result<[f64; 3]> {
    let found: Vec<f64> = sqlx::query_scalar(
        "select percentile_disc(array[0.5, 0.99, 1.0]) within group (order by late_milliseconds)
        from (
            select extract(epoch from journal.at - reservations.expires_at)::float8 * 1000 as late_milliseconds
            from reservations
            join journal on journal.subject_id = reservations.id
            where reservations.owner = 'bench'
              and journal.action = 'reservation.expired'
            order by reservations.expires_at desc
            limit $1
        ) as ended",
    )
    .bind(i64::from(holds))
    .fetch_one(conn)
    .await?;
    match found.as_slice() {
        [p50, p99, longest] => Ok([*p50, *p99, *longest]),
        _ => bail!("no hold has ended: the run is invalid"),
    }
}
