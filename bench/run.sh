#!/bin/bash
# Runs every benchmark and writes what it measured, with machine and command, to bench/results/.
set -euo pipefail
cd "$(dirname "$0")/.."

cores=$(env -u OMP_NUM_THREADS nproc)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p bench/results
for name in scheduler scoring features training; do
    result=bench/results/$name.txt
    {
        echo "# build/release/bench/bench_$name, $(date -u +%F), $(git rev-parse --short HEAD)"
        echo "# $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $cores cores"
        "build/release/bench/bench_$name" --benchmark_min_time=0.5 2>/dev/null | grep -v '^Run on\|^CPU Caches\|^  L'
    } >"$result"
    cat "$result"
done

{
    echo "# bench/whole_sweep.sh, $(date -u +%F), $(git rev-parse --short HEAD)"
    echo "# $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $cores cores"
    bench/whole_sweep.sh 2>&1
} >bench/results/whole_sweep.txt
cat bench/results/whole_sweep.txt
