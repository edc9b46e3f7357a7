#!/bin/sh
# The descriptions of our SQL statements, in .sqlx/, against which they are checked at compile time:
# scripts/sqlx.sh write makes them anew, scripts/sqlx.sh check says whether they are up to date.
#
# It does what `cargo sqlx prepare` does, with a Postgres of its own and without that tool: the macros
# write a description for each statement they meet while they can ask a database.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

# Statements are described when their crate is compiled. Its root files are made to look new for as
# long as that takes, so that cargo compiles this crate again and nothing else, now or later.
roots='store/src/lib.rs'
for file in store/tests/*.rs; do
    [ ! -e "$file" ] || roots="$roots $file"
done
touch "$fresh/now"
for root in $roots; do
    mkdir -p "$fresh/times/$(dirname "$root")"
    touch -r "$root" "$fresh/times/$root"
    touch -r "$fresh/now" "$root"
done

mkdir "$fresh/sqlx"
described=yes
scripts/with-postgres.sh --migrations migrations -- \
    env SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$fresh/sqlx" \
    cargo check --quiet --package store --all-targets || described=no
for root in $roots; do
    # Unless it was edited meanwhile.
    [ "$root" -nt "$fresh/now" ] || touch -r "$fresh/times/$root" "$root"
done
[ "$described" = yes ] || fail 'the statements of store could not be described, see above'

case $1 in
write)
    mkdir -p .sqlx
    rm -f .sqlx/query-*.json
    find "$fresh/sqlx" -name 'query-*.json' -exec cp {} .sqlx/ \;
    say "$(find .sqlx -name 'query-*.json' | wc -l) statements described in .sqlx/"
    ;;
check)
    diff -r "$fresh/sqlx" .sqlx ||
        fail '.sqlx/ does not fit the statements and the migrations: run `make sqlx` and commit it'
    ;;
esac
