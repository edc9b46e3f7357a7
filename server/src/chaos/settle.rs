//! After the crowd: holds run out, late payers pay, and while a unit is free whoever was refused comes
//! again, until the last one is sold.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::ChaosError;
use super::attempt::buy;
use super::buyer::Buyer;
use super::crowd::Run;
use super::proof;

/// Holds last a second, and the sweep takes a moment: what is not settled by then is not going to be.
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// How long to wait before looking again whether a unit is free.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How many come again for each free unit: enough to fight for it.
const FOR_EACH_UNIT: usize = 3;

/// Ends when every unit is sold, or nobody is left who wants one and nothing is held any more.
///
/// # Errors
/// [`ChaosError::Stopped`]; what kept the stock from being read.
pub(super) async fn settle(run: &Arc<Run>) -> Result<(), ChaosError> {
    let began = Instant::now();
    let stock = i64::from(run.plan.stock());
    for round in 1_u32.. {
        if run.stop.is_cancelled() {
            return Err(ChaosError::Stopped);
        }
        // Those who are done are joined, so that what remains is to come.
        let late = {
            let mut late = run.late();
            while late.try_join_next().is_some() {}
            late.len()
        };
        let level = proof::level(run).await?;
        let sold = i64::try_from(run.story().orders.len()).unwrap_or(i64::MAX);
        let free = usize::try_from(level.available()).unwrap_or(0);
        let again = take_refused(run, free.saturating_mul(FOR_EACH_UNIT));
        let is_over = late == 0 && again.is_empty() && level.reserved == sold;
        if is_over || sold > stock || began.elapsed() > SETTLE_MAX {
            return Ok(());
        }
        if again.is_empty() {
            tokio::time::sleep(LOOK_AGAIN).await;
        } else {
            come_again(run, again, round).await;
        }
    }
    Ok(())
}

/// So many of those who were refused, the first first.
fn take_refused(run: &Run, most: usize) -> Vec<u32> {
    let refused = &mut run.story().refused;
    let count = most.min(refused.len());
    refused.drain(..count).collect()
}

async fn come_again(run: &Arc<Run>, numbers: Vec<u32>, round: u32) {
    let seats = (run.plan.clients() as usize).min(numbers.len()).max(1);
    let mut crowd = JoinSet::new();
    for seat in 0..seats {
        let mine: Vec<u32> = numbers.iter().skip(seat).step_by(seats).copied().collect();
        let run = run.clone();
        crowd.spawn(async move {
            let Some(mut buyer) = Buyer::of(&run, u32::try_from(seat).unwrap_or(0)) else { return };
            for number in mine {
                if !run.stop.is_cancelled() {
                    buy(&run, &mut buyer, number, round).await;
                }
            }
        });
    }
    crowd.join_all().await;
}
