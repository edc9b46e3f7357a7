//! The `cargo leptos` command, as cargo-leptos's own `main` starts it.

use cargo_leptos::config::Cli;
use clap::Parser;

#[tokio::main]
async fn main() -> color_eyre::Result<()> {
    color_eyre::install()?;

    // Run as `cargo leptos`, cargo passes the word "leptos" on.
    let arguments = std::env::args()
        .enumerate()
        .filter(|(place, argument)| *place != 1 || argument != "leptos")
        .map(|(_, argument)| argument);
    let cli = Cli::parse_from(arguments);

    let verbose = cli.opts().map_or(0, |options| options.verbose);
    cargo_leptos::logger::setup(verbose, &cli.log);
    cargo_leptos::run(cli).await
}
