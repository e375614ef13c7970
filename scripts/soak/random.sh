#!/usr/bin/env bash
# runs all tests again and again with other random cases (scripts/test.sh has the same ones on every run)
#
#   scripts/soak.sh random [ROUNDS]     3 rounds by default; the seed of each is printed
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
case ${1:-} in
-h | --help) sed -n '2,$s/^# \?//p' "$0" | head -3; exit ;;
esac
for round in $(seq "${1:-3}"); do
    PROPTEST_RNG_SEED=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
    export PROPTEST_RNG_SEED
    step "round $round: PROPTEST_RNG_SEED=$PROPTEST_RNG_SEED"
    cargo test --workspace --locked --quiet --tests
done
echo ok
