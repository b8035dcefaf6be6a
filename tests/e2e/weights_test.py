"""`harrow weights inspect` on files as publishers make them."""
import hashlib
import json
import os
import struct

from harness import BUILD, Case, main, records, table

FLOAT_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "I64": 8}


def write(path, tensors, metadata=None):
    """A safetensors file of zeros: {name: (dtype, shape)}."""
    header, end = {}, 0
    if metadata:
        header["__metadata__"] = metadata
    for name, (dtype, shape) in tensors.items():
        count = 1
        for size in shape:
            count *= size
        begin, end = end, end + count * FLOAT_BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    return path


def resnet18():
    tensors = {"conv1.weight": ("F32", [64, 3, 7, 7]), "bn1.running_mean": ("F32", [64]),
               "bn1.num_batches_tracked": ("I64", []), "fc.weight": ("F16", [10, 4]), "fc.bias": ("F16", [10])}
    for layer in range(1, 5):
        for block in range(2):
            tensors[f"layer{layer}.{block}.conv1.weight"] = ("F32", [64, 1, 1, 1])
            tensors[f"layer{layer}.{block}.conv2.weight"] = ("F32", [64, 64, 1, 1])
            tensors[f"layer{layer}.{block}.bn1.num_batches_tracked"] = ("I64", [])
    return tensors


class WeightsTest(Case):
    def test_a_file_is_described(self):
        path = write(self.dir / "model.safetensors", resnet18(), {"format": "pt"})
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        text = self.harrow("weights", "inspect", "model.safetensors").stdout
        for part in (str(path), f"{path.stat().st_size} bytes", digest, "resnet18 (ResNet, torchvision and timm names",
                     "unknown: no public file with this SHA-256", "timm/resnet18.a1_in1k", "the bare timm name",
                     "29", "18 F32", "2 F16", "9 I64", "fc.bias, fc.weight, 9 × num_batches_tracked"):
            self.assertIn(part, text)
        self.assertNotIn("layer3.1.conv2.weight", text)
        table = self.harrow("weights", "inspect", path, "--tensors").stdout
        self.assertIn("layer3.1.conv2.weight", table)
        self.assertIn("[64, 64, 1, 1]", table)

        found = json.loads(self.harrow("weights", "inspect", path, "--json").stdout)
        self.assertEqual((found["path"], found["bytes"], found["sha256"]),
                         (str(path), path.stat().st_size, digest))
        self.assertIsNone(found["public"])
        self.assertEqual(found["architecture"]["backbone"], "resnet18")
        self.assertEqual(found["architecture"]["family"], "ResNet")
        self.assertEqual([entry["tag"] for entry in found["published"]],
                         ["timm/resnet18.a1_in1k", "timm/resnet18.tv_in1k"])
        self.assertEqual((found["tensors"], found["dtypes"]), (29, {"F16": 2, "F32": 18, "I64": 9}))
        self.assertEqual(found["parameters"], 64 * 3 * 49 + 8 * (64 + 64 * 64) + 50)
        self.assertEqual(len(found["unused"]), 11)
        self.assertEqual(found["metadata"], {"format": "pt"})
        self.assertNotIn("table", found)
        table = json.loads(self.harrow("weights", "inspect", path, "--json", "--tensors").stdout)["table"]
        self.assertEqual(table[0], {"name": "bn1.num_batches_tracked", "dtype": "I64", "shape": [], "bytes": 8})

    def test_an_unknown_network_is_described_too(self):
        path = write(self.dir / "other.safetensors", {"a\x1b[2Jb": ("F32", [2])})
        text = self.harrow("weights", "inspect", path, "--tensors").stdout
        self.assertIn("no architecture that Harrow knows", text)
        self.assertNotIn("\x1b", text)
        self.assertIsNone(json.loads(self.harrow("weights", "inspect", path, "--json").stdout)["architecture"])

    def test_a_path_may_be_any_bytes(self):
        path = write(self.dir / os.fsdecode(b"w\xff.safetensors"), resnet18())
        found = json.loads(self.harrow("weights", "inspect", path, "--json").stdout)
        self.assertTrue(found["path"].endswith("/w\ufffd.safetensors"))

    def test_bad_files_are_refused(self):
        def refused(path, *says):
            done = self.harrow("weights", "inspect", path, code=2)
            self.assertEqual(done.stdout, "")
            for words in says:
                self.assertIn(words, done.stderr)

        refused("none.safetensors", "none.safetensors", "does not exist")
        refused(self.dir, "is a folder")
        (self.dir / "a.pth").write_bytes(b"PK\x03\x04 pretend")
        refused("a.pth", "PyTorch checkpoint", "torch.load")
        path = write(self.dir / "cut.safetensors", resnet18())
        os.truncate(path, path.stat().st_size - 1)
        refused(path, "cut short", "download it again")
        self.harrow("weights", code=2)
        self.harrow("weights", "inspect", code=2)

    def test_a_backbone_without_weights_needs_none(self):
        run = self.dir / "run"
        self.harrow("run", self.sweep_file(seeds="[0]"), "--dir", run)
        self.assertEqual(json.loads((run / "manifest.json").read_text())["weights"], [])
        cells = json.loads((run / "journal.jsonl").read_text().splitlines()[0])["data"]["cells"]
        self.assertNotIn("weights", cells[0])

    def test_features_belong_to_weights_layers_and_image_size(self):
        """Whatever changes features extracts anew; whatever does not finds them."""
        for name, seed in (("a", 1), ("b", 2)):
            self.command([BUILD / "tests" / "random_weights", "resnet18", f"{name}.safetensors", seed])
        backbone = "backbone: {name: resnet18, weights: a.safetensors, embed_dim: 16}"
        sweep = self.sweep_file(seeds="[0]", extra=backbone)
        self.harrow("run", sweep, "--dir", "run")
        self.assertEqual(len(records(self.dir / "run", "extracted")), 4)
        self.assertTrue(table(self.dir / "run"))

        def cached(*overrides):
            plan = json.loads(self.harrow("plan", sweep, *overrides, "--json").stdout)
            self.assertEqual(plan["extractions"], 4)
            return plan["cached"]

        (self.dir / "moved.safetensors").write_bytes((self.dir / "a.safetensors").read_bytes())
        for same in ("seeds=3", "train.num_epochs=2", "backbone.weights=moved.safetensors"):
            self.assertEqual(cached(same), 4, same)
        for other in ("backbone.weights=b.safetensors", "backbone.layers=[layer1,layer2]", "data.image_size=96",
                      "backbone.embed_dim=32", "backbone.feature_dtype=float32"):
            self.assertEqual(cached(other), 0, other)
        self.harrow("run", sweep, "train.num_epochs=2", "--dir", "second")
        self.assertEqual(records(self.dir / "second", "extracted"), [])


if __name__ == "__main__":
    main()
