#!/bin/bash
# Extraction through resnet18 at 224 px, one thread: images per second and where the time goes, as the
# run itself reports it. Images are 512 px, so that decoding and resizing are those of a real data set.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$PWD/build/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
"$bin/harrow" data synth data --classes 2 --size 512 >/dev/null
"$bin/tests/random_weights" resnet18 resnet18.safetensors 1 >/dev/null
cat >sweep.yaml <<'YAML'
name: extraction
method: moleflow
data: {layout: mvtec, root: data, classes: all, image_size: 224}
backbone: {name: resnet18, weights: resnet18.safetensors, embed_dim: 64}
model: {num_coupling_layers: 1, dia_n_blocks: 0, lora_rank: 4}
train: {num_epochs: 1, batch_size: 8}
seeds: [0]
YAML
"$bin/harrow" run sweep.yaml --dir run --cache cache --slots 1 --threads 1 2>&1 >/dev/null | grep 'images,'
