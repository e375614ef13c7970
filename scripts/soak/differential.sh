#!/usr/bin/env bash
# records random observations on SQLite and PostgreSQL, cut into transactions in different ways, and compares all rows
#
#   scripts/soak.sh differential [CASES]     1,000 of each kind by default
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
case ${1:-} in
-h | --help) sed -n '2,$s/^# \?//p' "$0" | head -3; exit ;;
esac
export TAGMETER_CASES=${1:-1000}
step "$TAGMETER_CASES cases of each kind"
cargo test --workspace --locked --quiet --test differential
echo ok
