#!/bin/bash
# AnomalyVFM's four versions x 7 categories of MVTec AD 2 x 5 seeds, once the features are cached: the
# counts, epochs, ranks and tables by category of sweeps/examples/anomalyvfm/compare-versions.yaml, on
# drawn pictures of 42 pixels (so the ranges of the generator are smaller) and a DINOv2 of random weights.
# BACKBONES: which, default dinov2_vits14 (384 channels); dinov2_vitb14 has 768.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$PWD/build/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$bin/harrow" data synth ad2 --layout mvtec_ad2 --classes 7 --size 64 --seed 3 >/dev/null
cat >sweep.yaml <<'YAML'
name: versions
method: anomalyvfm
data:
  layout: mvtec_ad2
  root: ad2
  image_size: 42
  classes: [fruit_jelly, fabric, can, sheet_metal, vial, wallplugs, walnuts]
sequence: {order: [fruit_jelly, fabric, can, sheet_metal, vial, wallplugs, walnuts]}
validation: {use_split: true}
synthetic: {texture_side: [4, 12], circle_radius: [2, 7], rectangle_side: [4, 12], line_thickness: [1, 3],
            polygon_radius: [2, 7], contextual_side: [8, 16]}
seeds: 0..4
compare: {baseline: v1.1}
space:
  - cases:
      - {name: v1.1}
      - name: v1.2
        model.version: 1.2
        per_class:
          fruit_jelly, walnuts:
            train: {num_epochs: 12, lr: 8e-5}
            model: {lora_rank: 32, lora_alpha: 64}
            synthetic: {texture: 40, structural: 25, contextual: 25, noise: 35}
          fabric, vial:
            train: {num_epochs: 6, lr: 1.5e-4}
            model: {lora_rank: 8, lora_alpha: 16}
            synthetic: {texture: 20, structural: 35, contextual: 35, noise: 20}
      - name: v1.3
        model.version: 1.3
        data: {scales: [14, 28, 42], load_size: 42}
        synthetic:
          resolutions: [14, 28, 42]
          texture_side: [1, 3, 2, 6, 4, 12]
          contextual_side: [1, 3, 2, 6, 4, 12]
          shape_base: 42
      - name: v1.4
        model.version: 1.4
        per_class:
          fruit_jelly, walnuts: {synthetic: {texture: 45, structural: 27, contextual: 18}}
          fabric, vial: {synthetic: {texture: 18, structural: 45, contextual: 27}}
YAML

for backbone in ${BACKBONES:-dinov2_vits14}; do
    "$bin/tests/random_weights" "$backbone" "$backbone.safetensors" 1 >/dev/null
    arguments=(sweep.yaml "backbone.name=$backbone" "backbone.weights=$backbone.safetensors")
    "$bin/harrow" plan "${arguments[@]}" | grep ' trainings'
    for run in extraction-and-training training-again; do
        "$bin/harrow" run "${arguments[@]}" --dir "$backbone-$run" --cache cache --slots 2 --threads 1 \
            2>run.log >out.log || { cat run.log out.log; exit 1; }
        echo "$backbone, $run: $(grep ' failed, ' out.log run.log -h | tail -n 1)"
        grep -h 'time of all slots' out.log run.log | tail -n 1
    done
    cmp "$backbone-extraction-and-training/results.csv" "$backbone-training-again/results.csv"
    python3 - "$backbone-training-again" <<'PYTHON'
import json, sys
sweep = [json.loads(line) for line in open(sys.argv[1] + "/journal.jsonl")]
seconds = {}
for record in sweep:
    if record["type"] == "trained":
        cost = record["data"]["cost"]
        seconds.setdefault(sum(cost["parameters"]), []).append(cost["train_seconds"])
for count, values in sorted(seconds.items()):
    print(f"  {count:>10} weights trained over 7 categories: {sum(values) / len(values):6.2f} s a training")
PYTHON
done
