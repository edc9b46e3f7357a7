//! What a benchmark stands on: a Postgres of its own that commits as safely as one that stays, filled with
//! what is sold, and servers on it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use cluster::{Cluster, Options};
use domain::account::{KeyCreated, KeyRequest};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use store::{Connections, migrate};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use super::pgbench;
use crate::commands::asked;
use crate::wire::{Address, Connection, Credentials, Door};

/// How often and how long is measured, and with what.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct SettingArgs {
    /// How often each figure is measured; the median counts.
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=99))]
    pub(super) runs: u32,

    /// How many seconds each measurement takes.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(super) seconds: u64,

    /// Write the report into this file as well, in place of the section that is there.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Option<PathBuf>,

    /// The folder with the programs of Postgres, pgbench among them [default: looked for].
    #[arg(long, env = "HOLDFAST_POSTGRES_BIN", value_name = "FOLDER")]
    pub(super) postgres_bin: Option<PathBuf>,
}

/// How many products there are: `BENCH-00000` and so on.
pub(super) const PRODUCTS: u32 = 10_000;
/// The one that everybody wants.
pub(super) const HOT: u32 = 0;
/// The one that is sold out.
pub(super) const SOLD_OUT: u32 = 99_999;

/// Products with more units than anybody can reserve here, and the one without any. Ids come of the
/// numbers, so that statements can name them.
const PRODUCTS_SQL: [&str; 3] = [
    "insert into products (id, sku, name, price_minor, currency, version, created_at, search)
    select
        md5('bench product ' || number)::uuid,
        'BENCH-' || lpad(number::text, 5, '0'),
        'Benchmark ' || number,
        1299,
        'GBP',
        1,
        now(),
        to_tsvector('simple', 'bench')
    from (select generate_series(0, $1 - 1) union all select 99999) as numbers (number)",
    "insert into stock (product_id, warehouse, on_hand, reserved, version)
    select id, 'MAIN', case when sku = 'BENCH-99999' then 0 else 1000000000 end, 0, 1
    from products",
    "insert into journal (
        shard_key, at, change_id, actor, action, subject_kind, subject_id, product_id, warehouse, on_hand_delta,
        reserved_delta, version
    )
    select
        product_id, now(), gen_random_uuid(), 'local', 'stock.received', 'product', product_id, product_id,
        warehouse, on_hand, 0, 1
    from stock",
];

/// How many products are summarized at a time.
const SUMMARIZED: u16 = 5_000;

/// A Postgres for one benchmark.
pub(super) struct Database {
    cluster: Cluster,
    /// Where pgbench is.
    pub(super) pgbench: PathBuf,
    owner: PgConnectOptions,
    /// An admin's, for the load to ask with.
    key: String,
}

impl Database {
    /// Starts one, migrates it and fills it with products.
    pub(super) async fn start(named: Option<&Path>) -> anyhow::Result<Self> {
        let bin = pgbench::folder(named)?;
        let programs = bin.join("postgres").is_file().then(|| bin.clone());
        let options = Options::measured().programs(programs);
        let cluster = tokio::task::spawn_blocking(|| Cluster::start(options)).await??;
        let owner: PgConnectOptions = cluster.owner_url().parse()?;
        let login: PgConnectOptions = cluster.app_url().parse()?;
        migrate::migrate(owner.clone(), Some(login.get_username())).await?;
        let key = key(&owner).await?;
        let database = Self { cluster, pgbench: bin.join("pgbench"), owner, key };
        let mut conn = database.conn().await?;
        let [products, stock, journal] = PRODUCTS_SQL;
        sqlx::query(products).bind(i32::try_from(PRODUCTS)?).execute(&mut conn).await?;
        sqlx::query(stock).execute(&mut conn).await?;
        sqlx::query(journal).execute(&mut conn).await?;
        database.summarize().await?;
        Ok(database)
    }

    /// Summarizes products for searches, as a server does it little by little.
    pub(super) async fn summarize(&self) -> anyhow::Result<()> {
        let store = Connections::new(self.owner.clone()).open().await?;
        while store.product_summarize_once(SUMMARIZED).await? == u64::from(SUMMARIZED) {}
        store.close().await;
        Ok(())
    }

    pub(super) fn version(&self) -> &str {
        self.cluster.version()
    }

    pub(super) fn socket_dir(&self) -> &Path {
        self.cluster.socket_dir()
    }

    /// A connection as the owner, without the server's time-outs.
    pub(super) async fn conn(&self) -> anyhow::Result<PgConnection> {
        self.owner.connect().await.context("the database of the benchmark can't be reached")
    }

    pub(super) async fn run(&self, statement: &str) -> anyhow::Result<()> {
        let mut conn = self.conn().await?;
        sqlx::query(AssertSqlSafe(statement)).execute(&mut conn).await?;
        Ok(())
    }

    /// Writes out what is not on the disk yet, so that what was filled in costs nothing any more, as what has been
    /// there for years. The owner may not ask for that.
    pub(super) async fn checkpoint(&self) -> anyhow::Result<()> {
        let mut conn = self.owner.clone().username(cluster::SUPERUSER).connect().await?;
        sqlx::query("checkpoint").execute(&mut conn).await?;
        Ok(())
    }

    /// Stock equals the journal after all that was done to it, or what was measured does not count.
    pub(super) async fn verify(&self) -> anyhow::Result<()> {
        let store = Connections::new(self.owner.clone()).open().await?;
        let mismatches = store.verify_stock(1).await;
        store.close().await;
        match mismatches?.first() {
            None => Ok(()),
            Some(row) => {
                bail!("the stock of product {} does not equal its journal: the run is invalid", row.product_id)
            }
        }
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        tokio::task::spawn_blocking(|| self.cluster.stop()).await??;
        Ok(())
    }
}

/// A key as `holdfast key add` makes it.
async fn key(owner: &PgConnectOptions) -> anyhow::Result<String> {
    let store = Connections::new(owner.clone()).open().await?;
    let new = KeyRequest::new("benchmark", "admin", None).map_err(asked::refused)?;
    let created = store.key_create(asked::request(), new).await;
    store.close().await;
    let created: KeyCreated = created.map_err(asked::in_words)?.read()?;
    Ok(created.key.context("a new key has a key")?.reveal().to_owned())
}

/// A server on the database, in a process of its own.
pub(super) struct Served {
    child: Child,
    pub(super) door: Door,
}

/// What the memory of a process is, in MiB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) now: f64,
    pub(super) peak: f64,
}

impl Served {
    /// Starts `holdfast serve` as anybody would, with its own settings.
    pub(super) async fn start(database: &Database) -> anyhow::Result<Self> {
        Self::start_with(database, &[]).await
    }

    /// The same with settings other than the usual ones, by their names in the environment.
    pub(super) async fn start_with(database: &Database, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("DATABASE_URL", database.cluster.owner_url())
            .env("DATABASE_APP_URL", database.cluster.app_url())
            // One key asks as often as it can.
            .env("HOLDFAST_REQUESTS_PER_MINUTE_KEY", "0")
            .envs(settings.iter().copied());
        Self::spawn(command, Credentials::key(Some(&database.key))).await
    }

    /// Starts an axum handler that has no work to do.
    pub(super) async fn start_hollow() -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bench", "hollow"]);
        Self::spawn(command, Credentials::default()).await
    }

    async fn spawn(mut command: Command, credentials: Credentials) -> anyhow::Result<Self> {
        // A line for each refusal would measure the terminal.
        command.env("RUST_LOG", "error").stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().context("the server could not be started")?;
        let mut lines = BufReader::new(child.stdout.take().context("the server has no output")?).lines();
        let address: Address = loop {
            let line = lines.next_line().await?.context("the server ended before it said where it is")?;
            if let Some(address) = line.split_whitespace().find_map(|word| word.parse().ok()) {
                break address;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { child, door: Door::new(address, credentials) })
    }

    /// A client's connection.
    pub(super) async fn connect(&self) -> anyhow::Result<Connection> {
        Connection::open(self.door.address()).await.context("a client could not connect")
    }

    /// Where the system tells it.
    pub(super) fn memory(&self) -> Option<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let mebibytes = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1_024.0)
        };
        Some(Memory { now: mebibytes("VmRSS:")?, peak: mebibytes("VmHWM:")? })
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the server could not be ended")
    }
}
