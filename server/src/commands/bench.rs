//! `holdfast bench`: figures that anyone can make again. Each benchmark starts a Postgres of its own, fills
//! it, measures, and writes what it saw.

mod fill;
mod latency;
mod orders;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Bench {
    /// How long a page of the order list takes, at the database and over HTTP, by filter, sort and depth.
    Orders(orders::OrdersArgs),
}

impl Bench {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Orders(args) => orders::run(args).await,
        }
    }
}
