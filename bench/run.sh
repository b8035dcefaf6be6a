#!/bin/bash
# Runs every benchmark and writes what it measured, with machine and command, to bench/results/.
set -euo pipefail
cd "$(dirname "$0")/.."

cores=$(env -u OMP_NUM_THREADS nproc)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
mkdir -p bench/results

# record NAME COMMAND…: its output with command, date, commit and machine, to bench/results/NAME.txt
record() {
    local result=bench/results/$1.txt
    shift
    {
        echo "# $*, $(date -u +%F), $(git rev-parse --short HEAD)"
        echo "# $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | sed 's/^ *//'), $cores cores"
        "$@" 2>&1 | grep -v '^Run on\|^CPU Caches\|^  L\|^Running\|^Load Average\|^20..-\|WARNING'
    } >"$result"
    cat "$result"
}

for name in scheduler scoring features training; do
    record "$name" "build/release/bench/bench_$name" --benchmark_min_time=0.5
done
for script in extraction whole_sweep dispatch report anomalyvfm; do
    record "$script" "bench/$script.sh"
done
