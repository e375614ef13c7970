#!/usr/bin/env bash
# Memory of a server while many clients read large answers slowly, and after they are gone.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/common.sh
. scripts/common.sh

readers=80 keys=80 readings=400000 seconds=20 rate=65536 path='/v1/export?of=history&format=parquet' binary=''
usage() {
    cat <<'END'
usage: scripts/soak.sh slow [OPTION...]

  --readers N    clients at once, default 80
  --keys N       keys they share, each of an account of its own, default 80
  --readings N   readings of synthetic hashtags in the store, default 400000
  --seconds N    how long they read, default 20
  --rate N       bytes a second that each reads, default 65536
  --path PATH    what they request, default /v1/export?of=history&format=parquet
  --binary FILE  the tagmeter to run, default a release build of this checkout
END
}
while [ $# -gt 0 ]; do
    case $1 in
        --readers | --keys | --readings | --seconds | --rate | --path | --binary)
            declare "${1#--}=${2:?$1 needs a value}"
            shift 2
            ;;
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
done
need python3 python3
if [ -z "$binary" ]; then
    step "building in release"
    cargo build --release --locked --quiet -p tagmeter
    binary=target/release/tagmeter
fi
binary=$(realpath "$binary")

folder=$(mktemp -d)
server=''
cleanup() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT

step "importing $readings readings"
python3 scripts/soak/slow_readers.py series "$readings" >"$folder/series.csv"
tagmeter() { "$binary" --data-dir "$folder/data" "$@"; }
tagmeter import "$folder/series.csv" >&2
for number in $(seq "$keys"); do
    tagmeter account create "reader$number@example.com" --credits 100000000 --json 2>>"$folder/log"
done | python3 -c 'import json, sys; [print(json.loads(line)["api_key"]) for line in sys.stdin]' >"$folder/keys"

step "serving"
"$binary" --data-dir "$folder/data" serve --requests-per-minute 0 --listen 127.0.0.1:0 >"$folder/out" 2>"$folder/log" &
server=$!
until grep -q Listening "$folder/out"; do
    kill -0 "$server" || fail "the server did not start: $(tail -5 "$folder/log")"
    read -rt 0.1 <> <(:) || true
done
address=$(sed 's#.*http://##' "$folder/out")
python3 scripts/soak/slow_readers.py read "$address" "$server" "$readers" "$seconds" "$rate" "$path" "$folder/keys"
