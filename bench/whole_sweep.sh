#!/bin/bash
# A whole sweep, timed: 4 classes of 32 training and 24 test images at 128 px, resnet18, D = 64,
# 4 coupling + 2 DIA blocks, 3 cells x 5 seeds, one slot, one thread; extraction and scoring included.
# Prints the run's own summary (where the time went) and the processor time.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$PWD/build/release
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# A class has 30 training images; two come from a second drawing.
"$bin/harrow" data synth first --classes 4 --size 128 --seed 1 >/dev/null
"$bin/harrow" data synth second --classes 4 --size 128 --seed 2 >/dev/null
python3 - <<'PYTHON'
import pathlib
rows = ["path,class,split,label,mask"]
for folder in sorted(p for p in pathlib.Path("first").iterdir() if p.is_dir()):
    name = folder.name
    train = sorted(folder.glob("train/good/*.png"))
    train += sorted(pathlib.Path("second", name).glob("train/good/*.png"))[: 32 - len(train)]
    rows += [f"{path},{name},train,good," for path in train]
    good = sorted(folder.glob("test/good/*.png"))
    bad = sorted(p for p in folder.glob("test/*/*.png") if p.parent.name != "good")[: 24 - len(good)]
    rows += [f"{path},{name},test,good," for path in good]
    rows += [f"{p},{name},test,{p.parent.name},{folder}/ground_truth/{p.parent.name}/{p.stem}_mask.png" for p in bad]
pathlib.Path("dataset.csv").write_text("\n".join(rows) + "\n")
PYTHON
"$bin/tests/random_weights" resnet18 resnet18.safetensors 1 >/dev/null

cat >sweep.yaml <<'YAML'
name: whole-sweep
method: moleflow
data: {layout: csv, root: dataset.csv, classes: all, image_size: 128}
backbone: {name: resnet18, weights: resnet18.safetensors, embed_dim: 64}
model: {num_coupling_layers: 4, dia_n_blocks: 2, lora_rank: 8}
train: {num_epochs: 12, batch_size: 8}
seeds: [0, 1, 2, 3, 4]
space:
  - cases:
      - {name: main}
      - {name: wo_dia, model.dia_n_blocks: 0}
      - {name: tail_0.3, train.tail_weight: 0.3}
YAML
"$bin/harrow" plan sweep.yaml | tail -n 4
time "$bin/harrow" run sweep.yaml --dir run --cache cache --slots 1 --threads 1 2>run.log || { cat run.log; exit 1; }
grep 'img/s\|images,' run.log | head -n 3 || true
