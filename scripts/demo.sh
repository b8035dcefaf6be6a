#!/bin/bash
# `make demo`: a synthetic data set on disk, a sweep over it, the table, one figure, the next command.
set -euo pipefail
cd "$(dirname "$0")/.."

harrow=build/release/harrow
demo=build/demo
if [ ! -d $demo/data ]; then
    $harrow data synth $demo/data --classes 5 --size 128 --seed 7
fi
$harrow run sweeps/examples/demo.yaml data.root=$demo/data --dir $demo/run --cache $demo/cache --slots 2
echo
$harrow show $demo/run main --worst 6 --out $demo/main.png
echo
echo "Next: $harrow report $demo/run --format md"
