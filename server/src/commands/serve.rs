//! `holdfast serve`.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::serve::ListenerExt as _;
use leptos::config::LeptosOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::{DatabaseArgs, ServeArgs};
use crate::database::Database;
use crate::router::router;
use crate::state::AppState;
use crate::tasks::Tasks;

pub(super) async fn run(args: ServeArgs, database: DatabaseArgs) -> anyhow::Result<()> {
    if !args.listen.ip().is_loopback() {
        bail!(
            "{} can be reached from other machines, and nobody signs in yet: \
             listen on an address of this machine alone, such as 127.0.0.1:8000",
            args.listen
        );
    }
    // Taken before anything is started, so that a taken port is told of at once.
    let listener = bind(args.listen).await?;
    let database = Database::open(&database).await?;
    let served = serve(listener, &args, &database).await;
    database.close().await;
    served
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address}: is another server running there?"))
}

async fn serve(listener: TcpListener, args: &ServeArgs, database: &Database) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let leptos = leptos_options(args, address);
    let tasks = Tasks::start(&database.store);
    let app = router(AppState { store: database.store.clone(), leptos });
    // Small answers leave at once instead of waiting for the client's next acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    println!("Holdfast is at http://{address}");

    let stop = CancellationToken::new();
    let (stopping, grace) = (stop.clone(), Duration::from_secs(args.shutdown_seconds));
    let serving =
        axum::serve(listener, app.into_make_service()).with_graceful_shutdown(async move { stop.cancelled().await });
    let serving = tokio::spawn(async move { serving.await });
    told_to_stop().await;
    tracing::info!("stopping: requests under way are given {} seconds", grace.as_secs());
    stopping.cancel();
    match tokio::time::timeout(grace, serving).await {
        Ok(served) => served??,
        Err(_) => tracing::warn!("requests were still under way when their time was over"),
    }
    tasks.stop().await;
    Ok(())
}

/// What the pages need to know of their files. Those of a release build are named after their content;
/// a file beside the executable then says how.
fn leptos_options(args: &ServeArgs, address: SocketAddr) -> LeptosOptions {
    let beside = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.join("hash.txt")));
    LeptosOptions::builder()
        .output_name("holdfast")
        .site_root(args.site_root.to_string_lossy().into_owned())
        .site_addr(address)
        .hash_files(beside.is_some_and(|path| path.exists()))
        .build()
}

/// Ends on Ctrl-C or SIGTERM.
async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminated) => {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
        }
        Err(_) => {
            let _interrupted = interrupted.await;
        }
    }
}
