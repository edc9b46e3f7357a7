//! A reader of events that does as little as can be: it finds the times in what comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use domain::time::Timestamp;
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::wire::Door;

const BUFFER_BYTES: usize = 8 * 1024;
const LATENCY_MAX: u64 = 600_000;
/// How long a reader waits for the next bytes before it looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(200);

pub(super) struct Reader {
    stream: TcpStream,
}

/// What readers were told.
#[derive(Default)]
pub(super) struct Heard {
    /// From the time of an entry to its arrival, in milliseconds; the two clocks are one machine's.
    delays: Option<Histogram<u64>>,
    pub(super) resyncs: u64,
}

impl Reader {
    /// Opens a stream, and waits until it has begun.
    pub(super) async fn open(door: &Door, query: &str) -> anyhow::Result<Self> {
        let mut stream = TcpStream::connect(door.address().authority()).await.context("a reader could not connect")?;
        stream.write_all(&door.get(&format!("/api/events{query}"))).await?;
        let mut begun = Vec::new();
        while !contains(&begun, b"\nid: ") {
            if stream.read_buf(&mut begun).await? == 0 || !begun.starts_with(b"HTTP/1.1 200") {
                bail!("a reader was refused: {}", String::from_utf8_lossy(&begun));
            }
        }
        Ok(Self { stream })
    }

    /// Reads until it is told to stop and nothing comes any more.
    pub(super) async fn read(mut self, stop: Arc<AtomicBool>) -> anyhow::Result<Heard> {
        let mut heard = Heard { delays: Some(Histogram::new_with_bounds(1, LATENCY_MAX, 2)?), resyncs: 0 };
        let mut text = Vec::new();
        loop {
            text.reserve(BUFFER_BYTES);
            match tokio::time::timeout(LOOK, self.stream.read_buf(&mut text)).await {
                Ok(Ok(0)) => bail!("a stream ended"),
                Ok(read) => _ = read?,
                Err(_) if stop.load(Ordering::Relaxed) => return Ok(heard),
                Err(_) => continue,
            }
            let now = machine_time();
            let end = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            for line in text.get(..end).unwrap_or_default().split(|byte| *byte == b'\n') {
                heard.take(line, now);
            }
            text.drain(..end);
        }
    }
}

/// The database of a benchmark is on this machine, so its entries' times can be held against the clock here.
#[expect(clippy::disallowed_methods, reason = "it measures, and decides nothing")]
fn machine_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Heard {
    fn take(&mut self, line: &[u8], now: Duration) {
        if line == b"event: resync" {
            self.resyncs += 1;
        }
        let Some(at) = line.strip_prefix(b"data: ").and_then(time) else { return };
        let delay = i64::try_from(now.as_millis()).unwrap_or(i64::MAX).saturating_sub(at.unix_milliseconds());
        if let Some(delays) = &mut self.delays {
            delays.saturating_record(u64::try_from(delay).unwrap_or(0));
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.resyncs += other.resyncs;
        match (&mut self.delays, other.delays) {
            (Some(delays), Some(others)) => {
                // They have the same bounds.
                let _ = delays.add(&others);
            }
            (delays, others) => *delays = others.or(delays.take()),
        }
    }

    pub(super) fn entries(&self) -> u64 {
        self.delays.as_ref().map_or(0, Histogram::len)
    }

    /// A percentile of the delay.
    pub(super) fn milliseconds(&self, quantile: f64) -> f64 {
        self.delays.as_ref().map_or(f64::NAN, |delays| delays.value_at_quantile(quantile) as f64)
    }
}

/// The time of an entry, which stands near its beginning.
fn time(json: &[u8]) -> Option<Timestamp> {
    const BEFORE: &[u8] = b"\"at\":\"";
    let at = json.windows(BEFORE.len()).position(|window| window == BEFORE)? + BEFORE.len();
    let rest = json.get(at..)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
