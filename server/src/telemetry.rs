//! What the server says of itself: lines on standard error. They are written by a thread of their own, so
//! that no request waits for whoever reads them; when that reader falls far behind, lines are left out.

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

/// Logs from `info` on, or as `RUST_LOG` says; `access=off` leaves the access log out. Called once, first
/// thing. What is left is written when the guard is dropped.
pub fn start() -> WorkerGuard {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let _already_started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(writer)
        .try_init();
    guard
}
