#!/bin/sh
# Says in one line each what this machine lacks that we cannot install ourselves.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

missing=
need() {
    command -v "$1" >/dev/null 2>&1 && return
    printf 'holdfast: %s is missing: %s\n' "$1" "$2" >&2
    missing=yes
}

need git 'apt-get install git, or brew install git'
need cc 'a C compiler; apt-get install build-essential, or xcode-select --install'
need rustup 'see https://rustup.rs; the version of Rust itself is then chosen here'
need cargo 'it comes with rustup; is ~/.cargo/bin on the PATH?'
need node 'Node 20 or newer; see https://nodejs.org'
need npm 'it comes with Node; Debian has it apart: apt-get install npm'
[ -z "$missing" ] || exit 1

node_major=$(node -p 'process.versions.node.split(".")[0]')
[ "$node_major" -ge 20 ] || fail "node is version $(node --version), and 20 is the oldest that will do; see https://nodejs.org"
