#!/bin/sh
# Measures, into docs/benchmarks.md: scripts/bench.sh [BENCHMARK...], all of them where none is named. How often,
# how long and how large is said by BENCH_RUNS, BENCH_SECONDS, BENCH_BEHIND and BENCH_ORDERS; another report by
# BENCH_REPORT. Each benchmark owns one section of the report and leaves the others as they are.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

runs=${BENCH_RUNS:-5}
seconds=${BENCH_SECONDS:-10}
behind=${BENCH_BEHIND:-0,10000000}
orders=${BENCH_ORDERS:-1000000,10000000}
report=${BENCH_REPORT:-docs/benchmarks.md}

# Overload takes five thousand connections on either side.
ulimit -n "$(ulimit -Hn)"

# A line for each request is not what is measured.
export RUST_LOG="${RUST_LOG:-error}"

[ $# -gt 0 ] || set -- reserve expire overload crowd live stock orders
for benchmark in "$@"; do
    say "Measuring: $benchmark"
    case $benchmark in
    reserve) set -- --behind "$behind" --runs "$runs" --seconds "$seconds" ;;
    expire | overload | crowd | live | stock) set -- --runs "$runs" --seconds "$seconds" ;;
    orders) set -- --orders "$orders" ;;
    *) fail "no such benchmark: $benchmark" ;;
    esac
    scripts/holdfast.sh release bench "$benchmark" "$@" --report "$report"
done
