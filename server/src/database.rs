//! The database that a command works on: the one it is given, or Holdfast's own, brought up to date.

use anyhow::Context as _;
use cluster::{Cluster, Options, Stopped};
use sqlx::postgres::PgConnectOptions;
use store::{Connections, Store, migrate};

use crate::config::{DatabaseArgs, ServeArgs};

/// An open database, and the cluster it lives in where that is our own.
#[derive(Debug)]
pub struct Database {
    pub store: Store,
    cluster: Option<Cluster>,
}

impl Database {
    /// Starts our own Postgres unless one is given, migrates, and connects as the login that serves.
    ///
    /// # Errors
    /// What could not be found, reached or migrated, in words for whoever runs the command.
    pub async fn open(args: &DatabaseArgs) -> anyhow::Result<Self> {
        Self::open_with(args, |_| {}).await
    }

    /// Opens it for a server.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn open_to_serve(args: &DatabaseArgs, serving: &ServeArgs) -> anyhow::Result<Self> {
        Self::open_with(args, |connections| {
            connections.sign_ins_per_minute = serving.rates.sign_ins_per_minute;
            connections.followers_max = usize::try_from(serving.event_readers).unwrap_or(usize::MAX);
            connections.products_remembered_max = serving.products_remembered;
        })
        .await
    }

    async fn open_with(args: &DatabaseArgs, adjust: impl FnOnce(&mut Connections)) -> anyhow::Result<Self> {
        let (owner, login, cluster) = match &args.database_url {
            Some(url) => {
                let owner = options(url).context("DATABASE_URL can't be read")?;
                let login = args.database_app_url.as_deref().map(options).transpose();
                (owner, login.context("DATABASE_APP_URL can't be read")?, None)
            }
            None => {
                let cluster = start(args).await?;
                let (owner, login) = (options(&cluster.owner_url())?, options(&cluster.app_url())?);
                (owner, Some(login), Some(cluster))
            }
        };
        let username = login.as_ref().map(|login| login.get_username().to_owned());
        let migrated = migrate::migrate(owner.clone(), username.as_deref()).await;
        let serves = login.unwrap_or_else(|| {
            tracing::warn!(
                "serving as the owner of the database: set DATABASE_APP_URL to a login of its own, \
                 so that nothing that happens to the server can change the journal"
            );
            owner
        });
        let mut connections = Connections::new(serves);
        connections.connections_max = args.database_connections;
        adjust(&mut connections);
        let store = match migrated {
            Ok(()) => connections.open().await.context("the database can't be reached"),
            Err(error) => Err(error).context("the database could not be brought up to date"),
        };
        match store {
            Ok(store) => Ok(Self { store, cluster }),
            Err(error) => {
                stop(cluster).await;
                Err(error)
            }
        }
    }

    /// Closes the connections and gives our own cluster back: it shuts down once nobody uses it.
    pub async fn close(self) {
        self.store.close().await;
        stop(self.cluster).await;
    }
}

fn options(url: &str) -> anyhow::Result<PgConnectOptions> {
    // The cause is left out: it can repeat the address, and that can hold a password.
    url.parse().map_err(|_| anyhow::anyhow!("it is not an address such as postgres://user@host/database"))
}

async fn start(args: &DatabaseArgs) -> anyhow::Result<Cluster> {
    let data_dir = match &args.data_dir {
        Some(data_dir) => data_dir.clone(),
        None => cluster::default_data_dir()?,
    };
    let options = Options::kept(&data_dir).programs(args.postgres_bin.clone());
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(options)).await??;
    tracing::info!(version = cluster.version(), data = %data_dir.display(), "Postgres is ready");
    Ok(cluster)
}

async fn stop(cluster: Option<Cluster>) {
    let Some(cluster) = cluster else { return };
    match tokio::task::spawn_blocking(|| cluster.stop()).await {
        Ok(Ok(Stopped::Down)) => tracing::info!("Postgres has stopped"),
        Ok(Ok(Stopped::StillUsed)) => tracing::info!("Postgres runs on for others"),
        Ok(Err(error)) => tracing::warn!(%error, "Postgres did not stop as it should"),
        Err(error) => tracing::warn!(%error, "Postgres did not stop as it should"),
    }
}
