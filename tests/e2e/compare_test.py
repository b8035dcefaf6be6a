"""Comparing and selecting: harrow report --vs and harrow best on a rehearsal, whose rows need no data."""
import json
import unittest

from harness import SOURCE, Case, main, records

REHEARSAL = SOURCE / "sweeps" / "examples" / "rehearsal.yaml"
BASE = "lr=1e-04"
KEYS = {"cell", "vs", "metric", "n", "delta", "test", "p", "p_adjusted", "effect", "ci95", "note"}


class CompareTest(Case):
    def run_noop(self, *arguments, name="run"):
        run = self.dir / name
        self.harrow("run", REHEARSAL, "noop.seconds=0", "--dir", run, *arguments)
        return run

    def comparisons(self, run, *arguments):
        return json.loads(self.harrow("report", run, "--format", "json", *arguments).stdout)["comparisons"]

    def best(self, run, *arguments):
        return json.loads(self.harrow("best", run, "--json", *arguments).stdout)

    def refused(self, *arguments):
        return self.harrow(*arguments, code=2).stderr

    def test_every_test_gives_a_number_and_what_it_means(self):
        run = self.run_noop()
        self.assertEqual(self.comparisons(run), [])
        report = json.loads(self.harrow("report", run, "--format", "json").stdout)
        values = {cell["name"]: cell["metrics"]["image_auroc"] for cell in report["cells"]}
        self.assertIn(BASE, values)
        for test in ("paired_t", "wilcoxon", "welch", "permutation", "friedman", "bayes"):
            found = self.comparisons(run, "--vs", BASE, "--test", test, "--metric", "image_auroc")
            self.assertEqual(len(found), 2)
            for pair in found:
                self.assertLessEqual(KEYS, set(pair))
                self.assertEqual((pair["vs"], pair["test"], pair["n"]), (BASE, test, 5))
                self.assertAlmostEqual(pair["delta"], values[pair["cell"]]["mean"] - values[BASE]["mean"], delta=1e-12)
                self.assertIsInstance(pair["p"], (int, float))
                self.assertGreaterEqual(pair["p_adjusted"], pair["p"])
                self.assertEqual(pair["unfair"], [])
            if test == "wilcoxon":
                self.assertIn("the smallest possible p is 0.0625", found[0]["note"])
        digest = report["cells"][0]["id"]
        self.assertEqual(self.comparisons(run, "--vs", digest), self.comparisons(run, "--vs", report["cells"][0]["name"]))
        self.assertEqual([pair["unfair"] for pair in self.comparisons(run, "--vs", BASE, "--same", "lr",
                                                                     "--metric", "image_auroc")], [["train.lr"]] * 2)

    def test_the_sweep_file_names_the_baseline(self):
        sweep = self.dir / "sweep.yaml"
        sweep.write_text(REHEARSAL.read_text() + f"compare: {{baseline: {BASE}, test: permutation, adjust: bonferroni}}\n")
        run = self.dir / "run"
        self.harrow("run", sweep, "noop.seconds=0", "--dir", run)
        self.assertEqual({pair["test"] for pair in self.comparisons(run)}, {"permutation"})
        text = self.harrow("report", run).stdout
        self.assertIn(f"## Comparisons with {BASE}", text)
        self.assertIn("ORACLE-SELECTED, 3 configurations", text)
        self.assertEqual({pair["test"] for pair in self.comparisons(run, "--test", "welch")}, {"welch"})

    def test_mistakes_name_what_is_there(self):
        run = self.run_noop("seeds=0..1")
        self.assertIn(f"did you mean '{BASE}'", self.refused("report", run, "--vs", "lr=1e-4"))
        self.assertIn("image_auroc", self.refused("report", run, "--vs", BASE, "--metric", "image_aurocs"))
        self.assertIn("give --vs CELL", self.refused("report", run, "--test", "welch"))
        self.refused("report", run, "--vs", BASE, "--test", "anova")
        self.assertIn("train.lr", self.refused("report", run, "--vs", BASE, "--same", "train.lrr"))
        self.assertIn("image_auroc", self.refused("best", run, "--metric", "image_aurok"))
        self.assertIn("val_synth.image_auroc", self.refused("best", run, "--select-on", "val_synth"))
        self.assertIn("give one", self.refused("best", run, "--select-on", "val_synth", "--report-on", run))
        self.assertIn("one for every metric",
                      self.refused("best", run, "--metric", "image_auroc", "--goal", "maximize,minimize"))
        self.assertIn("two classes", self.refused("best", run, "--select-on", "leave-categories-out"))

    def test_best_says_what_it_is_worth(self):
        run = self.run_noop()
        best = self.best(run)
        self.assertEqual(best["stamp"], "ORACLE-SELECTED, 3 configurations")
        self.assertEqual(best["selected_on"], "test")
        self.assertEqual(best["compared"], 3)
        self.assertEqual(best["pareto"], [])
        self.assertNotIn(best["name"], best["tied"])
        self.assertGreater(best["winners_curse"]["expected"], 0)
        self.assertAlmostEqual(best["winners_curse"]["expected_max"], 0.8462843753, delta=1e-9)  # 1.5 / sqrt(pi)
        worst = self.best(run, "--goal", "minimize")
        self.assertLess(worst["mean"], best["mean"])
        text = self.harrow("best", run).stdout
        for part in ("ORACLE-SELECTED, 3 configurations", "ied with it", "Winner's curse", best["name"]):
            self.assertIn(part, text)

    def test_one_seed_cannot_tell_ties(self):
        run = self.run_noop("seeds=[0]")
        best = self.best(run)
        self.assertEqual((best["tied"], best["ties_tested"]), ([], 0))
        self.assertIn("cannot be told", self.harrow("best", run).stdout)
        self.assertTrue(all(pair["p"] is None and pair["note"] for pair in self.comparisons(run, "--vs", BASE)))

    def test_the_selected_cell_runs_again_on_fresh_seeds(self):
        run = self.run_noop()
        best = self.best(run)
        sweep = self.dir / "rerun.yaml"
        self.assertEqual(self.best(run, "--rerun", 3, "--out", sweep), best)
        again = self.dir / "again"
        self.harrow("run", sweep, "--dir", again)
        found = self.best(again)
        self.assertEqual((found["id"], found["name"]), (best["id"], best["name"]))
        self.assertEqual(list(found["values"]), ["5", "6", "7"])
        self.assertEqual(len(records(again, "trained")), 3)
        self.assertEqual(self.harrow("best", run, "--rerun", 3).stdout, sweep.read_text())
        self.assertIn("seeds: [100, 101]", self.harrow("best", run, "--rerun", "100..101").stdout)
        self.assertIn("seed 4 had a part", self.refused("best", run, "--rerun", "4..9"))
        self.refused("best", run, "--rerun", "0")
        self.refused("best", run, "--rerun", "many")
        self.assertIn("give --out", self.refused("best", run, "--rerun", 3, "--json"))

    def test_settings_are_reported_on_another_run(self):
        run = self.run_noop()
        other = self.run_noop("seeds=10..12", name="other")
        best = self.best(run, "--report-on", other)
        self.assertEqual(best["selected_on"], "cross-dataset")
        self.assertIsNone(best["stamp"])
        self.assertEqual(list(best["values"]), ["10", "11", "12"])
        self.assertEqual(best["rule"]["cell"], best["name"])
        self.assertGreaterEqual(best["rule"]["gap"], 0)
        changed = self.run_noop("train.lr=7e-4", name="changed")
        self.assertIn("differs in train.lr", self.refused("best", run, "--report-on", changed))


if __name__ == "__main__":
    main()
