# What the scripts share; to be sourced.
# shellcheck shell=bash

# step TITLE: begins a part of a script; how long the script has run is printed with it.
step() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS" >&2; }
fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

# get COMMAND PACKAGE: installs the Debian package a command comes in, if it is missing and that can be done here.
get() {
    local command=$1 package=$2
    command -v "$command" >/dev/null 2>&1 && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        step "installing $package"
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$package" >&2
    fi
    command -v "$command" >/dev/null 2>&1
}

# need COMMAND PACKAGE: nothing goes without it.
need() {
    get "$1" "$2" || fail "$1 is not installed" "install it, on Debian and Ubuntu with: sudo apt-get install $2"
}
