//! What a run came to, as text and as JSON.

use std::fmt::Write as _;

use domain::chaos::{ChaosRun, Guards, LatencySummary};
use domain::quantity::grouped;
use serde_json::{Value, json};

/// How wide the longest bar is, in characters.
const BAR_WIDTH: u64 = 40;

/// The outcome for people: what happened, how long answers took, what was proved, and the verdict last.
pub(super) fn text(run: &ChaosRun, servers: &[String]) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = head(&mut out, run, servers);
    let _ = latency(&mut out, &run.latency);
    if let Some(trouble) = &run.trouble {
        let _ = writeln!(out, "\n{trouble}");
    }
    if let Some(verdict) = &run.verdict {
        out.push('\n');
        for check in &verdict.checks {
            let mark = if check.passed { "yes" } else { "NO " };
            let _ = writeln!(out, "  {mark}  {}: {}", check.kind.words(), check.found);
        }
        let _ = writeln!(out, "\n{verdict}");
    }
    out
}

/// The outcome for programs: all of it but the fate of each buyer.
///
/// # Errors
/// None that is known: the outcome always has a JSON form.
pub(super) fn json(run: &ChaosRun) -> serde_json::Result<String> {
    let mut value = serde_json::to_value(run)?;
    if let Value::Object(members) = &mut value {
        members.remove("squares");
        members.insert("passes".to_owned(), json!(run.passes()));
        members.insert("summary".to_owned(), json!(run.verdict.as_ref().map(ToString::to_string)));
    }
    serde_json::to_string_pretty(&value)
}

fn head(out: &mut String, run: &ChaosRun, servers: &[String]) -> std::fmt::Result {
    let plan = &run.plan;
    write!(
        out,
        "{} buyers for {} units, {} at a time",
        count(u64::from(plan.attempts())),
        count(u64::from(plan.stock())),
        count(u64::from(plan.clients()))
    )?;
    match (plan.guards(), &run.sku) {
        (Guards::On, Some(sku)) => writeln!(out, ", at {} as {sku}", servers.join(" and "))?,
        (Guards::On, None) => writeln!(out, ", at {}", servers.join(" and "))?,
        (Guards::Off, _) => writeln!(out, ", without guards")?,
    }
    if let Some(answered) = run.answered_milliseconds {
        writeln!(
            out,
            "Every buyer was answered within {} ms; all was settled after {} ms.",
            count(answered),
            count(run.elapsed_milliseconds)
        )?;
    }
    let counts = &run.counts;
    writeln!(out)?;
    writeln!(
        out,
        "  won        {:>9}   {} of them learned it on asking again",
        count(counts.won),
        count(counts.won_again)
    )?;
    writeln!(out, "  refused    {:>9}", count(counts.refused))?;
    writeln!(out, "  gave back  {:>9}", count(counts.gave_back))?;
    writeln!(out, "  failed     {:>9}", count(counts.failed))?;
    if counts.open() > 0 {
        writeln!(out, "  left open  {:>9}", count(counts.open()))?;
    }
    Ok(())
}

fn latency(out: &mut String, latency: &LatencySummary) -> std::fmt::Result {
    let most = latency.bars.iter().map(|bar| bar.answers).max().unwrap_or(0);
    if most == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "\n{} answers, in milliseconds: p50 {}, p90 {}, p99 {}, longest {}",
        count(latency.answers),
        milliseconds(latency.p50_microseconds),
        milliseconds(latency.p90_microseconds),
        milliseconds(latency.p99_microseconds),
        milliseconds(latency.max_microseconds)
    )?;
    for bar in &latency.bars {
        let width = (bar.answers * BAR_WIDTH).div_ceil(most);
        let drawn = "█".repeat(usize::try_from(width).unwrap_or(0));
        writeln!(out, "  up to {:>7}  {:>9}  {drawn}", milliseconds(bar.up_to_microseconds), count(bar.answers))?;
    }
    Ok(())
}

fn milliseconds(microseconds: u64) -> String {
    match microseconds {
        0..10_000 => format!("{}.{}", microseconds / 1_000, microseconds % 1_000 / 100),
        _ => count(microseconds / 1_000),
    }
}

fn count(number: u64) -> String {
    grouped(i64::try_from(number).unwrap_or(i64::MAX))
}
