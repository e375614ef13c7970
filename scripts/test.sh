#!/usr/bin/env bash
# Everything that must hold before a change goes in, from formatting to the tests over real sockets and folders.
#
#   scripts/test.sh            all of it; what is missing and can be installed here is installed
#   CI=true scripts/test.sh    the same, but a missing tool is a failure (this is what .ci/run does)
#
# The last lines printed are the test runner's own summary.
set -euo pipefail
cd "$(dirname "$0")/.."

required=${CI:-false}

# shellcheck source=scripts/common.sh
. scripts/common.sh
note() { printf '   %s\n' "$*" >&2; }
# missing PACKAGE: some tests cannot run without what comes in it.
missing() {
    [ "$required" != true ] || fail "$1 is not installed" "install it, on Debian and Ubuntu with: sudo apt-get install $1"
    note "some tests are skipped: $1 is not installed"
}

# A compiler run takes up to about 1.5 GB: no more of them at once than fit, and no more than there are cores.
jobs_that_fit() {
    local cores memory_gb=64
    cores=$(nproc 2>/dev/null || sysctl -n hw.ncpu)
    if [ -r /proc/meminfo ]; then
        memory_gb=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
    fi
    local fit=$((memory_gb * 2 / 3))
    [ "$fit" -ge 1 ] || fit=1
    [ "$fit" -le "$cores" ] || fit=$cores
    echo "$fit"
}

command -v cargo >/dev/null 2>&1 || fail "cargo is not installed" "https://rustup.rs installs it; rust-toolchain.toml names the version"
need cc gcc # SQLite is compiled in

export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-$(jobs_that_fit)}
# A build that is never repeated: what would make the next one faster, and what a debugger reads, takes time and gigabytes.
if [ "$required" = true ]; then
    export CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0} CARGO_PROFILE_DEV_DEBUG=${CARGO_PROFILE_DEV_DEBUG:-none}
fi
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}

step "format"
cargo fmt --all -- --check

step "lints (clippy.toml has the house rules)"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "documentation: every link leads somewhere"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet

step "dependencies (deny.toml)"
if ! cargo deny --version >/dev/null 2>&1 && [ "$required" = true ]; then
    note "installing cargo-deny"
    # Unoptimised: it is built in a third of the time, and checks one lock file.
    cargo install cargo-deny --locked --quiet --debug || fail "cargo-deny is not installed" "cargo install cargo-deny --locked"
fi
if cargo deny --version >/dev/null 2>&1; then
    cargo deny --log-level error check bans licenses sources
    # Advisories are news from elsewhere: where they cannot be fetched, this is said and the rest goes on.
    if cargo deny --log-level off fetch db; then
        cargo deny --log-level error check advisories
    else
        note "skipped: the advisory database cannot be reached"
    fi
else
    note "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"
fi

step "examples in the documentation"
cargo test --workspace --doc --locked --quiet

step "power cuts under the ledger"
if [ "$(id -u)" != 0 ]; then
    note "skipped: cutting the power needs root"
elif get mkfs.xfs xfsprogs; then
    scripts/powercut.sh 8
elif [ "$required" = true ]; then
    fail "mkfs.xfs is not installed" "it comes with the Debian package xfsprogs"
else
    note "skipped: mkfs.xfs is not installed"
fi

step "fuzzing, for a moment"
scripts/fuzz.sh --quick 20

step "PostgreSQL for the tests, which start servers of their own"
# Debian keeps a server's programs off the PATH; the tests look there too.
for folder in /usr/sbin /usr/lib/postgresql/*/bin; do
    PATH=$PATH:$folder
done
get initdb postgresql || PATH=$PATH:$(echo /usr/lib/postgresql/*/bin) command -v initdb >/dev/null || missing postgresql
get pgbouncer pgbouncer || missing pgbouncer

step "a browser for the tests of pages, and a reader of PDF"
get chromium chromium || missing chromium
get pdftotext poppler-utils || missing poppler-utils

step "Python's libraries, which metrics and files are compared with"
# Where they cannot be fetched the comparisons are skipped, and say so.
libraries="numpy pandas scipy sklearn pyarrow duckdb openpyxl openapi_spec_validator prometheus_client standardwebhooks aiosmtpd"
has_libraries() { "$1" -c "import ${libraries// /, }" >/dev/null 2>&1; }
if [ -z "${TAGMETER_PYTHON:-}" ] && ! has_libraries python3; then
    venv=target/python
    if ! has_libraries "$venv/bin/python" && python3 -m venv "$venv" >/dev/null 2>&1; then
        timeout 300 "$venv/bin/pip" install --quiet --disable-pip-version-check \
            numpy pandas scipy scikit-learn pyarrow duckdb openpyxl openapi-spec-validator prometheus_client \
            standardwebhooks==1.1.0 aiosmtpd==1.4.6 >&2 || note "skipped: they cannot be fetched"
    fi
    if has_libraries "$venv/bin/python"; then
        TAGMETER_PYTHON=$PWD/$venv/bin/python
        export TAGMETER_PYTHON
    fi
fi

step "the library of npm that receivers of webhooks use"
# Where it cannot be fetched that comparison is skipped, and says so.
modules=$PWD/target/node/node_modules
if [ ! -d "$modules/standardwebhooks" ] && command -v npm >/dev/null 2>&1; then
    timeout 300 npm install --prefix target/node --no-audit --no-fund --silent standardwebhooks@1.1.1 >&2 ||
        note "skipped: it cannot be fetched"
fi
export NODE_PATH=$modules${NODE_PATH:+:$NODE_PATH}

step "tests"
# The same random cases on every run, so that a change is judged by what it changes; `scripts/soak.sh random` tries others.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-20260101}
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast
else
    note "cargo-nextest is not installed; cargo test runs the same tests, more slowly"
    cargo test --workspace --all-targets --locked --no-fail-fast
fi
