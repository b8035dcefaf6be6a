#!/bin/bash
# Makes sure that everything a build needs is installed. On Debian: installs what is missing when run as
# root, asks before using sudo when run from a terminal, else lists it and exits 2. Elsewhere: lists the
# Debian names and lets CMake find what the system has. Arguments name further packages; those after
# --optional are installed for root alone, and nothing fails without them.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted=() optional=()
for argument in $(grep -v '^#' scripts/debian-packages.txt) "$@"; do
    if [ "$argument" = --optional ] || [ ${#optional[@]} -gt 0 ]; then
        optional+=("$argument")
    else
        wanted+=("$argument")
    fi
done
optional=("${optional[@]:1}")
if ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian system; CMake looks for these (Debian names): ${wanted[*]}" >&2
    exit 0
fi

# Those of its arguments that are not installed, one a line.
missing_of() {
    local package status
    for package in "$@"; do
        status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$status" = installed ] || echo "$package"
    done
}

# No recommended packages, no questions.
install_as_root() {
    echo "setup: installing $*" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" </dev/null >/dev/null
}

mapfile -t missing < <(missing_of "${wanted[@]}")
install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ ${#missing[@]} = 0 ]; then
    :
elif [ "$(id -u)" = 0 ]; then
    install_as_root "${missing[@]}"
elif [ -t 0 ] && command -v sudo >/dev/null; then
    read -r -p "setup: install ${missing[*]} with sudo apt-get? [y/N] " answer
    if [ "$answer" != y ] && [ "$answer" != Y ]; then
        echo "setup: nothing installed" >&2
        exit 2
    fi
    sudo apt-get update -qq
    sudo DEBIAN_FRONTEND=noninteractive "${install[@]}"
else
    echo "setup: these packages are missing; ask an administrator to run:" >&2
    echo "  ${install[*]}" >&2
    exit 2
fi

mapfile -t missing < <(missing_of "${optional[@]}")
if [ ${#missing[@]} -gt 0 ] && { [ "$(id -u)" != 0 ] || ! install_as_root "${missing[@]}"; }; then
    echo "setup: going on without ${missing[*]}; tests that need them are skipped" >&2
fi
