//! `holdfast import`.

mod catalogue;
mod online_retail;
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
}

impl Import {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Catalogue(args) => catalogue::run(args).await,
        }
    }
}
