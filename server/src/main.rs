//! The `holdfast` command.

use std::process::ExitCode;

use clap::Parser as _;
use server::commands::Command;
use server::telemetry;

/// A request makes some hundred small allocations on one thread and frees many on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A page is one deep value, rendered on the stack. Only what is used of it takes memory.
const STACK_BYTES: usize = 8 << 20;

/// Holdfast holds stock and never oversells.
#[derive(Debug, clap::Parser)]
#[command(name = "holdfast", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let Arguments { command } = Arguments::parse();
    let _log = telemetry::start();
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
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.enable_all().thread_stack_size(STACK_BYTES).build()?.block_on(command.run())
}
