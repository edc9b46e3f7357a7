//! Clients that read products, on one thread, as fast as the answers come.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::wire::{Connection, Door};

const LATENCY_MAX: u64 = 60_000_000;
/// Numbers next to each other are read far from each other: a step that shares no factor with any count of
/// products that is a product of twos and fives.
const STRIDE: u32 = 7_919;

#[derive(Clone, Copy, Debug)]
pub(super) struct Reads {
    pub(super) clients: u32,
    /// How many products are read, from `BENCH-0100000` on.
    pub(super) products: u32,
    pub(super) ends: Ends,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ends {
    /// When each product was read.
    EachOnce,
    AfterSeconds(u64),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) per_second: f64,
    pub(super) p99_milliseconds: f64,
}

/// Reads. An answer other than 200 makes the run invalid.
pub(super) async fn read(door: &Door, reads: Reads) -> anyhow::Result<Done> {
    let door = door.clone();
    let ran = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(clients(&door, reads))
    });
    ran.await.context("the readers broke off")?
}

async fn clients(door: &Door, reads: Reads) -> anyhow::Result<Done> {
    let next = Arc::new(AtomicU32::new(0));
    let mut connections = Vec::new();
    for _ in 0..reads.clients {
        connections.push(Connection::open(door.address()).await.context("a client could not connect")?);
    }
    let began = Instant::now();
    let mut running = JoinSet::new();
    for connection in connections {
        running.spawn(client(door.clone(), connection, reads, next.clone(), began));
    }
    let mut all = Histogram::<u64>::new_with_bounds(1, LATENCY_MAX, 2)?;
    while let Some(latency) = running.join_next().await {
        all.add(latency.context("a client broke off")??)?;
    }
    let p99_milliseconds = all.value_at_quantile(0.99) as f64 / 1_000.0;
    Ok(Done { per_second: all.len() as f64 / began.elapsed().as_secs_f64(), p99_milliseconds })
}

async fn client(
    door: Door,
    mut connection: Connection,
    reads: Reads,
    next: Arc<AtomicU32>,
    began: Instant,
) -> anyhow::Result<Histogram<u64>> {
    const SKU: &str = "#######";
    let mut request = door.get(&format!("/api/products/BENCH-{SKU}"));
    let sku_at = request.windows(SKU.len()).position(|window| window == SKU.as_bytes()).context("no SKU")?;
    let mut latency = Histogram::new_with_bounds(1, LATENCY_MAX, 2)?;
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let is_over = match reads.ends {
            Ends::EachOnce => number >= reads.products,
            Ends::AfterSeconds(seconds) => began.elapsed() >= Duration::from_secs(seconds),
        };
        if is_over {
            return Ok(latency);
        }
        let product = u64::from(number) * u64::from(STRIDE) % u64::from(reads.products);
        let mut digits = 100_000 + product;
        for place in (0..SKU.len()).rev() {
            let digit = b"0123456789".get((digits % 10) as usize).copied().unwrap_or(b'0');
            if let Some(byte) = request.get_mut(sku_at + place) {
                *byte = digit;
            }
            digits /= 10;
        }
        let start = Instant::now();
        let reply = connection.ask(&request).await?;
        if reply.status != 200 {
            bail!("a read was answered {}: the run is invalid", reply.status);
        }
        latency.saturating_record(u64::try_from(start.elapsed().as_micros()).unwrap_or(LATENCY_MAX));
    }
}
