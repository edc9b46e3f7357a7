//! The load: clients that keep their connection alive and send requests made beforehand, on one thread.
//!
//! It shares two cores with the server and the database, so that what it costs is taken from what it measures:
//! hence no HTTP library, no JSON, nothing allocated for a request. Where a client should be thinking between
//! requests this one does not: it is as fast as the answers come (closed loop), or as a schedule says,
//! whatever the answers do (open loop).

mod template;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

pub(super) use template::{Asked, Template};

use crate::wire::{Connection, Door};

/// What is not counted at the beginning: connections are opened and caches filled.
const WARM_UP: Duration = Duration::from_millis(1_000);
/// The longest latency that is told apart, in microseconds.
const LATENCY_MAX: u64 = 60_000_000;
/// An open loop's connections: enough that none is missing while the server keeps up.
const OPEN_LOOP_CONNECTIONS: u32 = 200;

/// How requests follow each other.
#[derive(Clone, Debug)]
pub(super) enum Pace {
    /// So many clients, each sending its next request as soon as it has its answer.
    Closed { clients: u32 },
    /// So many requests a second on a schedule. Latency counts from the scheduled moment: a server that
    /// stalls is charged for all who would have come meanwhile.
    Open { per_second: f64 },
}

/// A load for a while.
#[derive(Clone, Debug)]
pub(super) struct Load {
    pub(super) door: Door,
    pub(super) asked: Asked,
    pub(super) pace: Pace,
    pub(super) lasts: Lasts,
}

/// When a load ends.
#[derive(Clone, Debug)]
pub(super) enum Lasts {
    Seconds(u64),
    /// Until this is set.
    Until(Arc<AtomicBool>),
}

/// What became of it.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    /// Answers within the time that counts, by status and problem code, such as `201` or `503 busy`;
    /// `broken` where there was none.
    pub(super) answers: BTreeMap<String, u64>,
    /// How long was counted.
    pub(super) counted: Duration,
    /// Of answers with the status that was expected, in microseconds.
    latency: Histogram<u64>,
    expected: u64,
}

impl Counted {
    /// Answers with the status that was expected, a second.
    pub(super) fn per_second(&self) -> f64 {
        self.expected as f64 / self.counted.as_secs_f64()
    }

    /// All answers, a second.
    pub(super) fn offered_per_second(&self) -> f64 {
        self.answers.values().sum::<u64>() as f64 / self.counted.as_secs_f64()
    }

    /// A percentile of the latency in milliseconds; `0.99` for the 99th.
    pub(super) fn milliseconds(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }

    /// The answers that were not expected, in words.
    pub(super) fn others(&self, expected: u16) -> BTreeMap<String, u64> {
        let expected = expected.to_string();
        self.answers.iter().filter(|(kind, _)| **kind != expected).map(|(kind, count)| (kind.clone(), *count)).collect()
    }

    /// # Errors
    /// Where an answer was none that was expected, or there was none at all: the run is invalid.
    pub(super) fn valid(self, expected: u16) -> anyhow::Result<Self> {
        let others = self.others(expected);
        if !others.is_empty() {
            bail!("answers were not {expected}: {others:?}: the run is invalid");
        }
        if self.expected == 0 {
            bail!("nothing was answered: the run is invalid");
        }
        Ok(self)
    }
}

impl Load {
    /// Carries it out on a thread of its own, so that it takes one core at most.
    pub(super) async fn run(self) -> anyhow::Result<Counted> {
        let ran = tokio::task::spawn_blocking(move || -> anyhow::Result<Counted> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(self.clients())
        });
        ran.await.context("the load broke off")?
    }

    async fn clients(self) -> anyhow::Result<Counted> {
        let count = match self.pace {
            Pace::Closed { clients } => clients,
            Pace::Open { .. } => OPEN_LOOP_CONNECTIONS,
        };
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(Connection::open(self.door.address()).await.context("a client could not connect")?);
        }
        let start = Instant::now();
        let from = start + WARM_UP;
        let arrivals = Arc::new(AtomicU64::new(0));
        let mut clients = JoinSet::new();
        for connection in connections {
            let client = Client {
                template: Template::new(&self.door, self.asked),
                load: self.clone(),
                connection: Some(connection),
                tally: Tally::new()?,
                start,
                from,
                arrivals: arrivals.clone(),
            };
            clients.spawn(client.run());
        }
        let mut all = Tally::new()?;
        let mut until = from;
        while let Some(client) = clients.join_next().await {
            let (tally, ended) = client.context("a client broke off")?;
            all.add(&tally)?;
            until = until.max(ended);
        }
        let counted = match &self.lasts {
            Lasts::Seconds(seconds) => Duration::from_secs(*seconds),
            Lasts::Until(_) => until - from,
        };
        Ok(all.counted(counted))
    }
}

/// One client, to its end.
struct Client {
    load: Load,
    template: Template,
    connection: Option<Connection>,
    tally: Tally,
    start: Instant,
    /// What ends before is not counted.
    from: Instant,
    /// The number of the next scheduled request, of all clients.
    arrivals: Arc<AtomicU64>,
}

impl Client {
    async fn run(mut self) -> (Tally, Instant) {
        loop {
            let scheduled = match self.load.pace {
                Pace::Closed { .. } => Instant::now(),
                Pace::Open { per_second } => {
                    let number = self.arrivals.fetch_add(1, Ordering::Relaxed);
                    let at = self.start + Duration::from_secs_f64(number as f64 / per_second);
                    if at > Instant::now() {
                        tokio::time::sleep_until(at.into()).await;
                    }
                    at
                }
            };
            if self.is_over(scheduled) {
                return (self.tally, Instant::now());
            }
            let answered = self.ask().await;
            let now = Instant::now();
            // What is late is counted by when it was to be sent, or a stalled server would lose its worst.
            let counts_at = if matches!(self.load.pace, Pace::Closed { .. }) { now } else { scheduled };
            if counts_at >= self.from && !self.is_over(counts_at) {
                self.tally.take(answered, now - scheduled, self.load.asked.expected);
            }
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        match &self.load.lasts {
            Lasts::Seconds(seconds) => now >= self.from + Duration::from_secs(*seconds),
            Lasts::Until(stop) => stop.load(Ordering::Relaxed),
        }
    }

    /// The status, and the code of a problem that was not expected.
    async fn ask(&mut self) -> io::Result<(u16, Option<String>)> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.load.door.address()).await?,
        };
        let reply = connection.ask(self.template.next()).await?;
        let status = reply.status;
        let code = (status != self.load.asked.expected).then(|| code(reply.body));
        if connection.is_open() {
            self.connection = Some(connection);
        }
        Ok((status, code))
    }
}

/// `busy` of `{"code":"busy",...}`.
fn code(body: &[u8]) -> String {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    problem["code"].as_str().unwrap_or_default().to_owned()
}

/// What one client, or all of them, saw.
struct Tally {
    answers: BTreeMap<(u16, Option<String>), u64>,
    broken: BTreeMap<String, u64>,
    latency: Histogram<u64>,
    expected: u64,
}

impl Tally {
    fn new() -> anyhow::Result<Self> {
        let latency = Histogram::new_with_bounds(1, LATENCY_MAX, 2)?;
        Ok(Self { answers: BTreeMap::new(), broken: BTreeMap::new(), latency, expected: 0 })
    }

    fn take(&mut self, answered: io::Result<(u16, Option<String>)>, took: Duration, expected: u16) {
        match answered {
            Ok((status, code)) => {
                if status == expected {
                    self.expected += 1;
                    self.latency.saturating_record(u64::try_from(took.as_micros()).unwrap_or(LATENCY_MAX));
                }
                *self.answers.entry((status, code)).or_default() += 1;
            }
            Err(error) => *self.broken.entry(error.kind().to_string()).or_default() += 1,
        }
    }

    fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        for (kind, count) in &other.answers {
            *self.answers.entry(kind.clone()).or_default() += count;
        }
        for (kind, count) in &other.broken {
            *self.broken.entry(kind.clone()).or_default() += count;
        }
        self.latency.add(&other.latency)?;
        self.expected += other.expected;
        Ok(())
    }

    fn counted(self, counted: Duration) -> Counted {
        let answers = self.answers.into_iter().map(|((status, code), count)| {
            let code = code.map(|code| format!(" {code}")).unwrap_or_default();
            (format!("{status}{code}"), count)
        });
        let broken = self.broken.into_iter().map(|(kind, count)| (format!("broken: {kind}"), count));
        Counted { answers: answers.chain(broken).collect(), counted, latency: self.latency, expected: self.expected }
    }
}
