//! The same crowd at stock that nothing guards: the negative control.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use domain::chaos::{ChaosPlan, Phase, Square, control_verdict};
use store::Store;
use store::chaos::UnguardedAnswer;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{ChaosError, Progress};

/// How many buyers are at it at once at most: a server that runs this needs its connections for others too.
const BUYERS_MAX: u32 = 8;

pub(super) async fn run(
    plan: ChaosPlan,
    store: &Store,
    progress: &Arc<Progress>,
    stop: &CancellationToken,
) -> Result<(), ChaosError> {
    let failed = |error: store::StoreError| ChaosError::Store(error.in_full());
    let buyers = plan.clients().min(plan.attempts()).min(BUYERS_MAX);
    let stock = Arc::new(store.chaos_unguarded_begin(plan.stock(), buyers).await.map_err(failed)?);
    progress.phase(Phase::Crowd);
    let next = Arc::new(AtomicU32::new(0));
    let mut crowd = JoinSet::new();
    for _ in 0..buyers {
        let (stock, next) = (stock.clone(), next.clone());
        let (progress, stop) = (progress.clone(), stop.clone());
        crowd.spawn(async move {
            while !stop.is_cancelled() {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= plan.attempts() {
                    break;
                }
                let began = Instant::now();
                let square = match stock.buy().await? {
                    UnguardedAnswer::Bought => Square::Won,
                    UnguardedAnswer::SoldOut => Square::Refused,
                };
                progress.answered(began.elapsed());
                progress.square(number, square);
            }
            Ok(())
        });
    }
    let came: Result<(), store::StoreError> = crowd.join_all().await.into_iter().collect();
    progress.phase(Phase::Proving);
    let left = stock.end().await.map_err(failed)?;
    came.map_err(failed)?;
    if stop.is_cancelled() {
        return Err(ChaosError::Stopped);
    }
    progress.verdict(control_verdict(plan, progress.counts().1, left));
    Ok(())
}
