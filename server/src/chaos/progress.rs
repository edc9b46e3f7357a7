//! How a run stands, for whoever looks: the command line, or the page.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::chaos::{ChaosPlan, ChaosRun, Counts, LatencyBar, LatencySummary, Phase, Square, Squares, Verdict};
use domain::sku::Sku;
use hdrhistogram::Histogram;

/// The bars of the histogram end at these: three to a decade.
const BARS_MICROSECONDS: [u64; 15] = [
    500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000,
    10_000_000, 60_000_000,
];
/// Nothing is waited for longer: what takes more counts as much.
const LATENCY_MICROSECONDS_MAX: u64 = 60_000_000;

/// Shared by the buyers, who write it, and whoever watches.
#[derive(Debug)]
pub struct Progress {
    plan: ChaosPlan,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    sku: Option<Sku>,
    squares: Vec<Square>,
    latency: Histogram<u64>,
    /// Answers by bar.
    bars: [u64; BARS_MICROSECONDS.len()],
    began: Option<Instant>,
    answered: Option<Duration>,
    settled: Option<Duration>,
    verdict: Option<Verdict>,
    trouble: Option<String>,
    /// Answers that nobody should get, and how often.
    failures: BTreeMap<String, u64>,
}

impl Progress {
    pub fn new(plan: ChaosPlan) -> Self {
        let inner = Inner {
            phase: Phase::Preparing,
            sku: None,
            squares: vec![Square::Waiting; plan.attempts() as usize],
            latency: histogram(),
            bars: [0; BARS_MICROSECONDS.len()],
            began: None,
            answered: None,
            settled: None,
            verdict: None,
            trouble: None,
            failures: BTreeMap::new(),
        };
        Self { plan, inner: Mutex::new(inner) }
    }

    /// How the run stands now.
    pub fn snapshot(&self) -> ChaosRun {
        let inner = self.inner();
        let since = inner.began.map(|began| began.elapsed()).unwrap_or_default();
        ChaosRun {
            plan: self.plan,
            sku: inner.sku.clone(),
            phase: inner.phase,
            squares: Squares(inner.squares.clone()),
            counts: Counts::of(&inner.squares),
            latency: summary(&inner),
            answered_milliseconds: inner.answered.map(milliseconds),
            elapsed_milliseconds: milliseconds(inner.settled.unwrap_or(since)),
            verdict: inner.verdict.clone(),
            trouble: inner.trouble_in_words(),
        }
    }

    /// How many buyers have each fate, without the rest.
    pub fn counts(&self) -> (Phase, Counts) {
        let inner = self.inner();
        (inner.phase, Counts::of(&inner.squares))
    }

    pub(super) fn made(&self, sku: Sku) {
        self.inner().sku = Some(sku);
    }

    pub(super) fn phase(&self, phase: Phase) {
        let mut inner = self.inner();
        inner.phase = phase;
        let since = inner.began.map(|began| began.elapsed());
        match phase {
            Phase::Crowd => inner.began = Some(Instant::now()),
            Phase::Settling => inner.answered = since,
            Phase::Proving => inner.settled = since,
            Phase::Preparing | Phase::TidyingUp | Phase::Ended | Phase::Stopped | Phase::Broken => {}
        }
    }

    pub(super) fn end(&self, phase: Phase) {
        let mut inner = self.inner();
        let since = inner.began.map(|began| began.elapsed());
        inner.settled = inner.settled.or(since);
        inner.phase = phase;
    }

    pub(super) fn square(&self, number: u32, square: Square) {
        if let Some(place) = self.inner().squares.get_mut(number as usize) {
            *place = square;
        }
    }

    /// An answer came. What is read for the proof and asked for in tidying up does not count.
    pub(super) fn answered(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(LATENCY_MICROSECONDS_MAX);
        let mut inner = self.inner();
        if !matches!(inner.phase, Phase::Crowd | Phase::Settling) {
            return;
        }
        // Held at the ends, so that it can't fail.
        inner.latency.saturating_record(microseconds);
        let bar = BARS_MICROSECONDS.partition_point(|up_to| *up_to < microseconds);
        if let Some(answers) = inner.bars.get_mut(bar) {
            *answers += 1;
        }
    }

    /// How long half of the answers took at most, so far.
    pub(super) fn median(&self) -> Duration {
        Duration::from_micros(self.inner().latency.value_at_quantile(0.50))
    }

    pub(super) fn failed(&self, why: String) {
        *self.inner().failures.entry(why).or_default() += 1;
    }

    pub(super) fn verdict(&self, verdict: Verdict) {
        self.inner().verdict = Some(verdict);
    }

    pub(super) fn trouble(&self, what: String) {
        self.inner().trouble = Some(what);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn trouble_in_words(&self) -> Option<String> {
        let failures = self.failures.iter().map(|(why, times)| format!("{times} × {why}"));
        let all: Vec<String> = self.trouble.iter().cloned().chain(failures).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }
}

fn histogram() -> Histogram<u64> {
    // Two digits of three are enough for bars and percentiles, and take kilobytes.
    Histogram::new_with_bounds(1, LATENCY_MICROSECONDS_MAX, 2).unwrap_or_else(|_| {
        // The bounds are constants and fit; were they not to, any histogram would do.
        #[expect(clippy::expect_used, reason = "two digits are always possible")]
        Histogram::new(2).expect("two digits are a precision")
    })
}

fn summary(inner: &Inner) -> LatencySummary {
    let latency = &inner.latency;
    if latency.is_empty() {
        return LatencySummary::default();
    }
    // From the first bar that has something to the last.
    let first = inner.bars.iter().position(|answers| *answers > 0).unwrap_or(0);
    let last = inner.bars.iter().rposition(|answers| *answers > 0).unwrap_or(0);
    let bars = BARS_MICROSECONDS.into_iter().zip(inner.bars).skip(first).take(last + 1 - first);
    LatencySummary {
        answers: latency.len(),
        p50_microseconds: latency.value_at_quantile(0.50),
        p90_microseconds: latency.value_at_quantile(0.90),
        p99_microseconds: latency.value_at_quantile(0.99),
        max_microseconds: latency.max(),
        bars: bars.map(|(up_to_microseconds, answers)| LatencyBar { up_to_microseconds, answers }).collect(),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use domain::chaos::{ChaosLimits, Guards};

    use super::*;

    #[test]
    fn every_answer_stands_in_one_bar() {
        let plan = ChaosPlan::new(2, 1, 1, Guards::On, ChaosLimits::COMMAND).unwrap();
        let progress = Progress::new(plan);
        progress.answered(Duration::from_millis(1));
        progress.phase(Phase::Crowd);
        for milliseconds in [1, 3, 3, 4, 5, 90_000] {
            progress.answered(Duration::from_millis(milliseconds));
        }
        let latency = progress.snapshot().latency;
        let bars: Vec<(u64, u64)> = latency.bars.iter().map(|bar| (bar.up_to_microseconds, bar.answers)).collect();
        assert_eq!(bars[..3], [(1_000, 1), (2_000, 0), (5_000, 4)]);
        assert_eq!(bars.last(), Some(&(LATENCY_MICROSECONDS_MAX, 1)));
        assert_eq!(bars.iter().map(|(_, answers)| answers).sum::<u64>(), latency.answers);
        assert!((2_900..=3_100).contains(&latency.p50_microseconds));
    }
}
