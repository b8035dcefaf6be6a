"""What each verb prints, on a finished run."""
import csv
import io
import json
import shutil
import unittest

from harness import BUILD, SOURCE, Case, main, records, table

SPACE = "space: [{cases: [{name: main}, {name: wo_dia, model.dia_n_blocks: 0}]}]"


class VerbsTest(Case):
    def finished(self):
        run = self.dir / "run"
        self.harrow("run", self.sweep_file(SPACE), "--dir", run, "--slots", 2)
        return run

    def test_reports_agree_with_the_rows(self):
        run = self.finished()
        report = json.loads(self.harrow("report", run, "--format", "json").stdout)
        self.assertEqual([cell["name"] for cell in report["cells"]], ["main", "wo_dia"])
        for cell in report["cells"]:
            self.assertEqual((cell["n"], cell["missing"]), (2, []))
            measured = {row["seed"]: float(row["value"]) for row in table(run)
                        if (row["cell"], row["class"], row["routing"], row["metric"], row["after_task"])
                        == (cell["id"], "mean", "routed", "image_auroc", "1")}
            metric = cell["metrics"]["image_auroc"]
            self.assertEqual({seed: value for seed, value in metric["values"].items()}, measured)
            values = list(measured.values())
            mean = sum(values) / 2
            self.assertAlmostEqual(metric["mean"], mean, places=12)
            self.assertAlmostEqual(metric["std"], (2 * (values[0] - mean) ** 2) ** 0.5, places=12)
        markdown = self.harrow("report", run, "--format", "md").stdout
        self.assertIn(" ± ", markdown)
        self.assertIn("\\pm", self.harrow("report", run, "--format", "tex").stdout)
        self.assertTrue(list(csv.DictReader(io.StringIO(self.harrow("report", run, "--format", "csv").stdout))))
        best = json.loads(self.harrow("best", run, "--json").stdout)
        self.assertIn(best["name"], ("main", "wo_dia"))

        status = json.loads(self.harrow("status", run, "--json").stdout)
        self.assertEqual((status["trials"]["finished"], status["trials"]["total"]), (4, 4))
        self.harrow("show", run, "main", "--worst", 2, "--out", self.dir / "strip.png")
        self.assertEqual((self.dir / "strip.png").read_bytes()[:4], b"\x89PNG")
        self.assertIn("no_such_cell", self.harrow("show", run, "no_such_cell", "--out", "x.png", code=2).stderr)

    def test_derived_files_come_back_from_the_journal(self):
        run = self.finished()
        before = (run / "results.csv").read_bytes()
        (run / "results.csv").unlink()
        self.harrow("run", "--dir", run)
        self.assertEqual((run / "results.csv").read_bytes(), before)

    def test_a_cell_can_be_selected_without_a_look_at_test_anomalies(self):
        extra = "validation: {holdout: 0.2, synthetic: cutpaste}\nobjective: {metric: val_synth.image_auroc, goal: maximize}"
        run = self.dir / "run"
        self.harrow("run", self.sweep_file(SPACE, seeds="[0]", extra=extra), "--dir", run, "--slots", 2)
        values = {row["cell_name"]: float(row["value"]) for row in table(run)
                  if (row["class"], row["routing"], row["metric"], row["after_task"])
                  == ("mean", "routed", "val_synth.image_auroc", "1")}
        self.assertEqual(set(values), {"main", "wo_dia"})
        best = json.loads(self.harrow("best", run, "--json").stdout)
        self.assertEqual(values[best["name"]], max(values.values()))
        self.harrow("replay", run, "main", "--verify")
        refused = self.harrow("plan", self.sweep_file(extra="validation: {synthetic: cutpaste}", name="bad"), code=2)
        self.assertIn("validation.holdout", refused.stderr + refused.stdout)

    def test_costs_are_in_the_journal(self):
        for trained in records(self.finished(), "trained"):
            cost = trained["cost"]
            self.assertGreater(cost["train_seconds"], 0)
            self.assertGreater(cost["peak_rss_bytes"], 1 << 20)
            self.assertGreater(cost["feature_bytes"], 0)
            self.assertEqual(len(cost["parameters"]), 2)
            self.assertNotIn("peak_device_bytes", cost)

    def test_params_and_their_page_agree(self):
        page = self.harrow("params", "--markdown").stdout
        self.assertEqual(page, (SOURCE / "docs" / "parameters.md").read_text(),
                         "regenerate with: harrow params --markdown > docs/parameters.md")
        self.assertIn("train.tail_weight", self.harrow("params", "moleflow").stdout)

    def test_version(self):
        self.assertIn("version", json.loads(self.harrow("version", "--json").stdout))

    def test_installed_programs_find_each_other(self):
        prefix = self.dir / "prefix"
        self.command([shutil.which("cmake"), "--install", BUILD, "--prefix", prefix])
        sweep = self.sweep_file(seeds="[0]")
        self.command([prefix / "bin" / "harrow", "run", sweep, "--dir", self.dir / "installed"])


if __name__ == "__main__":
    main()
