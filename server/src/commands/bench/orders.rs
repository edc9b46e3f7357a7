//! `holdfast bench orders`.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use axum::serve::ListenerExt as _;
use cluster::{Cluster, Options};
use domain::account::{KeyCreated, KeyRequest};
use domain::order::filter::{OrderQuery, OrderQueryInput};
use domain::page::Limit;
use domain::quantity::grouped;
use domain::time::Timestamp;
use leptos::config::LeptosOptions;
use sqlx::postgres::PgConnectOptions;
use store::{Connections, Store, migrate};
use tokio::net::TcpListener;

use super::fill::fill;
use super::latency::{Latency, measured, milliseconds};
use super::report::{machine, publish};
use crate::admission::Admission;
use crate::commands::asked;
use crate::config::RateArgs;
use crate::router::router;
use crate::state::AppState;

/// How far in the pages lie that are measured, in orders.
const DEPTHS: [usize; 3] = [0, 1_000, 100_000];
/// How many orders one step of the way there passes.
const STRIDE: usize = 1_000;

#[derive(Debug, clap::Args)]
pub struct OrdersArgs {
    /// How many orders; several numbers are measured one after the other, and compared with the first.
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_value = "1000000,10000000")]
    orders: Vec<u64>,

    /// Write the report into this file as well, in place of the one that is there.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// The folder with the programs of Postgres [default: looked for].
    #[arg(long, env = "HOLDFAST_POSTGRES_BIN", value_name = "FOLDER")]
    postgres_bin: Option<PathBuf>,
}

/// One list to be read.
struct Case {
    name: &'static str,
    query: &'static str,
    /// Whether one index holds exactly the orders of the list in its order.
    bounded: bool,
}

const fn case(name: &'static str, query: &'static str) -> Case {
    Case { name, query, bounded: true }
}

const fn unbounded(name: &'static str, query: &'static str) -> Case {
    Case { name, query, bounded: false }
}

/// `{month}` and the like are put in place of when it is run.
const CASES: [Case; 19] = [
    case("newest", ""),
    case("newest, status delivered", "status=delivered"),
    case("newest, status returned", "status=returned"),
    case("newest, two statuses", "status=delivered&status=shipped"),
    case("newest, one customer", "customer=customer-7@example.com"),
    case("newest, the customer with most orders", "customer=customer-0@example.com"),
    case("newest, within half a year", "from={half_year}&to={month}"),
    case(
        "newest, status, half a year, customer",
        "status=delivered&customer=customer-7@example.com&from={two_years}&to={month}",
    ),
    case("highest", "sort=highest"),
    case("highest, status delivered", "sort=highest&status=delivered"),
    case("highest, status returned", "sort=highest&status=returned"),
    case("highest, two statuses", "sort=highest&status=delivered&status=shipped"),
    case("highest, one customer", "sort=highest&customer=customer-7@example.com"),
    case("highest, the customer with most orders", "sort=highest&customer=customer-0@example.com"),
    case("highest, within totals", "sort=highest&min_total=10000&max_total=50000"),
    case(
        "highest, status, totals, customer",
        "sort=highest&status=delivered&min_total=10000&max_total=50000&customer=customer-7@example.com",
    ),
    unbounded(
        "newest, rare status of the customer with most orders",
        "status=returned&customer=customer-0@example.com",
    ),
    unbounded("highest, within half a year", "sort=highest&from={half_year}&to={month}"),
    unbounded("newest, within totals", "min_total=1000000&max_total=2000000"),
];

/// One line of the report.
struct Row {
    name: &'static str,
    bounded: bool,
    depth: usize,
    database: Latency,
    http: Latency,
}

pub(super) async fn run(args: OrdersArgs) -> anyhow::Result<()> {
    let mut report = String::from(
        "## The order list\n\nA page of 50 orders, asked for one after the other: milliseconds, p50 and p99. Made by `make bench-orders`.\n",
    );
    let mut first: Option<Vec<Row>> = None;
    for orders in &args.orders {
        let (rows, version, took) = measure(*orders, args.postgres_bin.clone()).await?;
        let count = grouped(i64::try_from(*orders)?);
        let seconds = took.as_secs();
        write!(report, "\n### {count} orders\n\n{}; filled in {seconds} s.\n\n", machine(&version))?;
        table(&mut report, &rows, first.as_deref())?;
        first.get_or_insert(rows);
    }
    publish(args.report.as_deref(), &report)
}

async fn measure(orders: u64, programs: Option<PathBuf>) -> anyhow::Result<(Vec<Row>, String, Duration)> {
    eprintln!("Filling a database with {} orders", grouped(i64::try_from(orders)?));
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(Options::temporary().programs(programs))).await??;
    let owner: PgConnectOptions = cluster.owner_url().parse()?;
    migrate::migrate(owner.clone(), None).await?;
    let began = Instant::now();
    fill(&owner, i64::try_from(orders)?).await?;
    let took = began.elapsed();
    let version = cluster.version().to_owned();
    let store = Connections::new(owner).open().await?;
    let rows = rows(&store).await;
    store.close().await;
    tokio::task::spawn_blocking(|| cluster.stop()).await??;
    Ok((rows?, version, took))
}

async fn rows(store: &Store) -> anyhow::Result<Vec<Row>> {
    let base = serve(store).await?;
    let key = KeyRequest::new("bench", "viewer", None).map_err(asked::refused)?;
    let key: KeyCreated = store.key_create(asked::request(), key).await?.read()?;
    let key = key.key.context("a new key has a key")?;
    let http = reqwest::Client::builder().tcp_nodelay(true).build()?;
    let now: Timestamp = store.clock().await?;
    let mut rows = Vec::new();
    for Case { name, query, bounded } in CASES {
        let day = |days: i64| now.plus_seconds(-days * 86_400).to_string();
        let query =
            query.replace("{half_year}", &day(210)).replace("{month}", &day(30)).replace("{two_years}", &day(740));
        let parsed = parsed(&query)?;
        let mut cursor: Option<String> = None;
        let mut passed = 0;
        for depth in DEPTHS {
            while passed < depth {
                let (_, next) = store.order_export_next(&parsed, cursor.as_deref()).await?;
                cursor = next;
                passed += STRIDE;
                if cursor.is_none() {
                    break;
                }
            }
            if depth > 0 && cursor.is_none() {
                // The list is not that long.
                break;
            }
            eprintln!("  {name}, {} deep", grouped(i64::try_from(depth)?));
            let database = measured(async || {
                store.order_list(&parsed, Limit::default(), cursor.as_deref()).await?;
                Ok(())
            })
            .await?;
            let mark = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let url = format!("{base}/api/orders?{query}{mark}").replace("?&", "?");
            let http = measured(async || {
                let answer = http.get(&url).bearer_auth(key.reveal()).send().await?;
                if !answer.status().is_success() {
                    bail!("{url} answered {}", answer.status());
                }
                answer.bytes().await?;
                Ok(())
            })
            .await?;
            rows.push(Row { name, bounded, depth, database, http });
        }
    }
    Ok(rows)
}

/// The real router on a port of this machine.
async fn serve(store: &Store) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let base = format!("http://{address}");
    let leptos = LeptosOptions::builder().output_name("holdfast").build();
    // One key asks as often as it can.
    let rates = RateArgs { requests_per_minute_key: 0, ..RateArgs::default() };
    let admission = Arc::new(Admission::new(None, 0, &rates));
    let app = router(AppState::new(store.clone(), leptos, admission, address));
    let listener = listener.tap_io(|stream| {
        let _kept_as_it_is = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, app.into_make_service()).await });
    Ok(base)
}

fn parsed(query: &str) -> anyhow::Result<OrderQuery> {
    let mut input = OrderQueryInput::default();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').context("a case without a value")?;
        let value = value.to_owned();
        match name {
            "status" => input.status.push(value),
            "from" => input.from = Some(value),
            "to" => input.to = Some(value),
            "min_total" => input.min_total = Some(value),
            "max_total" => input.max_total = Some(value),
            "customer" => input.customer = Some(value),
            "sort" => input.sort = Some(value),
            other => bail!("no such parameter: {other}"),
        }
    }
    OrderQuery::parse(&input).map_err(|errors| anyhow::anyhow!("{errors:?}"))
}

fn table(report: &mut String, rows: &[Row], first: Option<&[Row]>) -> anyhow::Result<()> {
    let ratio = first.is_some();
    report.push_str("| list | deep | database p50 | p99 | HTTP p50 | p99 |");
    report.push_str(if ratio { " HTTP p50 and p99, times the first | |\n" } else { "\n" });
    report.push_str("|---|--:|--:|--:|--:|--:|");
    report.push_str(if ratio { "--:|--:|\n" } else { "\n" });
    for row in rows {
        let name = if row.bounded { row.name.to_owned() } else { format!("{} (no index bounds it)", row.name) };
        let shown = [row.database.p50, row.database.p99, row.http.p50, row.http.p99].map(milliseconds).join(" | ");
        write!(report, "| {name} | {} | {shown} |", grouped(i64::try_from(row.depth)?))?;
        let same = first.and_then(|rows| rows.iter().find(|other| other.name == row.name && other.depth == row.depth));
        if ratio {
            for of in [|latency: &Latency| latency.p50, |latency: &Latency| latency.p99] {
                let times = same.map(|other| of(&row.http).as_secs_f64() / of(&other.http).as_secs_f64());
                write!(report, " {} |", times.map_or_else(|| "–".to_owned(), |times| format!("{times:.2}")))?;
            }
        }
        report.push('\n');
    }
    Ok(())
}
