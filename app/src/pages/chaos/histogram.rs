//! How long answers took.

use domain::chaos::{ChaosRun, LatencyBar, LatencySummary};
use domain::quantity::grouped;
use leptos::prelude::*;

/// The bars, the shortest time first, and the percentiles above them.
#[component]
pub(super) fn Histogram(run: Signal<Option<ChaosRun>>) -> impl IntoView {
    let latency = Memo::new(move |_| run.with(|run| run.as_ref().map(|run| run.latency.clone()).unwrap_or_default()));
    let is_any = Memo::new(move |_| latency.with(|latency| latency.answers > 0));
    let most =
        Memo::new(move |_| latency.with(|latency| latency.bars.iter().map(|bar| bar.answers).max().unwrap_or(0)));
    let bars = move || latency.with(|latency| latency.bars.clone());
    view! {
        <Show when=move || is_any.get()>
            <section class="section" aria-labelledby="latency-title">
                <div class="section-head">
                    <h2 id="latency-title">"How long answers took"</h2>
                </div>
                <p class="chaos-percentiles">{move || latency.with(percentiles)}</p>
                <table class="chaos-histogram">
                    <caption class="unseen">"Answers by how long they took"</caption>
                    <thead class="unseen">
                        <tr>
                            <th scope="col">"Up to"</th>
                            <th scope="col">"Drawn"</th>
                            <th scope="col">"Answers"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=bars key=|bar| *bar let:bar>
                            <Bar bar=bar most=most />
                        </For>
                    </tbody>
                </table>
            </section>
        </Show>
    }
}

#[component]
fn Bar(bar: LatencyBar, most: Memo<u64>) -> impl IntoView {
    let wide = move || (bar.answers * 1_000).div_ceil(most.get().max(1));
    view! {
        <tr>
            <th scope="row">"≤ " {milliseconds(bar.up_to_microseconds)} " ms"</th>
            <td class="chaos-bar">
                <svg viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
                    <rect width=wide height="8" />
                </svg>
            </td>
            <td class="number">{grouped(i64::try_from(bar.answers).unwrap_or(i64::MAX))}</td>
        </tr>
    }
}

fn percentiles(latency: &LatencySummary) -> String {
    format!(
        "{} answers: half of them within {} ms, nine of ten within {} ms, 99 of 100 within {} ms, the longest {} ms.",
        grouped(i64::try_from(latency.answers).unwrap_or(i64::MAX)),
        milliseconds(latency.p50_microseconds),
        milliseconds(latency.p90_microseconds),
        milliseconds(latency.p99_microseconds),
        milliseconds(latency.max_microseconds),
    )
}

/// With a decimal as long as it says something.
fn milliseconds(microseconds: u64) -> String {
    match microseconds {
        0..10_000 if !microseconds.is_multiple_of(1_000) => {
            format!("{}.{}", microseconds / 1_000, microseconds % 1_000 / 100)
        }
        _ => grouped(i64::try_from(microseconds / 1_000).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_exactly_as_they_matter() {
        for (microseconds, text) in [(500, "0.5"), (1_000, "1"), (2_340, "2.3"), (41_900, "41"), (1_000_000, "1,000")] {
            assert_eq!(milliseconds(microseconds), text);
        }
    }
}
