# Sourced by every other script, from the top folder: where tools and builds are kept, and what the
# compiler is told. Both caches lie outside the checkout, so that a fresh clone starts warm.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/holdfast"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}"

# Cargo names the crates of every checkout alike, and tells what is out of date by the times of files
# alone: what another checkout compiled later would pass for ours. So the first build after another
# checkout's compiles our crates anew; the dependencies stay.
mkdir -p "$CARGO_TARGET_DIR"
if [ "$(cat "$CARGO_TARGET_DIR/checkout" 2>/dev/null)" != "$PWD" ]; then
    find app cluster domain frontend migrations server store -type f -exec touch {} +
    echo "$PWD" >"$CARGO_TARGET_DIR/checkout"
fi

# A new version here is installed beside the old one at the next run.
cargo_leptos_version=0.3.10
wasm_bindgen_version=0.2.130
cargo_leptos_dir="$cache/tools/cargo-leptos-$cargo_leptos_version"
wasm_bindgen_dir="$cache/tools/wasm-bindgen-$wasm_bindgen_version"
export PATH="$PWD/node_modules/.bin:$cargo_leptos_dir/bin:$wasm_bindgen_dir/bin:$PATH"

# SQL is checked against .sqlx/, even where DATABASE_URL names a database to serve from.
export SQLX_OFFLINE=true

# Leptos compiles this in. It is the same for every build, or each would compile the others' anew.
export LEPTOS_OUTPUT_NAME=holdfast

# Components whose types are erased compile in a fraction of the time. cargo-leptos has it so for its builds for
# development; with the same flags the tests share what those compiled. scripts/build.sh leaves it to cargo-leptos.
export RUSTFLAGS='--cfg erase_components'

# A page is one deep value, rendered on the stack; unoptimised, as in tests, that takes several times what a
# thread has by default.
export RUST_MIN_STACK=16777216

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
fail() {
    printf 'holdfast: %s\n' "$*" >&2
    exit 1
}
