//! The `holdfast` command.

use std::process::ExitCode;

use clap::Parser as _;
use server::commands::Command;
use server::telemetry;

/// Holdfast holds stock and never oversells.
#[derive(Debug, clap::Parser)]
#[command(name = "holdfast", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    telemetry::start();
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The causes in one line; a backtrace tells whoever runs the command nothing.
            eprintln!("holdfast: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command.run())
}
