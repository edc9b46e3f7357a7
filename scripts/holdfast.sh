#!/bin/sh
# Runs what scripts/build.sh built: scripts/holdfast.sh release|dev [ARGUMENT...].
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

out="$PWD/target/holdfast-$1"
shift
exec "$out/holdfast" "$@"
