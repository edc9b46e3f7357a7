# The commands of this project; `make` alone lists them. What each needs it installs first, except for
# git, make, a C compiler, rustup and Node, which it asks for. The work is done by scripts/.

ENV := . scripts/env.sh &&

.PHONY: help
help: ## Lists the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## Builds for release and serves http://127.0.0.1:8000, with a Postgres of its own
	@exec scripts/holdfast.sh release serve $(ARGS)

.PHONY: build
build: ## Builds for release; the program is then target/holdfast-release/holdfast
	@scripts/build.sh release

.PHONY: test
test: lint sqlx-check test-rust test-end2end test-api ## Runs everything below

.PHONY: lint
lint: installed ## Checks the formatting, and both halves with clippy
	$(ENV) cargo fmt --all --check
	$(ENV) cargo clippy --workspace --exclude frontend --all-targets -- -D warnings
	$(ENV) cargo clippy --package frontend --target wasm32-unknown-unknown \
		--target-dir "$$CARGO_TARGET_DIR/front" -- -D warnings

.PHONY: sqlx-check
sqlx-check: installed ## Checks that .sqlx/ fits the statements and the migrations
	@scripts/sqlx.sh check

.PHONY: test-rust
test-rust: installed ## Unit, property, store and HTTP tests, on a real Postgres
	@scripts/with-postgres.sh -- cargo test --workspace --exclude frontend

# The same test is among those of `make test`, with 50,000 operations. To repeat a run, or for a shorter one:
# make torture SEED=17 OPERATIONS=1000000
OPERATIONS ?= 10000000
SEED ?=
.PHONY: torture
torture: installed ## Compares 10,000,000 random operations with the model, on a real Postgres (hours)
	@HOLDFAST_TORTURE_OPERATIONS=$(OPERATIONS) $(if $(SEED),HOLDFAST_TORTURE_SEED=$(SEED)) \
		scripts/with-postgres.sh -- cargo test --release --package store --test on_postgres torture -- --nocapture

.PHONY: test-end2end
test-end2end: ## Browser tests, with and without JavaScript
	@scripts/end2end.sh $(ARGS)

# 300 is what a change of the API is tried with (an hour); a few find what is plainly wrong.
export EXAMPLES

.PHONY: test-api
test-api: ## schemathesis against the running server; more of it: make test-api EXAMPLES=300
	@scripts/test-api.sh $(ARGS)

# Smaller: make bench BENCH_RUNS=1 BENCH_SECONDS=2 BENCH_BEHIND=0,100000 BENCH_ORDERS=10000 BENCH_REPORT=FILE
# One of them: make bench ARGS=reserve (or expire, overload, crowd, live, stock, orders).
export BENCH_RUNS BENCH_SECONDS BENCH_BEHIND BENCH_ORDERS BENCH_REPORT

.PHONY: bench
bench: build ## Measures how fast it is here, into docs/benchmarks.md (about an hour)
	@scripts/bench.sh $(ARGS)

.PHONY: bench-orders
bench-orders: build ## Measures the order list alone (about 15 minutes)
	@scripts/bench.sh orders

.PHONY: sqlx
sqlx: installed ## Describes the SQL statements anew, in .sqlx/
	@scripts/sqlx.sh write

.PHONY: fmt
fmt: installed ## Formats the code
	$(ENV) cargo fmt --all

.PHONY: clean
clean: ## Removes what was built here; the caches shared with other checkouts stay
	rm -rf target node_modules end2end/node_modules end2end/test-results
	@$(ENV) echo "Kept for other checkouts: $$cache"

.PHONY: installed
installed:
	@scripts/install.sh
