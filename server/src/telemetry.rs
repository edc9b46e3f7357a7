//! What the server says of itself: lines on standard error.

use tracing_subscriber::EnvFilter;

/// Logs from `info` on, or as `RUST_LOG` says. Called once, first thing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn"));
    let _already_started =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr).try_init();
}
