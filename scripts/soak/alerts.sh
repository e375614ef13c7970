#!/usr/bin/env bash
# alerts evaluated by two nodes that are killed: no event is lost, none is doubled
#
#   scripts/soak.sh alerts [KILLS]     200 readings, at each of which both nodes are killed after some polls, on each backend
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
case ${1:-} in
-h | --help) sed -n '2,$s/^# \?//p' "$0" | head -3; exit ;;
esac
export TAGMETER_KILLS="${1:-200}"
step "$TAGMETER_KILLS kills of both nodes, on each backend"
cargo test --locked --quiet -p alerting --test it evaluations
echo ok
