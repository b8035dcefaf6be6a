"""AnomalyVFM: the four versions and the baseline over the categories of MVTec AD 2, five seeds each; maps,
thresholds, and the reference's peculiarities beside the defaults."""
import math

from harness import BUILD, Case, main, records, rows, table

CATEGORIES = ["fruit_jelly", "fabric", "can", "sheet_metal", "vial", "wallplugs", "walnuts"]
VERSIONS = ["baseline", "v1.1", "v1.2", "v1.3", "v1.4"]

# Shapes of the examples under sweeps/examples/anomalyvfm, scaled to pictures of 42 pixels.
SWEEP = """name: versions
method: anomalyvfm
data:
  {{layout: mvtec_ad2, root: {root}, image_size: 42, classes: [{classes}]}}
sequence: {{order: [{classes}]}}
backbone: {{name: dinov2_vits14, weights: {weights}}}
train: {{num_epochs: 4, lr: 1e-3}}
model: {{lora_rank: 4, lora_alpha: 8}}
synthetic:
  texture: 4
  structural: 4
  contextual: 4
  texture_side: [6, 16]
  circle_radius: [3, 9]
  rectangle_side: [6, 16]
  line_thickness: [1, 4]
  polygon_radius: [4, 12]
  contextual_side: [10, 24]
validation: {{use_split: true}}
score: {{map_size: 42, aupro_limit: 0.05}}
seeds: {seeds}
{space}
"""

FOUR_VERSIONS = """
space:
  - cases:
      - {name: baseline, model.use_lora: false}
      - {name: v1.1}
      - name: v1.2
        model.version: 1.2
        per_class:
          fruit_jelly, walnuts: &texture {model.lora_rank: 8, model.lora_alpha: 16, train.num_epochs: 5,
                                          synthetic.texture: 6, synthetic.noise: [35, 35]}
          fabric, vial: {model.lora_rank: 2, model.lora_alpha: 4, train.num_epochs: 3, synthetic.texture: 2}
      - name: v1.3
        model.version: 1.3
        data.scales: [14, 28, 42]
        data.load_size: 42
        train.batch_size: 6
        synthetic.resolutions: [14, 28, 42]
        synthetic.texture: 2
        synthetic.structural: 2
        synthetic.contextual: 2
        synthetic.texture_side: [2, 5, 4, 10, 6, 16]
        synthetic.contextual_side: [2, 5, 4, 10, 6, 16]
      - {name: v1.4, model.version: 1.4}
compare: {baseline: v1.1}
"""

COMPAT = """
space:
  - cases:
      - name: maps
        model.maps: patches
        router.distance: mahalanobis
        sequence.scenario: "2-1"
        validation.holdout: 0.1
        validation.synthetic: cutpaste
        score.aucpro_compat: true
    grid: {score.aupro_limit: [0.3, 0.05]}
  - cases:
      - {name: crops, model.maps: crops, data.crop_size: 21, validation.use_split: false}
      - name: reference
        model: {version: 1.4, batch_mix_compat: true, attention_range: test_compat, carry_over_compat: true,
                extraction_dropout_compat: true}
        backbone.feature: token0_nocls_nopos
        synthetic.train_pixels: wrapped_compat
        train.sampling: blocks_compat
"""


class AnomalyVfmTest(Case):
    def setUp(self):
        super().setUp()
        self.root = self.dir / "ad2"
        self.harrow("data", "synth", self.root, "--layout", "mvtec_ad2", "--classes", 7, "--size", 64, "--seed", 3)
        self.weights = self.dir / "dinov2.safetensors"
        self.command([BUILD / "tests" / "random_weights", "dinov2_vits14", self.weights, 1])

    def sweep(self, space="", seeds="[0]", classes=CATEGORIES, name="versions"):
        path = self.dir / f"{name}.yaml"
        path.write_text(SWEEP.format(root=self.root, weights=self.weights, classes=", ".join(classes),
                                     seeds=seeds, space=space))
        return path

    @staticmethod
    def values(run, metric, routing="oracle"):
        """{(cell, category): {seed: value}} after the last task."""
        last = {}
        for row in table(run):
            last[row["cell_name"]] = max(last.get(row["cell_name"], 0), int(row["after_task"]))
        found = {}
        for row in table(run):
            if (row["metric"], row["routing"], int(row["after_task"])) == (metric, routing, last[row["cell_name"]]):
                found.setdefault((row["cell_name"], row["class"]), {})[int(row["seed"])] = float(row["value"])
        return found

    def test_four_versions_seven_categories_five_seeds(self):
        sweep = self.sweep(FOUR_VERSIONS, seeds="0..4")
        self.harrow("run", sweep, "--dir", "run", "--slots", 2)
        auroc = self.values(self.dir / "run", "image_auroc")
        self.assertEqual(set(auroc), {(v, c) for v in VERSIONS for c in CATEGORIES + ["mean"]})
        for (version, category), by_seed in auroc.items():
            self.assertEqual(len(by_seed), 5, (version, category))
            if version == "baseline":
                self.assertEqual(len(set(by_seed.values())), 1, "nothing is random without adapters")
        for version in VERSIONS[1:]:
            self.assertTrue(any(len(set(auroc[version, c].values())) > 1 for c in CATEGORIES),
                            f"the seeds of {version} differ")
            for seed in range(5):
                mean = math.fsum(auroc[version, c][seed] for c in CATEGORIES) / 7
                self.assertAlmostEqual(auroc[version, "mean"][seed], mean, places=12)
        self.assertFalse([m for m in {r["metric"] for r in table(self.dir / "run")} if m.startswith("pixel_") or m == "aupro"],
                         "image scores alone make no pixel metric")
        self.assertIn(("v1.1", "can"), self.values(self.dir / "run", "classf1_local"))

        # Everything is cached now: the same rows again, and no picture goes through the backbone.
        again = self.harrow("run", sweep, "--dir", "again", "--slots", 1)
        self.assertEqual(rows(self.dir / "again"), rows(self.dir / "run"))
        self.assertEqual(sum(r.get("images_extracted", 0) for r in records(self.dir / "again", "extracted")), 0)

        report = self.harrow("report", "run").stdout
        section = report[report.index("## Classes against v1.1"):]
        section = section[:section.index("\n## ")]
        for category in CATEGORIES + ["mean"]:
            line = next(line for line in section.splitlines() if line.startswith(f"| {category} "))
            self.assertRegex(line, r"[+-]?0\.\d{4}\s?(≈|\*)", "a difference and what noise says of it")
        self.assertRegex(section, r"of 28 differences|of \d+ differences")
        self.assertIn("≈ not separable from noise", section)

    def test_maps_thresholds_and_the_reference(self):
        sweep = self.sweep(COMPAT, classes=["fruit_jelly", "can", "vial"], name="compat")
        self.harrow("run", sweep, "--dir", "run", "--slots", 2)
        run = self.dir / "run"
        metrics = {}
        for row in table(run):
            metrics.setdefault(row["cell_name"], set()).add(row["metric"])
        for cell in ("maps,aupro_limit=0.3", "maps"):
            for metric in ("aupro", "pixel_ap", "segf1_local", "classf1_local", "aucpro_compat", "routing_acc",
                           "val_normal.mean_score", "val_synth.image_auroc"):
                self.assertIn(metric, metrics[cell])
        self.assertEqual(len(records(run, "trained")), 3, "two limits are one training")
        limits = [self.values(run, "aupro")[cell, "can"][0] for cell in ("maps,aupro_limit=0.3", "maps")]
        self.assertNotEqual(*limits)
        self.assertIn("aupro", metrics["crops"])
        self.assertNotIn("segf1_local", metrics["crops"], "no validation split was asked for")
        self.assertEqual({m for m in metrics["reference"] if not m.startswith("image_")}, {"classf1_local"} | {
            m for m in metrics["reference"] if m.startswith("classf1_local.")})


if __name__ == "__main__":
    main()
