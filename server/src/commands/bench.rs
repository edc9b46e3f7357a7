//! `holdfast bench`: figures that anyone can make again. Each benchmark starts a Postgres of its own, fills
//! it, measures, and writes what it saw.
//!
//! The SQL in here belongs to the benchmarks alone: what fills their databases, and the statements that
//! Holdfast is compared with. Nothing that serves has any.

mod crowd;
mod expire;
mod live;
mod orders;
mod overload;
mod reserve;
mod stock;

mod fill;
mod history;
mod hollow;
mod latency;
mod load;
mod pgbench;
mod report;
mod setting;

use anyhow::bail;
use clap::Subcommand;

use super::signals::told_to_stop;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// How long a page of the order list takes, at the database and over HTTP, by filter, sort and depth.
    Orders(orders::OrdersArgs),
    /// How many reservations a second there are over HTTP, beside the best single statement in pgbench.
    Reserve(reserve::ReserveArgs),
    /// How late holds end: very many at one moment, and a steady stream.
    Expire(expire::ExpireArgs),
    /// What is left of the rate when ten times as many want it.
    Overload(overload::OverloadArgs),
    /// How long the chaos test takes, small, and large on two servers.
    Crowd(crowd::CrowdArgs),
    /// What many readers of the event stream weigh, and how soon they are told.
    Live(live::LiveArgs),
    /// How often availability is read a second, and how long the lists take, with very many products.
    Stock(stock::StockArgs),
    /// Serve an axum handler that has no work to do, for comparison.
    #[command(hide = true)]
    Hollow,
}

impl Bench {
    /// Runs it to its end, or until it is told to stop: then what it started ends with it, and nothing is written.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        tokio::select! {
            measured = self.measure() => measured,
            () = told_to_stop() => bail!("stopped before its end: nothing was written"),
        }
    }

    async fn measure(self) -> anyhow::Result<()> {
        match self {
            Self::Orders(args) => orders::run(args).await,
            Self::Reserve(args) => reserve::run(args).await,
            Self::Expire(args) => expire::run(args).await,
            Self::Overload(args) => overload::run(args).await,
            Self::Crowd(args) => crowd::run(args).await,
            Self::Live(args) => live::run(args).await,
            Self::Stock(args) => stock::run(args).await,
            Self::Hollow => hollow::run().await,
        }
    }
}
