#!/bin/bash
# Makes sure that everything a build needs is installed. On Debian: installs what is missing when run as
# root, asks before using sudo when run from a terminal, else lists it and exits 2. Elsewhere: lists the
# Debian names and lets CMake find what the system has. Arguments name further packages.
set -euo pipefail
cd "$(dirname "$0")/.."

wanted="$(grep -v '^#' scripts/debian-packages.txt) $*"
if ! command -v dpkg-query >/dev/null; then
    echo "setup: not a Debian system; CMake looks for these (Debian names):" $wanted >&2
    exit 0
fi

missing=()
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ "$(id -u)" = 0 ]; then
    echo "setup: installing ${missing[*]}" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${install[@]}" >/dev/null
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
