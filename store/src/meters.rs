//! What the store counts and measures of itself. Whoever runs it collects the figures by their names; where
//! nobody does, they are thrown away where they arise.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::decide::{CommandKind, Refusal};
use metrics::{counter, histogram};

use crate::batch::{Item, Outcome};
use crate::error::StoreError;

/// How many commands a batch had.
pub const BATCH_COMMANDS: &str = "holdfast_batch_commands";
/// How long a batch took, in seconds, from when it was its turn to the answers.
pub const BATCH_SECONDS: &str = "holdfast_batch_seconds";
/// How long commits took, in seconds.
pub const COMMIT_SECONDS: &str = "holdfast_commit_seconds";
/// How often a batch had to be run again, by `reason`.
pub const BATCH_REPEATS: &str = "holdfast_batch_repeats_total";
/// Batches that were decided on what the lane remembered, and written or refused in one statement.
pub const BATCHES_FROM_MEMORY: &str = "holdfast_batches_from_memory_total";
/// What became of commands, by `command` and `outcome`: accepted, replayed, or the code of a refusal.
pub const COMMANDS: &str = "holdfast_commands_total";
/// How long commands waited until they were taken from their lane, in seconds.
pub const LANE_WAIT_SECONDS: &str = "holdfast_lane_wait_seconds";
/// Commands that found their lane full.
pub const LANE_FULL: &str = "holdfast_lane_full_total";
/// How long past their deadlines holds were when their units were back on sale, in seconds.
pub const EXPIRY_LATENESS_SECONDS: &str = "holdfast_expiry_lateness_seconds";
/// Overdue holds that could not be ended, and are set aside.
pub const EXPIRY_SET_ASIDE: &str = "holdfast_expiry_set_aside_total";

/// A batch came to its end.
pub(crate) fn batch(items: &[&Item], outcomes: &[Result<Outcome, StoreError>], took: Duration) {
    histogram!(BATCH_COMMANDS).record(items.len() as f64);
    histogram!(BATCH_SECONDS).record(took);
    let mut counts: BTreeMap<(&'static str, &'static str), u64> = BTreeMap::new();
    for (item, outcome) in items.iter().zip(outcomes) {
        *counts.entry((command_word(&item.command.kind), outcome_word(outcome))).or_default() += 1;
    }
    for ((command, outcome), count) in counts {
        counter!(COMMANDS, "command" => command, "outcome" => outcome).increment(count);
    }
}

pub(crate) fn committed(took: Duration) {
    histogram!(COMMIT_SECONDS).record(took);
}

pub(crate) fn repeated(reason: &'static str) {
    counter!(BATCH_REPEATS, "reason" => reason).increment(1);
}

pub(crate) fn from_memory() {
    counter!(BATCHES_FROM_MEMORY).increment(1);
}

pub(crate) fn waited(took: Duration) {
    histogram!(LANE_WAIT_SECONDS).record(took);
}

pub(crate) fn lane_full() {
    counter!(LANE_FULL).increment(1);
}

pub(crate) fn expired(lateness: Duration) {
    histogram!(EXPIRY_LATENESS_SECONDS).record(lateness);
}

pub(crate) fn set_aside() {
    counter!(EXPIRY_SET_ASIDE).increment(1);
}

fn command_word(command: &CommandKind) -> &'static str {
    match command {
        CommandKind::Hold { .. } => "hold",
        CommandKind::Change { .. } => "change",
        CommandKind::Extend { .. } => "extend",
        CommandKind::Release { .. } => "release",
        CommandKind::Expire { .. } => "expire",
        CommandKind::Place(_) => "place",
        CommandKind::Proceed(_) => "proceed",
        CommandKind::Adjust { .. } => "adjust",
        CommandKind::Transfer(_) => "transfer",
    }
}

fn outcome_word(outcome: &Result<Outcome, StoreError>) -> &'static str {
    match outcome {
        Ok(Outcome::Accepted { .. }) => "accepted",
        Ok(Outcome::Replayed(_)) => "replayed",
        Ok(Outcome::Refused(Refusal::Problem(problem))) | Err(StoreError::Refused(problem)) => problem.code(),
        Ok(Outcome::Refused(Refusal::NotDue)) => "not_due",
        Ok(Outcome::Refused(Refusal::Corrupt(_))) => "corrupt",
        Ok(Outcome::Miscalled) => "miscalled",
        Err(
            StoreError::Busy(_)
            | StoreError::Broken(_)
            | StoreError::Conflict(_)
            | StoreError::CommitLost(_)
            | StoreError::Data(_)
            | StoreError::Corrupt(_)
            | StoreError::Database(_)
            | StoreError::Interrupted,
        ) => "failed",
    }
}
