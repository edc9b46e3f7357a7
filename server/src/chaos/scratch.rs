//! What is made for a run, and put away after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::sku::Sku;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::buyer::{Answer, Buyer};
use super::crowd::Run;
use super::{ChaosError, Progress, proof};
use crate::wire::Door;

/// What the SKUs of scratch products begin with.
const SKU_PREFIX: &str = "CHAOS-";
/// How long a run that was stopped may still take to put its things away.
const PUT_AWAY_MAX: Duration = Duration::from_secs(5);

/// The product of a run.
#[derive(Clone, Debug)]
pub(super) struct Scratch {
    pub(super) sku: Sku,
}

/// Makes a product of so many units, on the first of the servers.
///
/// # Errors
/// What the server said to it.
pub(super) async fn make(
    doors: &[Door],
    units: u32,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<Scratch, ChaosError> {
    let mut maker = Buyer::new(doors.first().ok_or(ChaosError::NoServer)?, progress, stop);
    let id = store::ids::idempotency_key();
    let word = id.as_str().split('-').next().unwrap_or_default();
    let name = format!("{SKU_PREFIX}{word}");
    let body = json!({
        "sku": name,
        "name": "Made for a chaos test",
        "price": {"minor": 100, "currency": "GBP"},
    });
    change(&mut maker, "the scratch product", "POST", "/api/products", &format!("{name}-make"), &body).await?;
    let body = json!({"delta": units, "reason": "received"});
    let path = format!("/api/products/{name}/stock");
    change(&mut maker, "its stock", "POST", &path, &format!("{name}-stock"), &body).await?;
    // Eight hexadecimal digits after a word: a SKU.
    let sku = Sku::new(name).map_err(|error| ChaosError::Unreachable { why: error.to_string() })?;
    Ok(Scratch { sku })
}

/// Cancels the orders, writes the units off, archives the product. Where the run was stopped, as much of it
/// as a few seconds allow.
///
/// # Errors
/// What the server said to it.
pub(super) async fn put_away(run: &Arc<Run>) -> Result<(), ChaosError> {
    run.late().abort_all();
    if !run.stop.is_cancelled() {
        return put_all_away(run).await;
    }
    match tokio::time::timeout(PUT_AWAY_MAX, put_all_away(run)).await {
        Ok(done) => done,
        Err(_) => Err(ChaosError::Stopped),
    }
}

async fn put_all_away(run: &Arc<Run>) -> Result<(), ChaosError> {
    cancel_orders(run).await?;
    let go_on = CancellationToken::new();
    let door = run.doors.first().ok_or(ChaosError::NoServer)?;
    let mut maker = Buyer::new(door, &run.progress, &go_on);
    let sku = &run.scratch.sku;
    // Units that somebody still holds can't be written off; they go back by themselves.
    let free = proof::level_by(&mut maker, sku).await?.available();
    if free > 0 {
        let body = json!({"delta": -free, "reason": "written_off"});
        let path = format!("/api/products/{sku}/stock");
        change(&mut maker, "writing the units off", "POST", &path, &format!("{sku}-write-off"), &body).await?;
    }
    let path = format!("/api/products/{sku}");
    let body = json!({"archived": true});
    change(&mut maker, "archiving the product", "PATCH", &path, &format!("{sku}-archive"), &body).await?;
    Ok(())
}

async fn cancel_orders(run: &Arc<Run>) -> Result<(), ChaosError> {
    let orders: Arc<Vec<String>> = Arc::new(run.story().orders.iter().cloned().collect());
    let next = Arc::new(AtomicUsize::new(0));
    let mut cancelling = JoinSet::new();
    for seat in 0..run.plan.clients() {
        let (run, orders, next) = (run.clone(), orders.clone(), next.clone());
        cancelling.spawn(async move {
            let go_on = CancellationToken::new();
            let door = run.doors.get(seat as usize % run.doors.len().max(1)).ok_or(ChaosError::NoServer)?;
            let mut maker = Buyer::new(door, &run.progress, &go_on);
            while let Some(order) = orders.get(next.fetch_add(1, Ordering::Relaxed)) {
                let path = format!("/api/orders/{order}");
                let body = json!({"status": "cancelled"});
                change(&mut maker, "cancelling an order", "PATCH", &path, &format!("{order}-cancel"), &body).await?;
            }
            Ok(())
        });
    }
    cancelling.join_all().await.into_iter().collect()
}

async fn change(
    maker: &mut Buyer<'_>,
    what: &'static str,
    method: &str,
    path: &str,
    key: &str,
    body: &Value,
) -> Result<Answer, ChaosError> {
    let request = maker.door().change(method, path, key, &body.to_string());
    match maker.ask(&request, None).await? {
        answer if matches!(answer.status, 200 | 201) => Ok(answer),
        answer => Err(ChaosError::refused(what, &answer)),
    }
}
