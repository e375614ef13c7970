#!/usr/bin/env bash
# Malformed, slow and oversized clients beside honest ones that pay; audits the ledger in the end.
# What the honest ones were charged is compared with it.
#
#   scripts/soak.sh hostile [SECONDS] [SEED]     60 seconds and seed 1 unless given
#
# TAGMETER names the binary; target/release/tagmeter or target/debug/tagmeter otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."

# shellcheck source=scripts/common.sh
. scripts/common.sh
case ${1:-} in
-h | --help)
    sed -n '2,/^set/s/^# \{0,1\}//p' scripts/soak/hostile.sh
    exit
    ;;
esac
seconds=${1:-60}
seed=${2:-1}
need python3 python3
tagmeter=${TAGMETER:-}
for built in target/release/tagmeter target/debug/tagmeter; do
    [ -n "$tagmeter" ] || [ ! -x "$built" ] || tagmeter=$PWD/$built
done
[ -n "$tagmeter" ] || fail "tagmeter is not built" "cargo build --release"
exec python3 scripts/soak/hostile.py "$tagmeter" "$seconds" "$seed"
