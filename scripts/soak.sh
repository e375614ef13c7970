#!/usr/bin/env bash
# Long tests, outside CI. What they showed: docs/soak.md.
#
#   scripts/soak.sh MODE [OPTION...]
#
# A mode is the file of its name in scripts/soak; `scripts/soak.sh MODE --help` says what it does.
set -euo pipefail
cd "$(dirname "$0")/.."

modes() { find scripts/soak -maxdepth 1 -name '*.sh' -exec basename {} .sh \; | sort; }

mode=${1:-}
if [ -z "$mode" ] || [ ! -f "scripts/soak/$mode.sh" ]; then
    printf 'usage: scripts/soak.sh MODE [OPTION...]\n\nmodes:\n' >&2
    for mode in $(modes); do
        printf '  %-10s %s\n' "$mode" "$(sed -n '2s/^# //p' "scripts/soak/$mode.sh")" >&2
    done
    exit 2
fi
shift
exec "scripts/soak/$mode.sh" "$@"
