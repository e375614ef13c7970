#!/usr/bin/env bash
# trackers under kills, jumping clocks, failing sources and competing nodes, audited afterwards
#
#   scripts/soak.sh trackers [RUNS]          200 runs of 60 events by default, with other random ones each time
#   scripts/soak.sh trackers --days DAYS [--trackers N] [--kills N] [--store sqlite|postgres|citus] [--seed N]
#       daily trackers of two accounts on three nodes over DAYS days of a clock that jumps, 1,000 trackers and
#       500 kills by default; prints its figures
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
runs=200 days='' trackers=1000 kills=500 store=sqlite seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) sed -n '3,$s/^# \?//p' "$0" | sed '/^shellcheck/,$d'; exit ;;
    --days | --trackers | --kills | --seed | --store)
        [ $# -ge 2 ] || fail "$1 has no value" "see scripts/soak.sh trackers --help"
        printf -v "${1#--}" '%s' "$2"; shift 2 ;;
    *) runs=$1; shift ;;
    esac
done
if [ -n "$days" ]; then
    case $store in
    sqlite | postgres | citus) ;;
    *) fail "there is no store '$store'" "sqlite, postgres or citus" ;;
    esac
    export TAGMETER_TRACKER_YEAR="$days $trackers $kills $seed"
    step "DAYS TRACKERS KILLS SEED: $TAGMETER_TRACKER_YEAR"
    cargo test --locked --quiet -p tracking --test it -- --nocapture --exact \
        "year::a_year_leaves_no_slot_without_a_reading_or_a_reason::$store"
else
    export PROPTEST_RNG_SEED=$seed TAGMETER_SIMULATIONS=$runs
    step "PROPTEST_RNG_SEED=$PROPTEST_RNG_SEED"
    cargo test --locked --quiet -p tracking --test it simulation
fi
echo ok
