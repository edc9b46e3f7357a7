//! `holdfast serve`.

mod first_admin;

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use app::ssr::credentials::Transport;
use axum::serve::ListenerExt as _;
use leptos::config::LeptosOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::signals::told_to_stop;
use crate::admission::Admission;
use crate::config::{DatabaseArgs, PublicUrl, ServeArgs};
use crate::database::Database;
use crate::limits;
use crate::router::router;
use crate::state::AppState;
use crate::tasks::Tasks;

pub(super) async fn run(args: ServeArgs, database: DatabaseArgs) -> anyhow::Result<()> {
    limits::open_files_raise();
    // Taken before anything is started, so that a taken port is told of at once.
    let listener = bind(args.listen).await?;
    let database = Database::open_to_serve(&database, &args).await?;
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
    let public_url = args.public_url.clone().unwrap_or_else(|| PublicUrl::plain(address));
    if !address.ip().is_loopback() && public_url.transport() == Transport::Plain {
        tracing::warn!(
            "{address} can be reached from other machines, and passwords and keys travel there unencrypted: \
             put a proxy with TLS before it and say so with --public-url https://..."
        );
    }
    let store = &database.store;
    let first_admin = first_admin::make(store, &args.first_admin).await?;
    let leptos = leptos_options(args, address);
    let admission = Arc::new(Admission::new(args.public_url.as_ref(), args.proxies, &args.rates));
    let tasks = Tasks::start(store);
    let state = AppState::new(store.clone(), leptos, admission, address);
    let chaos = state.chaos.clone();
    let app = router(state);
    // Small answers leave at once instead of waiting for the client's next acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let first_admin = first_admin.map(|admin| first_admin::in_words(&admin, &public_url)).unwrap_or_default();
    // Whoever reads it may have gone: that is no reason not to serve.
    let _nobody_reads = writeln!(std::io::stdout(), "Holdfast is at http://{address}\n{first_admin}");

    let stop = CancellationToken::new();
    let (stopping, grace) = (stop.clone(), Duration::from_secs(args.shutdown_seconds));
    let serving = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move { stop.cancelled().await });
    let serving = tokio::spawn(async move { serving.await });
    told_to_stop().await;
    // Before the door is shut: a run still asks through it to put its things away.
    chaos.close().await;
    tracing::info!("stopping: requests under way are given {} seconds", grace.as_secs());
    stopping.cancel();
    // They would go on for as long as somebody reads.
    database.store.journal_followers_end();
    match tokio::time::timeout(grace, serving).await {
        Ok(served) => served??,
        Err(_) => tracing::warn!("requests were still under way when their time was over"),
    }
    tasks.stop().await;
    Ok(())
}

/// What the pages need to know of their files, which a build puts beside the program. Those of a release build are
/// named after their content; a file says how.
fn leptos_options(args: &ServeArgs, address: SocketAddr) -> LeptosOptions {
    let program = std::env::current_exe().unwrap_or_default();
    let site_root = args.site_root.clone().unwrap_or_else(|| program.with_file_name("site"));
    if !site_root.is_dir() {
        tracing::warn!(folder = %site_root.display(), "the files of the pages are not here: see --site-root");
    }
    LeptosOptions::builder()
        .output_name("holdfast")
        .site_root(site_root.to_string_lossy().into_owned())
        .site_addr(address)
        .hash_files(program.with_file_name("hash.txt").exists())
        .build()
}
