#!/bin/sh
# Runs schemathesis against a server on the database in DATABASE_URL: scripts/schemathesis/run.sh
# SCHEMATHESIS EXAMPLES [ARGUMENT...]; called by scripts/test-api.sh.
set -eu
schemathesis=$1 examples=$2 holdfast="$PWD/scripts/holdfast.sh"
shift 2

work=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

# A tester asks faster than anybody may.
"$holdfast" dev serve --listen 127.0.0.1:0 --requests-per-minute-key 0 --requests-per-minute-address 0 \
    >"$work/said" 2>"$work/log" &
server=$!
for _ in $(seq 100); do
    address=$(sed -n 's/^Holdfast is at \(http[^ ]*\).*/\1/p' "$work/said")
    [ -z "$address" ] || break
    kill -0 "$server" 2>/dev/null || break
    sleep 0.2
done
[ -n "$address" ] || { cat "$work/log" >&2; exit 1; }

key=$("$holdfast" dev key add schemathesis --role admin 2>/dev/null)

# It keeps what it has learned in the folder it runs in.
config="$PWD/scripts/schemathesis/schemathesis.toml"
cd "$work"
code=0
"$schemathesis" --config-file "$config" run "$address/api/openapi.json" \
    --checks all --max-examples "$examples" --header "Authorization: Bearer $key" "$@" || code=$?
if [ "$code" != 0 ]; then
    echo 'What the server logged of itself:' >&2
    grep -E 'ERROR|panic' "$work/log" | tail -n 40 >&2 || true
fi
exit "$code"
