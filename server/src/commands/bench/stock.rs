//! `holdfast bench stock`: a large catalogue. How many times a second availability is read, from memory and
//! without, and how long a page of the list and of a search takes.

mod reads;

use std::fmt::Write as _;

use anyhow::{Context as _, bail};
use domain::quantity::grouped;
use tokio::sync::Mutex;

use self::reads::{Reads, read};
use super::latency::{Latency, measured, milliseconds};
use super::report::{figure, machine, median, publish, table};
use super::setting::{Database, Served, SettingArgs};

/// How many products are read, of all that there are: as many as a server remembers by default.
const READ: u32 = 100_000;
const CLIENTS: u32 = 50;
/// How many pages of 200 lie before the one that is measured deep in the list.
const DEEP_PAGES: u32 = 500;

#[derive(Debug, clap::Args)]
pub struct StockArgs {
    /// How many products there are.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(100_000..=9_999_999))]
    products: u32,

    #[command(flatten)]
    setting: SettingArgs,
}

/// Products with stock, their names made of a few common words, one of each hundred, one of each three hundred and one
/// of its own.
const FILL: [&str; 3] = [
    "insert into products (id, sku, name, price_minor, currency, version, created_at, search)
    select
        md5('bench product ' || number)::uuid,
        'BENCH-' || lpad(number::text, 7, '0'),
        'Enamel mug shade' || number % 100 || ' batch' || number % 300 || ' lot' || number,
        1299,
        'GBP',
        1,
        now(),
        array_to_tsvector(array[
            'bench', lpad(number::text, 7, '0'), 'enamel', 'mug', 'shade' || number % 100, 'batch' || number % 300,
            'lot' || number
        ])
    from generate_series(100000, 99999 + $1::bigint) as number",
    "insert into stock (product_id, warehouse, on_hand, reserved, version)
    select id, 'MAIN', 1000, 0, 1
    from products
    where sku like 'BENCH-_______'",
    "insert into journal (
        shard_key, at, change_id, actor, action, subject_kind, subject_id, product_id, warehouse, on_hand_delta,
        reserved_delta, version
    )
    select
        product_id, now(), gen_random_uuid(), 'local', 'stock.received', 'product', product_id, product_id,
        warehouse, on_hand, 0, 1
    from stock
    where on_hand = 1000",
];

/// A page that is asked for.
const PAGES: [(&str, &str); 12] = [
    ("the list, first page", "/api/products"),
    ("a search that nearly all match", "/api/products?q=enamel"),
    ("a search that one in a hundred matches", "/api/products?q=shade42"),
    ("and 200 of them", "/api/products?q=shade42&limit=200"),
    ("a search that one in three hundred matches", "/api/products?q=batch242"),
    ("the beginning of a word that one in ten matches", "/api/products?q=lot3"),
    ("two words of which both are common", "/api/products?q=enamel%20shade42"),
    ("two words of which ranges have both and no product has", "/api/products?q=shade41%20shade42"),
    ("two words of which no range has both", "/api/products?q=lot3%20lot4"),
    ("a search that one matches", "/api/products?q=lot654321"),
    ("the page in the browser", "/products"),
    ("and its search", "/products?q=shade42"),
];

pub(super) async fn run(args: StockArgs) -> anyhow::Result<()> {
    let setting = &args.setting;
    let database = Database::start(setting.postgres_bin.as_deref()).await?;
    eprintln!("Filling a database with {} products", grouped(i64::from(args.products)));
    fill(&database, args.products).await?;
    let mut report = format!(
        "## A large catalogue\n\n{} products with stock. Made by `holdfast bench stock`, part of `make bench`.\n\n{}.\n\n",
        grouped(i64::from(args.products)),
        machine(database.version()),
    );
    let served = Served::start(&database).await?;
    let (remembered, p99) = reads(&served, setting).await?;
    let pages = pages(&served).await?;
    served.stop().await?;
    let served = Served::start_with(&database, &[("HOLDFAST_PRODUCTS_REMEMBERED", "0")]).await?;
    let (asked, asked_p99) = reads(&served, setting).await?;
    served.stop().await?;
    database.stop().await?;
    let rows = [
        vec!["from memory".to_owned(), figure(remembered), figure(p99)],
        vec!["each from the database".to_owned(), figure(asked), figure(asked_p99)],
    ];
    write!(
        report,
        "`GET /api/products/{{sku}}` of any of {} products, {CLIENTS} clients. Medians of {} runs of {} s.\n\n{}\n",
        grouped(i64::from(READ)),
        setting.runs,
        setting.seconds,
        table(&["reads of availability", "a second", "p99 in ms"], &rows),
    )?;
    let rows: Vec<Vec<String>> = pages
        .into_iter()
        .map(|(name, latency)| vec![name.to_owned(), milliseconds(latency.p50), milliseconds(latency.p99)])
        .collect();
    write!(report, "{}", table(&["milliseconds over HTTP, one after the other", "p50", "p99"], &rows))?;
    publish(setting.report.as_deref(), &report)
}

async fn fill(database: &Database, products: u32) -> anyhow::Result<()> {
    let mut conn = database.conn().await?;
    let [first, rest @ ..] = FILL;
    sqlx::query(first).bind(i64::from(products)).execute(&mut conn).await?;
    for statement in rest {
        sqlx::query(statement).execute(&mut conn).await?;
    }
    database.summarize().await?;
    database.run("vacuum analyze products, product_ranges, product_range_words, stock, journal").await
}

/// Reads a second, and the 99th percentile of how long one takes, in milliseconds.
async fn reads(served: &Served, setting: &SettingArgs) -> anyhow::Result<(f64, f64)> {
    // Each product is read once before it counts.
    let warm_up = Reads { clients: CLIENTS, products: READ, ends: reads::Ends::EachOnce };
    read(&served.door, warm_up).await?;
    let (mut rates, mut p99) = (Vec::new(), Vec::new());
    for _ in 0..setting.runs {
        let ends = reads::Ends::AfterSeconds(setting.seconds);
        let done = read(&served.door, Reads { clients: CLIENTS, products: READ, ends }).await?;
        eprintln!("  {:.0} reads a second", done.per_second);
        rates.push(done.per_second);
        p99.push(done.p99_milliseconds);
    }
    Ok((median(&rates), median(&p99)))
}

async fn pages(served: &Served) -> anyhow::Result<Vec<(&'static str, Latency)>> {
    let mut seen = Vec::new();
    let connection = Mutex::new(served.connect().await?);
    let cursor = deep(served).await?;
    let deep = format!("/api/products?cursor={cursor}");
    for (name, path) in PAGES.into_iter().chain([("the list, 100,000 products down", deep.as_str())]) {
        eprintln!("  {name}");
        let request = served.door.get(path);
        let latency = measured(async || {
            let mut connection = connection.lock().await;
            let reply = connection.ask(&request).await?;
            if reply.status != 200 {
                bail!("{path} answered {}", reply.status);
            }
            Ok(())
        })
        .await?;
        seen.push((name, latency));
    }
    Ok(seen)
}

/// A cursor far down the list.
async fn deep(served: &Served) -> anyhow::Result<String> {
    let mut connection = served.connect().await?;
    let mut cursor = String::new();
    for _ in 0..DEEP_PAGES {
        let mark = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let reply = connection.ask(&served.door.get(&format!("/api/products?limit=200{mark}"))).await?;
        let page: serde_json::Value = serde_json::from_slice(reply.body)?;
        page["next"].as_str().context("the list is shorter than was thought")?.clone_into(&mut cursor);
    }
    Ok(cursor)
}
