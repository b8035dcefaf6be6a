#!/bin/bash
# scripts/build-with-cuda.sh [--torch PREFIX] [--deps PREFIX] [--build DIR] [CMAKE ARGUMENT…]
# Configures and builds Harrow for GPUs: build/cuda/harrow and build/cuda/harrow-worker.
#   --torch  LibTorch with CUDA: an unpacked zip, or share/cmake of a Python wheel (default: of the torch
#            that python3 imports)
#   --deps   folder of unpacked Debian packages (scripts/fetch-packages.sh), where nothing can be installed
#   --build  where to build (default: build/cuda)
# Further arguments go to CMake, e.g. -DHARROW_BUILD_TESTS=ON. Needs g++, CMake >= 3.24 and the CUDA toolkit
# (nvcc and headers) of LibTorch's CUDA version; $CUDA_HOME names it where nvcc is not on the PATH.
set -euo pipefail
fail() {
    echo "build-with-cuda: $1" >&2
    exit 2
}
torch='' deps='' build=build/cuda more=()
while [ $# -gt 0 ]; do
    case "$1" in
        --torch | --deps | --build)
            [ $# -ge 2 ] || fail "$1 needs a folder"
            case "$1" in --torch) torch=$2 ;; --deps) deps=$2 ;; --build) build=$2 ;; esac
            shift 2
            ;;
        -D*) more+=("$1") && shift ;;
        *) fail "'$1' is not known here: [--torch PREFIX] [--deps PREFIX] [--build DIR] [-DNAME=VALUE…]" ;;
    esac
done
source=$(cd "$(dirname "$0")/.." && pwd)

missing=()
for tool in cmake g++ pkg-config; do
    command -v "$tool" >/dev/null || missing+=("$tool")
done
[ ${#missing[@]} = 0 ] || fail "missing: ${missing[*]}"
if [ -z "$torch" ]; then
    torch=$(python3 -c 'import torch; print(torch.utils.cmake_prefix_path)' 2>/dev/null) ||
        fail "python3 imports no torch; name an unpacked LibTorch with --torch"
fi
torch=$(realpath -e "$torch") || fail "--torch names no folder"
config=$(find "$torch" -maxdepth 4 -name TorchConfig.cmake -print -quit)
[ -n "$config" ] || fail "$torch holds no TorchConfig.cmake: name the folder that a LibTorch zip unpacks to, or share/cmake of a wheel"
library=$(dirname "$config")/../../../lib # beside share/ in a zip and in a wheel
[ -e "$library/libtorch_cuda.so" ] || fail "the LibTorch in $torch has no CUDA (no libtorch_cuda.so); choose a CUDA build of it"
nvcc=$(command -v nvcc || ls "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" 2>/dev/null) ||
    fail "nvcc is missing: install the CUDA toolkit of LibTorch's version, or set CUDA_HOME to it"

arguments=(-S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release -DHARROW_BUILD_TESTS=OFF
    "-DCMAKE_CUDA_COMPILER=$nvcc" "-DCUDA_TOOLKIT_ROOT_DIR=$(dirname "$(dirname "$nvcc")")")
command -v ninja >/dev/null && arguments+=(-G Ninja)
prefixes=$torch
if [ -n "$deps" ]; then
    . "$source/scripts/deps-arguments.sh"
    deps_arguments "$deps"
fi
cmake "${arguments[@]}" "-DCMAKE_PREFIX_PATH=$prefixes" "${more[@]}" ||
    fail "CMake says above what is missing; --deps names a folder of unpacked Debian packages (scripts/fetch-packages.sh makes one)"
cmake --build "$build" --parallel --target harrow harrow-worker
"$build/harrow-worker" --probe
