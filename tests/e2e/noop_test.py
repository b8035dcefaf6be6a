"""Method noop: the whole path without data or model, and rows that depend on nothing but the sweep."""
import json
import os
import shutil
import signal
import time
import unittest

from harness import HARROW, SOURCE, Case, main, records, rows, wait_for

REHEARSAL = SOURCE / "sweeps" / "examples" / "rehearsal.yaml"


class NoopTest(Case):
    def run_noop(self, name, *arguments, launcher=()):
        run = self.dir / name
        self.command([*launcher, HARROW, "run", REHEARSAL, "noop.seconds=0", "seeds=0..39", "--dir", run, *arguments])
        return run

    def test_rows_are_the_same_on_any_number_of_slots_and_ranks(self):
        expected = rows(self.run_noop("one", "--slots", 1))
        self.assertEqual(len(expected), 3 * 40 * 5)  # cells, seeds, tasks
        for slots in (2, 4):
            self.assertEqual(rows(self.run_noop(f"slots-{slots}", "--slots", slots)), expected)
        self.assertEqual(rows(self.run_noop("file", "--slots", 2, "--order", "file")), expected)
        if not shutil.which("mpirun"):
            self.skipTest("mpirun is not installed")
        for ranks in (2, 3):
            launcher = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", ranks]
            run = self.run_noop(f"ranks-{ranks}", "--slots", 1, launcher=launcher)
            self.assertEqual(rows(run), expected)

    def test_it_needs_no_data_and_leaves_no_directories(self):
        run = self.run_noop("run")
        self.assertFalse((run / "trainings").exists())
        self.assertEqual(list((self.dir / "cache").glob("**/*.h5")), [])
        self.assertEqual(len(records(run, "trained")), 120)
        self.assertIn("nothing to do", self.harrow("run", "--dir", run).stdout)

    def test_what_it_does_not_have_is_said(self):
        run = self.dir / "run"
        self.harrow("run", REHEARSAL, "noop.seconds=0", "seeds=[0]", "--dir", run)
        trial = "lr=1e-04.s0"
        self.assertIn("there is no log", self.harrow("logs", run, trial).stderr)
        self.assertNotIn("harrow show", self.harrow("explain", run, trial).stdout)
        refused = self.harrow("show", run, "lr=1e-04", "--out", self.dir / "x.png", code=2)
        self.assertIn("looks at no image", refused.stderr)
        recipe = self.dir / "recipe.yaml"
        recipe.write_text(self.harrow("replay", run, trial).stdout)
        self.harrow("run", recipe, "--dir", self.dir / "again")
        self.assertEqual(records(self.dir / "again", "finished")[0]["trials"],
                         [t for r in records(run, "finished") for t in r["trials"]
                          if t["trial"] == records(self.dir / "again", "started")[0]["trials"][0]])

    def test_a_stopped_rehearsal_goes_on(self):
        run = self.dir / "stopped"
        arguments = ["run", REHEARSAL, "noop.seconds=0.3", "seeds=0..3", "--dir", run, "--slots", 2]
        process = self.start(*arguments)
        wait_for(lambda: len(records(run, "trained")) >= 2, "two trainings")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(timeout=60), 75)
        trained = len(records(run, "trained"))
        self.assertLess(trained, 12)
        self.harrow(*arguments)
        self.assertEqual(len(records(run, "trained")), 12)  # nothing ran twice

    def test_breadth_gives_every_cell_its_first_seed_before_any_third(self):
        run = self.run_noop("breadth", "--slots", 1)
        started = [record["key"] for record in records(run, "started")]
        plan = {record["training_key"]: record["trials"][0]["trial"] for record in records(run, "finished")}
        seeds = [int(plan[key].rsplit(".s", 1)[1]) for key in started]
        self.assertEqual(seeds, sorted(seeds))

    def test_plan_simulates_what_run_would_do(self):
        plan = json.loads(self.harrow("plan", REHEARSAL, "--simulate", 4, "--json").stdout)["simulation"]
        self.assertEqual(plan["slots"], 4)
        self.assertEqual(plan["units"], 15)
        self.assertAlmostEqual(plan["makespan_s"], 2.0, delta=0.01)  # four waves of half a second
        self.assertLessEqual(plan["bound_s"], plan["makespan_s"])
        self.assertGreater(plan["utilisation"], 0.9)
        self.assertIn("slot-hours", self.harrow("plan", REHEARSAL, "--simulate", 4).stdout)
        self.harrow("plan", REHEARSAL, "--simulate", 0, code=2)
        self.harrow("plan", REHEARSAL, "--order", "random", code=2)


if __name__ == "__main__":
    main()
