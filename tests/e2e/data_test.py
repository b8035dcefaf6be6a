"""Layouts, resizing and `harrow data check`, through the programs."""
import json
import shutil
import unittest

from harness import Case, main, table

AD2_CLASSES = ["fabric", "fruit_jelly"]  # as mvtec_ad2 calls the first two
COUNTS = {"cells": 1, "trials": 1, "trainings": 1, "extractions": 4}


class DataTest(Case):
    def synth(self, layout):
        root = self.dir / layout
        self.harrow("data", "synth", root, "--classes", 2, "--size", 48, "--seed", 5, "--layout", layout)
        return root

    def sweep(self, layout, root):
        return [self.sweep_file(root=root, seeds="[0]", name=layout), f"data.layout={layout}"]

    def plan(self, *arguments):
        plan = json.loads(self.harrow("plan", *arguments, "--json").stdout)
        return {"cells": len(plan["cells"]), **{key: plan[key] for key in ("trials", "trainings", "extractions")}}, plan

    def check(self, root, layout, code):
        found = json.loads(self.harrow("data", "check", root, "--layout", layout, "--json", code=code).stdout)
        return found, {finding["kind"]: finding for finding in found["findings"]}

    def values(self, run):
        return [(row["class"], row["after_task"], row["routing"], row["metric"], row["value"]) for row in table(run)]

    def test_a_plan_counts_the_same_in_every_layout(self):
        for layout in ("mvtec", "mpdd", "mvtec_ad2", "visa", "csv"):
            root = self.synth(layout)
            counts, plan = self.plan(*self.sweep(layout, root))
            self.assertEqual(counts, COUNTS, layout)
            classes = AD2_CLASSES if layout == "mvtec_ad2" else ["capsule", "weave"]
            self.assertEqual(plan["cells"][0]["tasks"], [[name] for name in classes], layout)
            self.harrow("data", "check", root, "--layout", layout)
        self.assertEqual(self.plan(*self.sweep("visa", self.dir / "visa" / "split_csv"))[0], COUNTS)
        self.assertEqual(self.plan(*self.sweep("csv", self.dir / "csv" / "dataset.csv"))[0], COUNTS)

    def test_a_csv_list_gives_the_rows_of_the_folders_it_lists(self):
        root = self.synth("csv")  # its images lie as in layout mvtec
        for layout in ("csv", "mvtec"):
            self.harrow("run", *self.sweep(layout, root), "--dir", self.dir / f"run-{layout}", "--slots", 2)
        self.assertEqual(self.values(self.dir / "run-csv"), self.values(self.dir / "run-mvtec"))

    def test_a_square_run_on_visa_and_its_pictures(self):
        sweep, run = self.sweep("visa", self.synth("visa")), self.dir / "run"
        keys = [self.plan(*sweep, *more)[1]["cells"][0]["id"]
                for more in ([], ["data.resize=shorter_side"], ["data.resize=square"])]
        self.assertEqual(keys[0], keys[1])
        self.assertNotEqual(keys[0], keys[2])
        self.harrow("run", *sweep, "data.resize=square", "--dir", run, "--slots", 2)
        shown = self.harrow("show", run, "base", "--worst", 2, "--out", self.dir / "strip.png").stdout
        self.assertIn("Data/Images/", shown)

    def test_features_outlive_a_change_of_folders(self):
        root = self.synth("mvtec_ad2")
        sweep = self.sweep("mvtec_ad2", root)
        self.harrow("run", *sweep, "--dir", self.dir / "doubled")
        for name in AD2_CLASSES:
            (root / name / name).rename(root / "inner")
            (root / name).rmdir()
            (root / "inner").rename(root / name)
        self.assertEqual(self.plan(*sweep)[1]["cached"], 4)
        self.harrow("run", *sweep, "--dir", self.dir / "plain")
        self.assertEqual(self.values(self.dir / "doubled"), self.values(self.dir / "plain"))

    def test_check_names_everything_that_was_planted(self):
        root = self.synth("visa")
        images = root / "capsule" / "Data" / "Images"
        cut = images / "Normal" / "004.png"
        cut.write_bytes(cut.read_bytes()[:-30])
        mask = root / "weave" / "Data" / "Masks" / "Anomaly" / "002.png"
        other = self.dir / "other"
        self.harrow("data", "synth", other, "--classes", 2, "--size", 64, "--layout", "visa")
        mask.write_bytes((other / mask.relative_to(root)).read_bytes())
        shutil.copyfile(images / "Normal" / "000.png", images / "Normal" / "035.png")

        report, kinds = self.check(root, "visa", code=2)
        self.assertEqual(report["problems"], 3)
        self.assertEqual(kinds["unreadable"]["paths"], ["capsule/Data/Images/Normal/004.png"])
        self.assertEqual(kinds["mask_size"]["paths"][0], "weave/Data/Masks/Anomaly/002.png")
        self.assertEqual(kinds["train_test_duplicate"]["paths"],
                         [f"capsule/Data/Images/Normal/{name}.png" for name in ("000", "035")])
        self.assertEqual([(c["name"], c["train"], c["test"], c["masks"]) for c in report["classes"]],
                         [("capsule", 30, 30, 18), ("weave", 30, 30, 18)])
        text = self.harrow("data", "check", root, "--layout", "visa", code=2).stdout
        for words in (cut, mask, "train and test hold the same picture", "3 problems"):
            self.assertIn(str(words), text)

    def test_warnings_alone_are_fine_and_mpdd_says_missing_masks_once(self):
        root = self.synth("mpdd")
        shutil.rmtree(root / "capsule" / "ground_truth")
        report, kinds = self.check(root, "mpdd", code=0)
        self.assertEqual((report["problems"], report["warnings"]), (0, 1))
        self.assertIn("capsule: 18", kinds["zero_mask"]["message"])
        self.check(root, "mvtec", code=2)

    def test_validation_images_are_counted_and_missed(self):
        root = self.synth("mvtec_ad2")
        report, _ = self.check(root, "mvtec_ad2", code=0)
        self.assertEqual([(c["name"], c["train"], c["test"], c["validation"]) for c in report["classes"]],
                         [(name, 30, 30, 6) for name in AD2_CLASSES])
        shutil.rmtree(root / "fabric" / "fabric" / "validation")
        text = self.harrow("data", "check", root, "--layout", "mvtec_ad2").stdout
        self.assertIn("class fabric has no images in validation/good", text)
        self.assertIn("1 warning", text)

    def test_mistakes_in_a_csv_reach_the_plan_with_their_lines(self):
        root = self.synth("csv")
        csv = root / "dataset.csv"
        csv.write_text(csv.read_text() + "lost.png,weave,test,good,\nweave/test/good/000.png,weave,dev,good,\n")
        lines = len(csv.read_text().splitlines())
        done = self.harrow("plan", *self.sweep("csv", root), code=2)
        self.assertIn(f"dataset.csv:{lines - 1}: 'lost.png'", done.stderr)
        self.assertIn(f"dataset.csv:{lines}: unknown split 'dev'", done.stderr)


if __name__ == "__main__":
    main()
