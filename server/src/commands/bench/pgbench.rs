//! The reference: pgbench, Postgres's own load generator, with the best single statement that does what one
//! reservation does. It has no HTTP, no parsing, no decision in a language of its own: whoever reserves row
//! by row can't be faster than this on the same machine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use tokio::process::Command;

use super::setting::Database;

/// One way of reserving.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reference {
    /// One statement: stock, reservation, line, journal and key, all for the one product.
    OneProduct,
    /// The same, each time for another of ten thousand products.
    ManyProducts,
    /// A row for each unit, of which each takes one that nobody else has locked.
    RowPerUnit,
    /// 256 reservations in a statement.
    Batch,
}

/// How many reservations a statement of [`Reference::Batch`] makes.
pub(super) const BATCH: u32 = 256;

impl Reference {
    const fn script(self) -> &'static str {
        match self {
            Self::OneProduct => include_str!("sql/one_product.sql"),
            Self::ManyProducts => include_str!("sql/many_products.sql"),
            Self::RowPerUnit => include_str!("sql/row_per_unit.sql"),
            Self::Batch => include_str!("sql/batch.sql"),
        }
    }

    /// How many reservations one transaction makes.
    const fn reservations(self) -> u32 {
        match self {
            Self::OneProduct | Self::ManyProducts | Self::RowPerUnit => 1,
            Self::Batch => BATCH,
        }
    }
}

/// What pgbench saw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) reservations_per_second: f64,
    /// Of one transaction, in milliseconds.
    pub(super) p50_milliseconds: f64,
    pub(super) p99_milliseconds: f64,
}

/// The folder of the pgbench to use: the one that is named, or the newest that is found.
///
/// # Errors
/// Where to get it, if there is none.
pub(super) fn folder(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let mut places: Vec<PathBuf> = named.map(Path::to_path_buf).into_iter().collect();
    if named.is_none() {
        for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"] {
            places.extend(newest_first(Path::new(parent)));
        }
        places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    }
    places.into_iter().find(|folder| folder.join("pgbench").is_file()).context(
        "pgbench is not found. It comes with Postgres's server programs: apt-get install postgresql (Debian, \
         Ubuntu), dnf install postgresql-contrib (Fedora, Red Hat), brew install postgresql@18 (macOS). Where it \
         lies elsewhere, name its folder with HOLDFAST_POSTGRES_BIN",
    )
}

/// `15/bin`, `pgsql-18/bin`, `postgresql@18/bin`.
fn newest_first(parent: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(parent) else { return Vec::new() };
    let mut found: Vec<(u32, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.trim_start_matches("postgresql@").trim_start_matches("pgsql-").parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

/// Lets pgbench reserve for so many seconds.
///
/// # Errors
/// Also where one transaction failed: a run with errors is invalid.
pub(super) async fn run(database: &Database, reference: Reference, clients: u32, seconds: u64) -> anyhow::Result<Seen> {
    let folder = tempfile::tempdir()?;
    let script = folder.path().join("script.sql");
    std::fs::write(&script, reference.script())?;
    let output = Command::new(&database.pgbench)
        .kill_on_drop(true)
        .args(["--no-vacuum", "--protocol=prepared", "--log", "--log-prefix=log"])
        .args(["--client", &clients.to_string()])
        .args(["--jobs", &clients.min(2).to_string()])
        .args(["--time", &seconds.to_string()])
        .arg("--file")
        .arg(&script)
        .args(["--username", cluster::OWNER_ROLE])
        .arg("--host")
        .arg(database.socket_dir())
        .arg(cluster::DATABASE)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .await
        .context("pgbench could not be run")?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("pgbench ended with {}: {}", output.status, complained.trim());
    }
    let facts: HashMap<&str, &str> = said
        .lines()
        .filter_map(|line| line.split_once(['=', ':']))
        .map(|(name, value)| (name.trim(), value.trim()))
        .collect();
    let failed = facts.get("number of failed transactions").copied().unwrap_or("0");
    if !failed.starts_with('0') {
        bail!("{failed} transactions of pgbench failed: the run is invalid");
    }
    let transactions = facts.get("tps").and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    let transactions = transactions.with_context(|| format!("pgbench did not tell its rate: {said}"))?;
    let (p50_milliseconds, p99_milliseconds) = latencies(folder.path())?;
    let reservations_per_second = transactions * f64::from(reference.reservations());
    Ok(Seen { reservations_per_second, p50_milliseconds, p99_milliseconds })
}

/// The median and the 99th percentile of all logs: the third word of a line is the time in microseconds.
fn latencies(folder: &Path) -> anyhow::Result<(f64, f64)> {
    let mut times: Vec<u32> = Vec::new();
    for entry in std::fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("log") {
            let log = std::fs::read_to_string(entry.path())?;
            times.extend(log.lines().filter_map(|line| line.split_whitespace().nth(2)?.parse::<u32>().ok()));
        }
    }
    times.sort_unstable();
    let at = |part: usize| {
        let place = (times.len() * part / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(f64::NAN, |microseconds| f64::from(*microseconds) / 1_000.0)
    };
    Ok((at(50), at(99)))
}
