//! `holdfast demo`: a shop with a past, to look around in and to measure on.

use std::time::Instant;

use domain::quantity::grouped;
use indicatif::{ProgressBar, ProgressStyle};
use store::demo::DemoOptions;

use crate::config::DatabaseArgs;
use crate::database::Database;

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// How many orders to write, over the last two years.
    #[arg(long, value_name = "COUNT", default_value_t = 1_000,
          value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    orders: u64,

    /// How many products to make, if there are none to sell.
    #[arg(long, value_name = "COUNT", default_value_t = 500,
          value_parser = clap::value_parser!(u32).range(1..=50_000))]
    products: u32,

    /// What the orders are drawn from: the same number gives the same orders of the same products.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    #[command(flatten)]
    database: DatabaseArgs,
}

pub(super) async fn run(args: DemoArgs) -> anyhow::Result<()> {
    let database = Database::open(&args.database).await?;
    let written = write(&database, &args).await;
    database.close().await;
    written
}

async fn write(database: &Database, args: &DemoArgs) -> anyhow::Result<()> {
    let in_words = |error: store::StoreError| anyhow::anyhow!(error.in_full());
    let DemoArgs { orders, products, seed, .. } = *args;
    let mut demo = database.store.demo_begin(DemoOptions { orders, products, seed }).await.map_err(in_words)?;
    if demo.products_made() > 0 {
        println!("{} products made", count(demo.products_made()));
    }
    let style = ProgressStyle::with_template("orders   {bar:40} {human_pos}/{human_len} {per_sec} {eta}");
    let bar = ProgressBar::new(orders).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let started = Instant::now();
    loop {
        match database.store.demo_continue(&mut demo).await.map_err(in_words)? {
            0 => break,
            written => bar.inc(written),
        }
    }
    bar.finish_and_clear();
    let seconds = started.elapsed().as_secs_f64();
    let rate = demo.written() as f64 / seconds.max(f64::EPSILON);
    println!("{} orders written in {seconds:.1} s: {} a second", count(demo.written()), count(rate as u64));
    database.store.demo_end(demo).await.map_err(in_words)
}

fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}
