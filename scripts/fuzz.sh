#!/usr/bin/env bash
# Runs each fuzz target from its seeds, for so many seconds in all. Needs nightly and cargo-fuzz, and says so where they
# are missing. What is found is kept in fuzz/found, a crash in fuzz/artifacts.
#
#   scripts/fuzz.sh            a minute in all
#   scripts/fuzz.sh 3600       an hour in all
#   scripts/fuzz.sh 60 mapped  a minute of one target
#   scripts/fuzz.sh --quick 20 twenty seconds, built in a third of the time: not optimised, without the address sanitizer
set -euo pipefail
cd "$(dirname "$0")/../fuzz"

build=()
if [ "${1:-}" = --quick ]; then
    # Our code has no `unsafe`; what the sanitizer could find is in C libraries and dependencies, and is left to longer runs.
    build=(--dev --sanitizer none)
    shift
fi

seconds=${1:-60}
targets=${2:-$(ls fuzz_targets | sed 's/\.rs$//')}

if ! rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
    echo "fuzzing is skipped: no nightly compiler (rustup toolchain install nightly)" >&2
    exit 0
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    echo "fuzzing is skipped: cargo-fuzz is not installed (cargo +nightly install cargo-fuzz --locked)" >&2
    exit 0
fi

count=$(wc -w <<<"$targets")
each=$((seconds / count))
[ "$each" -ge 1 ] || each=1
# Bytes of one input, megabytes of memory and seconds for one input: what takes more is a finding.
limits=(-max_len=16384 -rss_limit_mb=1024 -timeout=10 -verbosity=0 -print_final_stats=0)
for target in $targets; do
    mkdir -p "found/$target"
    echo "fuzzing $target for $each s" >&2
    log=found/$target.log
    if ! cargo +nightly fuzz run --fuzz-dir . ${build[@]+"${build[@]}"} "$target" "found/$target" "corpus/$target" -- \
        -max_total_time="$each" "${limits[@]}" >"$log" 2>&1; then
        tail -n 40 "$log" >&2
        echo "a finding in $target, or it could not be built; an input is in fuzz/artifacts/$target, all that was said in fuzz/$log" >&2
        exit 1
    fi
done
