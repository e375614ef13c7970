#!/usr/bin/env bash
# Malformed, slow and oversized clients against a server on loopback, beside honest ones that pay; in the end the ledger is
# audited and compared with what the honest ones were charged.
#
#   scripts/soak.sh hostile [SECONDS] [SEED]     60 seconds and seed 1 unless given
#
# TAGMETER names the binary; target/release/tagmeter or target/debug/tagmeter otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=scripts/common.sh
. scripts/common.sh
seconds=${1:-60}
seed=${2:-1}
need python3 python3
tagmeter=${TAGMETER:-}
for built in target/release/tagmeter target/debug/tagmeter; do
    [ -n "$tagmeter" ] || [ ! -x "$built" ] || tagmeter=$PWD/$built
done
[ -n "$tagmeter" ] || fail "tagmeter is not built" "cargo build --release"
exec python3 scripts/soak/hostile.py "$tagmeter" "$seconds" "$seed"
