#!/bin/bash
# scripts/fetch-packages.sh DIR: downloads the Debian packages that Harrow is built with (LibTorch, its
# BLAS and the tools apart), with the libraries they need, and unpacks them into DIR/usr. Carry DIR to a
# machine without a package archive and build there with scripts/build-with-cuda.sh --deps DIR. Nothing is
# installed here. The other machine needs the same or a newer glibc.
set -euo pipefail
[ $# = 1 ] && [ "${1#-}" = "$1" ] || { echo "usage: scripts/fetch-packages.sh DIR" >&2; exit 2; }
for tool in apt-get dpkg-deb; do
    command -v "$tool" >/dev/null || { echo "fetch-packages: $tool is missing; run this on Debian" >&2; exit 2; }
done
mkdir -p "$1/packages"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

wanted=$(grep -E '^(lib.*|.*-dev)$' scripts/debian-packages.txt | grep -vE '^lib(torch|openblas)')
# The C and C++ runtime and the compiler stay the other machine's own.
runtime='^(libc6|libc-dev|libcrypt|libgcc|libstdc\+\+|libtorch|libgomp|libasan|libtsan|libubsan|liblsan|libitm|libquadmath|libatomic|libperl|libcc1|libctf|libbinutils|libgprofng|libpam|libgfortran-)'
# What apt would install on a system that has nothing: names and versions fit together.
mapfile -t packages < <(apt-get -s -o Dir::State::status=/dev/null install --no-install-recommends $wanted |
    sed -n 's/^Inst \([^ ]*\).*/\1/p' | grep -E '^(lib|nlohmann|zlib)' | grep -vE "$runtime" | sort)
[ ${#packages[@]} -gt 0 ] || { echo "fetch-packages: apt knows none of them; run apt-get update first" >&2; exit 4; }

echo "fetch-packages: ${#packages[@]} packages into $target" >&2
(cd "$target/packages" && apt-get -o APT::Sandbox::User=root download -q "${packages[@]}" >/dev/null)
for archive in "$target"/packages/*.deb; do
    dpkg-deb -x "$archive" "$target"
done
du -sh "$target/usr" >&2
