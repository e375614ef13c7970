#!/usr/bin/env bash
# Cuts the power under the ledger and counts the receipts that are lost: there must be none.
#
# usage: scripts/powercut.sh [CUTS]        (default 20; needs root, loop devices and mkfs.xfs; skips without them)
#
# The ledger writes to an ext4 image on a loop device. The image lies on an XFS that can clone files, so that a copy
# made at any moment holds exactly what had reached the block device: what a power cut would leave (`kill -9` cannot
# show this, as the page cache survives it). Then the same with a ledger that was broken on purpose, whose commits are
# not synced: the test must see it lose receipts, or the test is worth nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
cuts="${1:-20}"

skip() { echo "skipped: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "cutting the power needs root"
for tool in mkfs.xfs mkfs.ext4 mount umount; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done

# The whole workspace, as the tests build it: of one package alone, everything below it would be built once more. The
# feature `seeded-bugs` comes with `testkit`.
cargo build --quiet --workspace --example ledger_writer --locked
writer="$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/debug/examples/ledger_writer"

folder="$(mktemp -d)"
pid=""
finish() {
    [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null || true
    wait 2>/dev/null || true
    for mounted in after disk below; do
        ! mountpoint -q "$folder/$mounted" || umount "$folder/$mounted"
    done
    rm -rf "$folder"
}
trap finish EXIT
mkdir "$folder/below" "$folder/disk" "$folder/after"
truncate -s 2G "$folder/below.img"
mkfs.xfs -q -m reflink=1 "$folder/below.img"
mount -o loop "$folder/below.img" "$folder/below" 2>/dev/null || skip "loop devices cannot be mounted here"

# cut_power MODE: counts the cuts that lost receipts, all receipts lost, the audits that failed, and the receipts told.
cut_power() {
    local mode="$1" result lost
    cuts_with_losses=0 lost_in_all=0 damaged=0 receipts=0
    truncate -s 256M "$folder/below/disk.img"
    mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$folder/below/disk.img"
    mount -o loop "$folder/below/disk.img" "$folder/disk"
    : >"$folder/receipts"
    for _ in $(seq "$cuts"); do
        # shellcheck disable=SC2086 # no word for the sound ledger
        "$writer" write "$folder/disk/data" "$folder/receipts" $mode &
        pid=$!
        sleep "$(printf '0.%d' $((RANDOM % 600 + 300)))"
        # What was told before the cut must be there after it.
        cp "$folder/receipts" "$folder/told"
        cp --reflink=always "$folder/below/disk.img" "$folder/below/cut.img"
        kill -9 "$pid"
        wait "$pid" 2>/dev/null || true
        pid=""
        mount -o loop "$folder/below/cut.img" "$folder/after"
        result="$("$writer" check "$folder/after/data" "$folder/told")" || result="receipts=0 lost=0 audit=FAILED"
        umount "$folder/after"
        [[ "$result" == *audit=ok* ]] || { damaged=$((damaged + 1)); echo "$result" >&2; }
        lost="$(sed -n 's/.*lost=\([0-9]*\).*/\1/p' <<<"$result" | head -1)"
        receipts="$(sed -n 's/receipts=\([0-9]*\).*/\1/p' <<<"$result" | head -1)"
        [ "$lost" = 0 ] || cuts_with_losses=$((cuts_with_losses + 1))
        lost_in_all=$((lost_in_all + lost))
    done
    umount "$folder/disk"
    rm "$folder/below/disk.img"
}

cut_power ""
echo "the ledger: $cuts cuts, $receipts receipts, $cuts_with_losses cuts lost $lost_in_all receipts, $damaged audits failed"
[ "$cuts_with_losses" = 0 ] && [ "$damaged" = 0 ] || { echo "FAILED: the ledger lost receipts or was damaged"; exit 1; }
[ "$receipts" -gt 0 ] || { echo "FAILED: nothing was charged"; exit 1; }
cut_power unsynced
echo "broken on purpose: $cuts cuts, $receipts receipts, $cuts_with_losses cuts lost $lost_in_all receipts"
[ "$cuts_with_losses" -gt 0 ] || { echo "FAILED: the test does not see a ledger that loses receipts"; exit 1; }
echo "ok"
