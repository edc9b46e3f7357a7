//! How long something takes, asked for again and again, one after the other.

use std::time::{Duration, Instant};

/// The most times one thing is asked for.
const SAMPLES_MAX: usize = 400;
/// How long one thing is asked for at most; what is slow is asked for less often.
const TIME_MAX: Duration = Duration::from_secs(4);
/// The first ones are not counted: they find caches cold that the rest find warm.
const WARM_UP: usize = 20;

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latency {
    pub(super) p50: Duration,
    pub(super) p99: Duration,
}

/// Does it until there are enough samples or the time is over.
pub(super) async fn measured<F, Work>(mut once: F) -> anyhow::Result<Latency>
where
    F: FnMut() -> Work,
    Work: Future<Output = anyhow::Result<()>>,
{
    let began = Instant::now();
    let mut samples = Vec::with_capacity(SAMPLES_MAX);
    for number in 0..WARM_UP + SAMPLES_MAX {
        let start = Instant::now();
        once().await?;
        if number >= WARM_UP {
            samples.push(start.elapsed());
        } else if began.elapsed() > TIME_MAX / 2 {
            // So slow that the warm-up alone takes the time: it counts.
            samples.push(start.elapsed());
        }
        if began.elapsed() > TIME_MAX {
            break;
        }
    }
    samples.sort_unstable();
    let at = |share: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among few samples")]
        let place = (samples.len().saturating_sub(1) as f64 * share).round() as usize;
        samples.get(place).copied().unwrap_or_default()
    };
    Ok(Latency { p50: at(0.50), p99: at(0.99) })
}

/// `1.2 ms`.
pub(super) fn milliseconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1_000.0)
}
