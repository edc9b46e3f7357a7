#!/bin/sh
# Builds the server and the site for it: scripts/build.sh release|dev.
#
# The result goes to target/holdfast-PROFILE, a folder of this checkout: the compiler's own folder is
# shared with other checkouts, and cargo-leptos would put both profiles' sites in one place. Beside
# the program lies hash.txt, where Leptos looks up the names of the site's files.
#
# cargo-leptos makes the site anew each time it is called, so it is called only when a file that it
# reads is newer than the last result.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh
unset RUSTFLAGS

profile=$1
out="target/holdfast-$profile"
stamp="$out/stamp"
inputs='Cargo.toml Cargo.lock rust-toolchain.toml package-lock.json scripts/env.sh scripts/build.sh
    .sqlx app cluster domain frontend migrations public server store style'

scripts/install.sh

existing=
for input in $inputs; do
    [ ! -e "$input" ] || existing="$existing $input"
done
# Folders count as well: theirs is the time at which a file was taken away.
# shellcheck disable=SC2086 # one word to each input
if [ -e "$stamp" ] && [ -z "$(find $existing -newer "$stamp" | head -n 1)" ]; then
    exit 0
fi

mkdir -p "$out"
rm -f "$stamp"
# What is edited from now on belongs to the next build.
touch "$stamp.begun"
export LEPTOS_SITE_ROOT="$out/site"
case $profile in
release)
    say 'Building for release (10 to 25 minutes the first time on two cores, 4 to 13 after a change)'
    RUST_BACKTRACE=0 cargo leptos build --release --precompress
    made="$CARGO_TARGET_DIR/release"
    ;;
dev)
    say 'Building for tests (about 5 minutes the first time on two cores)'
    RUST_BACKTRACE=0 cargo leptos build
    made="$CARGO_TARGET_DIR/debug"
    ;;
*)
    fail "no such profile: $profile"
    ;;
esac
# Not written over: it may be running.
rm -f "$out/holdfast"
cp "$made/holdfast" "$made/hash.txt" "$out/"
mv "$stamp.begun" "$stamp"
