#!/usr/bin/env bash
# the real server with trackers on a faked clock: days in seconds, kills, jumps, sleep; audited over HTTP
#
#   scripts/soak.sh faketime [--hours N] [--kills N] [--seed N] [--bin FILE]
set -euo pipefail
# shellcheck source=scripts/common.sh
. scripts/common.sh
need python3 python3
need cc gcc
case " $* " in
*" --help "* | *" -h "*) exec python3 -u scripts/soak/faketime.py --clock none "$@" ;;
esac
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
cc -O2 -Wall -Wextra -Werror -shared -fPIC -o "$built/clock.so" scripts/soak/faketime.c
case " $* " in
*" --bin "*) ;;
*)
    step "building"
    cargo build --locked --quiet -p tagmeter
    set -- --bin "${CARGO_TARGET_DIR:-target}/debug/tagmeter" "$@"
    ;;
esac
python3 -u scripts/soak/faketime.py --clock "$built/clock.so" "$@"
