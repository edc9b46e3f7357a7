#!/bin/sh
# Tests a server of its own with schemathesis, against the document that it serves, with an admin's key
# and a fresh Postgres. Arguments go to schemathesis. EXAMPLES says how many requests are made up for each
# operation: 300 before a change of the API is called done, which takes an hour; a few by default.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

requirements=scripts/schemathesis/requirements.txt
version=$(sed -n 's/^schemathesis==//p' "$requirements")
python="$cache/tools/schemathesis-$version"
if ! cmp -s "$requirements" "$python/requirements.txt"; then
    command -v python3 >/dev/null || fail 'python3 is missing: schemathesis needs 3.10 or newer'
    say "Installing schemathesis $version from PyPI (half a minute, once)"
    rm -rf "$python"
    python3 -m venv "$python" ||
        fail 'python3 can make no virtual environment; Debian has that apart: apt-get install python3-venv'
    "$python/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$python/requirements.txt"
fi

scripts/build.sh dev
exec scripts/with-postgres.sh --migrations migrations -- \
    scripts/schemathesis/run.sh "$python/bin/schemathesis" "${EXAMPLES:-5}" "$@"
