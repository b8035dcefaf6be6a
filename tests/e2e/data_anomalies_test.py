"""`harrow data synth-anomalies`: some of the anomalies that a sweep trains with, to look at."""
import csv
import struct
import unittest

from harness import Case, main
from weights_test import write

SWEEP = """name: anomalies
method: moleflow
data: {{layout: mvtec_ad2, root: {root}, image_size: 64, resize: square}}
seeds: [3, 4]
space:
  - cases: [{{name: other}}]
  - cases:
      - {{name: baseline, model.use_lora: false}}
      - {{name: v1.1}}
      - {{name: wrapped, synthetic.train_pixels: wrapped_compat}}
    set:
      method: anomalyvfm
      backbone: {{name: vit_base_patch16_224, weights: {weights}, feature: cls}}
      synthetic: {{texture_side: [5, 20], circle_radius: [4, 9], rectangle_side: [5, 20], contextual_side: [5, 20]}}
  - cases: [{{name: v1.3}}]
    set:
      method: anomalyvfm
      backbone: {{name: vit_base_patch16_224, weights: {weights}, feature: cls}}
      model: {{version: 1.3}}
      data.scales: [32, 64]
      train.batch_size: 4
      synthetic: {{resolutions: [32, 64], texture: [3, 1], structural: [0, 2], contextual: [1], texture_side: [5, 20],
                  noise: [25, 25, 30, 30], contextual_side: [5, 20]}}
"""


def png_size(path):
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n", path
    return struct.unpack(">II", head[16:24])


class DataAnomaliesTest(Case):
    def setUp(self):
        super().setUp()
        self.root = self.dir / "ad2"
        self.harrow("data", "synth", self.root, "--classes", 2, "--size", 48, "--layout", "mvtec_ad2")
        weights = {"patch_embed.proj.weight": ("F16", [768, 3, 16, 16]), "pos_embed": ("F16", [1, 197, 768]),
                   **{f"blocks.{i}.norm1.weight": ("F16", [768]) for i in range(12)}}
        self.sweep = self.dir / "sweep.yaml"
        self.sweep.write_text(SWEEP.format(root=self.root, weights=write(self.dir / "vit.safetensors", weights)))

    def draw(self, out, *more, code=0):
        return self.harrow("data", "synth-anomalies", self.sweep, "--out", self.dir / out, *more, code=code)

    def contents(self, out):
        return {path.name: path.read_bytes() for path in (self.dir / out).iterdir()}

    def table(self, out):
        with open(self.dir / out / "samples.csv", newline="") as file:
            return list(csv.DictReader(file))

    def test_each_stage_is_written_with_masks_a_sheet_and_a_table(self):
        said = self.draw("out", "--count", 3, "--class", "fruit_jelly").stdout
        self.assertIn("9 anomalies of class fruit_jelly of cell 'v1.1', seed 3, made of 30 normal images", said)
        samples = self.table("out")
        self.assertEqual([s["stage"] for s in samples], 3 * ["texture"] + 3 * ["structural"] + 3 * ["contextual"])
        self.assertEqual([int(s["index"]) for s in samples], [0, 1, 2, 30, 31, 32, 60, 61, 62])
        files = {"sheet.png", "samples.csv"}
        for sample in samples:
            mask = sample["file"].replace(".png", "_mask.png")
            files |= {sample["file"], mask}
            for name in (sample["file"], mask):
                self.assertEqual(png_size(self.dir / "out" / name), (64, 64))
            self.assertTrue((self.root / sample["base"]).is_file(), sample)
            self.assertEqual(sample["source"] != "", sample["stage"] == "contextual")
            self.assertIn(sample["kind"], ("gaussian", "circle", "rectangle", "line", "patch"))
            self.assertEqual((sample["resolution"], sample["seed"]), ("64", "3"))
        self.assertEqual(set(self.contents("out")), files)

    def test_equal_seeds_give_equal_files_and_other_settings_others(self):
        self.draw("a", "--count", 2)
        self.draw("b/", "--count", 2, "--seed", 3)
        self.assertEqual(self.contents("a"), self.contents("b"))
        for out, more in (("c", ["--seed", 4]), ("d", ["--cell", "wrapped"]), ("e", ["--class", "fruit_jelly"])):
            self.draw(out, "--count", 2, *more)
            self.assertNotEqual(self.contents("a")["texture-000-64.png"], self.contents(out)["texture-000-64.png"], out)

    def test_no_weights_file_is_read(self):
        (self.dir / "vit.safetensors").unlink()
        self.draw("out", "--count", 1)
        self.assertIn("vit.safetensors' does not exist", self.harrow("plan", self.sweep, code=2).stderr)

    def test_resolutions_have_samples_of_their_own(self):
        self.draw("out", "--cell", "v1.3")
        self.assertEqual([(s["stage"], s["resolution"]) for s in self.table("out")],
                         [("texture", "32")] * 3 + [("contextual", "32")] + [("texture", "64")]
                         + [("structural", "64")] * 2 + [("contextual", "64")])

    def test_what_cannot_be_done_is_refused_and_nothing_is_written(self):
        (self.dir / "full").mkdir()
        (self.dir / "full" / "mine").write_text("")
        for words, out, more in (("is not empty", "full", []),
                                 ("no cell 'v1.2'", "out", ["--cell", "v1.2"]),
                                 ("trains without anomalies", "out", ["--cell", "baseline"]),
                                 ("trains without anomalies", "out", ["--cell", "other"]),
                                 ("no class 'can'", "out", ["--class", "can"]),
                                 ("synthetic.seed is 7", "out", ["synthetic.seed=7", "--seed", 1]),
                                 ("no anomaly is made", "out", ["synthetic.texture=[0]", "synthetic.structural=[0]",
                                                       "synthetic.contextual=[0]"])):
            self.assertIn(words, self.draw(out, *more, code=2).stderr)
        image = self.root / "fabric" / "fabric" / "train" / "good" / "003.png"
        image.write_bytes(image.read_bytes()[:-40])
        self.assertIn("003.png", self.draw("out", "--count", 100, code=2).stderr)
        self.assertEqual({path.name for path in self.dir.iterdir()} - {"cache"},
                         {"ad2", "full", "sweep.yaml", "vit.safetensors"})
        self.assertEqual(set(self.contents("full")), {"mine"})


if __name__ == "__main__":
    main()
