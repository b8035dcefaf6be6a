#!/bin/bash
# Reports of made-up runs (bench/report_run.cpp): wall and processor time and peak memory of each format.
set -euo pipefail
cd "$(dirname "$0")/.."
build=build/release
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# measure WHAT COMMAND…
measure() {
    python3 - "$@" <<'EOF'
import os, sys, time
begin = time.monotonic()
child = os.fork()
if child == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    os.execvp(sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
if status != 0:
    sys.exit(f"{sys.argv[2:]}: {status}")
cpu = usage.ru_utime + usage.ru_stime
print(f"{sys.argv[1]:<32}{time.monotonic() - begin:7.2f} s, of a processor {cpu:5.2f} s (without gnuplot), "
      f"{usage.ru_maxrss / 1024:4.0f} MiB")
EOF
}

run_of() {
    local what=$1 run=$dir/$2
    shift 2
    "$build/bench/report_run" "$run" "$@"
    echo "$what: journal of $(stat -c %s "$run/journal.jsonl") bytes"
    for format in md tex csv json; do
        measure "  --format $format" "$build/harrow" report "$run" --format "$format"
    done
    measure "  --format html --no-figures" "$build/harrow" report "$run" --format html --no-figures --out "$dir/out"
    measure "  --format html" "$build/harrow" report "$run" --format html --out "$dir/out"
    echo "  index.html: $(stat -c %s "$dir/out/index.html") bytes, $(find "$dir/out/figures" -name '*.svg' | wc -l) figures"
    rm -rf "$dir/out"
}

run_of "1,000 cells x 5 seeds x 15 classes x 8 metrics" large 1000 5 15 1
run_of "100 cells x 5 seeds x 15 classes x 8 metrics, after each of 15 tasks" sequence 100 5 15 15
