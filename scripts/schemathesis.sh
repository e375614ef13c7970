#!/usr/bin/env bash
# Schemathesis against a served demo: it makes requests, right and wrong ones, from the API description that the server
# serves, and holds every answer against it. Not part of CI; what it counted is in docs/soak.md.
#
#   scripts/schemathesis.sh [--examples N] [--seed N] [--binary FILE] [-- OPTION...]
#
#       --examples N    default 50; requests of each kind for each operation
#       --seed N        default 11
#       --binary FILE   default target/debug/tagmeter, which is built
#       -- OPTION...    for schemathesis itself, such as --include-path /v1/trending
#
# Runs on loopback, against data of its own in a temporary folder, for at most half an hour.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=scripts/common.sh
. scripts/common.sh

VERSION=4.32.5
SECONDS_MAX=1800

examples=50 seed=11 binary=
while [ $# -gt 0 ]; do
    case $1 in
        --examples) examples=$2; shift 2 ;;
        --seed) seed=$2; shift 2 ;;
        --binary) binary=$2; shift 2 ;;
        --) shift; break ;;
        --help) sed -n '2,/^set/ { /^#/ s/^# \{0,1\}//p }' "$0"; exit 0 ;;
        *) fail "unknown option $1" "scripts/schemathesis.sh --help lists them" ;;
    esac
done

if [ -z "$binary" ]; then
    step "building"
    cargo build --package tagmeter --locked
    binary=target/debug/tagmeter
fi

tool=target/schemathesis/bin/schemathesis
if ! [ "$("$tool" --version 2>/dev/null)" = "schemathesis, version $VERSION" ]; then
    step "installing schemathesis $VERSION into target/schemathesis"
    python3 -m venv target/schemathesis
    target/schemathesis/bin/pip install --quiet --disable-pip-version-check "schemathesis==$VERSION"
fi

folder=$(mktemp -d)
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$folder"
}
trap stop EXIT

# base FILE: the address that a server printed there.
base() {
    local address
    for _ in $(seq 600); do
        address=$(grep -om1 'http://127\.0\.0\.1:[0-9]*' "$1" || true)
        [ -z "$address" ] || { echo "$address"; return; }
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$1" >&2
    fail "the server did not start"
}

step "making the demo's data"
"$binary" demo --listen 127.0.0.1:0 --data-dir "$folder/data" >"$folder/demo" 2>&1 &
server=$!
base "$folder/demo" >/dev/null
kill "$server" && wait "$server" || true

step "serving it, with a key of the scope admin"
key=$("$binary" key create demo@example.com --admin --data-dir "$folder/data" --json 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["api_key"])')
"$binary" serve --listen 127.0.0.1:0 --requests-per-minute 0 --data-dir "$folder/data" >"$folder/serve" 2>&1 &
server=$!
address=$(base "$folder/serve")

step "schemathesis $VERSION against $address"
status=0
# It leaves files where it runs.
root=$PWD
cd "$folder"
SCHEMATHESIS_HOOKS=$root/scripts/schemathesis/hooks.py \
    timeout "$SECONDS_MAX" "$root/$tool" --config-file "$root/scripts/schemathesis/settings.toml" run "$address/openapi.json" \
    --header "X-Api-Key: $key" --max-examples "$examples" --seed "$seed" --generation-database none "$@" || status=$?

step "the ledger after it"
kill "$server" && wait "$server" || true
server=
cd "$root"
"$binary" audit --data-dir "$folder/data"
exit "$status"
