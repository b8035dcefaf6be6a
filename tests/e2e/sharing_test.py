"""Equal training keys train once; a scoring axis costs no training, now or later."""
import json
import os
import unittest

from harness import Case, main, records, rows, table

TOP_K = "space: [{{grid: {{score.top_k: [{}]}}}}]"


class SharingTest(Case):
    def plan(self, *arguments):
        return json.loads(self.harrow("plan", *arguments, "--json").stdout)

    def test_a_scoring_axis_trains_once_per_seed(self):
        sweep = self.sweep_file(TOP_K.format("1, 3, 5"))
        plan = self.plan(sweep)
        self.assertEqual((plan["trials"], plan["trainings"], plan["extractions"]), (6, 2, 4))
        self.assertEqual(plan["cached"], 0)
        self.assertGreater(plan["cache_bytes"], 0)
        run = self.dir / "run"
        self.harrow("run", sweep, "--dir", run)
        self.assertEqual(len(records(run, "trained")), 2)
        self.assertEqual(len({row["trial"] for row in table(run)}), 6)
        self.assertEqual(self.plan(sweep)["cached"], 4)

    def test_extending_a_scoring_axis_trains_nothing_and_renames_nothing(self):
        run = self.dir / "run"
        three = self.sweep_file(TOP_K.format("1, 3, 5"))
        self.harrow("run", three, "--dir", run)
        before = rows(run)
        four = self.sweep_file(TOP_K.format("1, 3, 5, 7"))
        refused = self.harrow("run", four, "--dir", run, code=2)
        self.assertIn("--extend", refused.stderr)
        self.assertEqual(rows(run), before)
        self.harrow("run", four, "--dir", run, "--extend")
        self.assertEqual(len(records(run, "trained")), 2)
        after = rows(run)
        self.assertLess(set(before), set(after))
        self.assertEqual(len({row["trial"] for row in table(run)}), 8)

    def test_extended_rows_equal_those_of_a_sweep_run_at_once(self):
        grown, whole = self.dir / "grown", self.dir / "whole"
        self.harrow("run", self.sweep_file(TOP_K.format("1")), "--dir", grown)
        four = self.sweep_file(TOP_K.format("1, 7"))
        self.harrow("run", four, "--dir", grown, "--extend")
        self.harrow("run", four, "--dir", whole)
        values = lambda run: sorted((r["trial"], r["metric"], r["class"], r["after_task"], r["routing"], r["value"])
                                    for r in table(run))
        self.assertEqual(values(grown), values(whole))

    def test_a_changed_value_is_named_and_refused(self):
        run = self.dir / "run"
        sweep = self.sweep_file()
        self.harrow("run", sweep, "--dir", run)
        before = rows(run)
        for flags in ([], ["--extend"]):
            refused = self.harrow("run", sweep, "train.num_epochs=2", "--dir", run, *flags, code=2)
            self.assertIn("train.num_epochs 1 -> 2", refused.stderr)
        images = sorted(self.data(classes=2).glob("*/train/good/*.png"))
        os.replace(images[0], images[1])
        self.assertIn("changed since this run", self.harrow("run", "--dir", run, code=2).stderr)
        self.assertEqual(rows(run), before)

    def test_moved_data_is_the_same_data(self):
        run = self.dir / "run"
        root = self.data(classes=2)
        sweep = self.sweep_file(seeds="[0]")
        self.harrow("run", sweep, "--dir", run)
        moved = self.dir / "moved"
        root.rename(moved)
        self.harrow("run", "--dir", run, code=2)
        done = self.harrow("run", "--dir", run, "data.root=moved")
        self.assertIn("nothing to do", done.stdout)
        self.harrow("run", "--dir", run)
        self.harrow("show", run, "base", "--worst", 1, "--out", self.dir / "strip.png")

    def test_a_changed_objective_counts_at_once(self):
        run = self.dir / "run"
        self.harrow("run", self.sweep_file(TOP_K.format("1, 3")), "--dir", run)
        self.harrow("run", self.sweep_file(TOP_K.format("1, 3"), extra="objective: {metric: pixel_ap}"), "--dir", run)
        self.assertEqual(json.loads(self.harrow("best", run, "--json").stdout)["metric"], "pixel_ap")

    def test_one_changed_image_extracts_one_class_split_again(self):
        sweep = self.sweep_file()
        self.harrow("run", sweep, "--dir", self.dir / "run")
        self.assertEqual(self.plan(sweep)["cached"], 4)
        root = self.data(classes=2)
        images = sorted(root.glob("*/train/good/*.png"))
        os.replace(images[0], images[1])
        plan = self.plan(sweep)
        self.assertEqual((plan["extractions"], plan["cached"]), (4, 3))
        self.harrow("run", sweep, "--dir", self.dir / "other")
        extracted = records(self.dir / "other", "extracted")
        self.assertEqual([record["images"] for record in extracted], [len(list(images[1].parent.glob("*.png")))])

    def test_other_training_parameters_extract_nothing_and_another_image_size_anew(self):
        sweep = self.sweep_file(seeds="[0]")
        self.harrow("run", sweep, "--dir", self.dir / "run")
        self.assertEqual(len(records(self.dir / "run", "extracted")), 4)
        for name, changes, extractions in (("training", ["train.lr=1e-3", "model.dia_n_blocks=0", "seeds=3"], 0),
                                           ("image-size", ["data.image_size=32"], 4),
                                           ("both", ["data.image_size=64,32"], 0)):
            run = self.dir / name
            self.harrow("run", sweep, *changes, "--dir", run)
            self.assertEqual(len(records(run, "extracted")), extractions, name)
            self.assertGreater(len(records(run, "trained")), 0)


if __name__ == "__main__":
    main()
