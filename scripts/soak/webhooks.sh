#!/usr/bin/env bash
# messages under rebinding names and killed senders: none gets inside, none is lost
#
#   scripts/soak.sh webhooks [TRIES] [KILLS]     10,000 tries to lead the connector inside, 200 kills of a sender
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
case ${1:-} in
-h | --help) sed -n '2,$s/^# \?//p' "$0" | head -3; exit ;;
esac
export TAGMETER_REBINDINGS="${1:-10000}" TAGMETER_KILLS="${2:-200}"
step "$TAGMETER_REBINDINGS rebinding tries, and a twin that checks and then dials"
cargo test --locked --quiet -p notify --test it rebinding
step "$TAGMETER_KILLS kills of a sender, on each backend"
cargo test --locked --quiet -p alerting --test it kills
echo ok
