#!/usr/bin/env bash
# Long runs under bad conditions, each bounded and on loopback. What they showed: docs/soak.md.
#
#   scripts/soak.sh MODE [OPTION...]     a mode is a file in scripts/soak; MODE --help tells its options
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/common.sh
. scripts/common.sh

modes() { for file in scripts/soak/*.sh; do basename "$file" .sh; done; }
mode=${1:---help}
shift || true
case $mode in
-h | --help | help)
    echo "usage: scripts/soak.sh MODE [OPTION...]"
    for name in $(modes); do
        printf '  %-8s %s\n' "$name" "$(sed -n '2s/^# //p' "scripts/soak/$name.sh")"
    done
    exit
    ;;
esac
[ -f "scripts/soak/$mode.sh" ] || fail "there is no mode '$mode'" "the modes: $(modes | tr '\n' ' ')"
exec bash "scripts/soak/$mode.sh" "$@"
