#!/usr/bin/env bash
# serves, imports and charges under repeated kill -9, then audits: nothing lost, nothing charged twice
#
#   scripts/soak.sh kills [--kills N] [--clients N] [--seconds S] [--videos N] [--bin FILE]
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
need python3 python3
case " $* " in
*" --bin "* | *" --help "* | *" -h "*) exec python3 -u scripts/soak/kills.py "$@" ;;
esac
step "building in release"
cargo build --release --locked --quiet -p tagmeter
exec python3 -u scripts/soak/kills.py --bin "${CARGO_TARGET_DIR:-target}/release/tagmeter" "$@"
