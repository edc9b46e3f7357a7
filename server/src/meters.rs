//! What `/metrics` tells, in the text format of Prometheus: the store's figures (`store::meters`), and those of
//! the server itself. docs/metrics.md explains them.

use std::sync::LazyLock;
use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use store::{Load, Store, meters};

const REQUESTS: &str = "holdfast_http_requests_total";
const REQUEST_SECONDS: &str = "holdfast_http_request_seconds";
const LANE_WAITING: &str = "holdfast_lane_waiting_commands";
const CONNECTIONS: &str = "holdfast_database_connections";

/// What histograms of commands count up to.
const BATCH_BUCKETS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];
/// Of times, in seconds.
const SECONDS_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.004, 0.008, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Collects from its first use on; what arises before that is thrown away.
static COLLECTED: LazyLock<Option<PrometheusHandle>> = LazyLock::new(|| match collect() {
    Ok(handle) => Some(handle),
    Err(error) => {
        tracing::error!(%error, "/metrics will be empty");
        None
    }
});

fn collect() -> anyhow::Result<PrometheusHandle> {
    let builder = PrometheusBuilder::new()
        .set_buckets(&SECONDS_BUCKETS)?
        .set_buckets_for_metric(Matcher::Full(meters::BATCH_COMMANDS.to_owned()), &BATCH_BUCKETS)?;
    let handle = builder.install_recorder()?;
    describe();
    Ok(handle)
}

fn describe() {
    describe_histogram!(meters::BATCH_COMMANDS, Unit::Count, "Commands decided in one transaction.");
    describe_histogram!(meters::BATCH_SECONDS, Unit::Seconds, "How long a batch took, repeats included.");
    describe_histogram!(meters::COMMIT_SECONDS, Unit::Seconds, "How long a batch's commit took.");
    describe_counter!(meters::BATCH_REPEATS, Unit::Count, "Batches that were run again, by reason.");
    describe_counter!(
        meters::BATCHES_FROM_MEMORY,
        Unit::Count,
        "Batches that were decided on what the lane remembered."
    );
    describe_counter!(meters::COMMANDS, Unit::Count, "Commands that came through the lanes, by outcome.");
    describe_histogram!(meters::LANE_WAIT_SECONDS, Unit::Seconds, "How long commands waited in their lane.");
    describe_counter!(meters::LANE_FULL, Unit::Count, "Commands that were refused because their lane was full.");
    describe_histogram!(meters::EXPIRY_LATENESS_SECONDS, Unit::Seconds, "From a hold's deadline to its units on sale.");
    describe_counter!(meters::EXPIRY_SET_ASIDE, Unit::Count, "Overdue holds that could not be ended.");
    describe_counter!(REQUESTS, Unit::Count, "Requests that were answered, by the first digit of the status.");
    describe_histogram!(REQUEST_SECONDS, Unit::Seconds, "How long a request took to be answered.");
    describe_gauge!(LANE_WAITING, Unit::Count, "Commands that wait in a lane.");
    describe_gauge!(CONNECTIONS, Unit::Count, "Connections to the database, but those of lanes and sweeps.");
}

/// Begins to collect.
pub fn start() {
    LazyLock::force(&COLLECTED);
}

/// The text that a scraper is given.
pub(crate) fn text(store: &Store) -> String {
    let Load { lanes_waiting, connections_used, connections_idle } = store.load();
    for (lane, waiting) in lanes_waiting.iter().enumerate() {
        gauge!(LANE_WAITING, "lane" => lane.to_string()).set(*waiting as f64);
    }
    gauge!(CONNECTIONS, "state" => "used").set(f64::from(connections_used));
    gauge!(CONNECTIONS, "state" => "idle").set(f64::from(connections_idle));
    COLLECTED.as_ref().map(PrometheusHandle::render).unwrap_or_default()
}

/// Sums up what was measured since the last time, which takes memory until then.
pub(crate) fn tidy() {
    if let Some(handle) = COLLECTED.as_ref() {
        handle.run_upkeep();
    }
}

/// A request was answered.
pub(crate) fn answered(status: axum::http::StatusCode, took: Duration) {
    let class = match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    counter!(REQUESTS, "status" => class).increment(1);
    histogram!(REQUEST_SECONDS).record(took);
}
