//! `holdfast import`.

mod catalogue;
mod online_retail;
mod orders;
mod rejects;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Import {
    /// Products and what was received of them, from a CSV file in the form of the Online Retail data set.
    ///
    /// One product a stock code, with its latest description and its median price; of each, twice the
    /// units that were sold in the file are received. It can be run again: what imports have received
    /// before is counted.
    Catalogue(catalogue::CatalogueArgs),
    /// Orders of the past, from a CSV file in the form of the Online Retail data set.
    ///
    /// One order an invoice, under its number as reference: delivered, or returned where the number begins
    /// with C. What is missing of the stock is received first; returned orders leave the stock as it was.
    /// It can be run again: an order that is there already stays as it is.
    Orders(orders::OrdersArgs),
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Catalogue(args) => catalogue::run(args).await,
            Self::Orders(args) => orders::run(args).await,
        }
    }
}
