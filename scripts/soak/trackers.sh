#!/usr/bin/env bash
# trackers under kills, jumping clocks, failing sources and competing nodes, audited afterwards
#
#   scripts/soak.sh trackers [RUNS]     200 runs of 60 events by default, with other random ones each time
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
case ${1:-} in
-h | --help) sed -n '2,$s/^# \?//p' "$0" | head -3; exit ;;
esac
PROPTEST_RNG_SEED=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
export PROPTEST_RNG_SEED TAGMETER_SIMULATIONS="${1:-200}"
step "PROPTEST_RNG_SEED=$PROPTEST_RNG_SEED"
cargo test --locked --quiet -p tracking --test it simulation
echo ok
