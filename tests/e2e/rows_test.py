"""Rows depend on nothing but the sweep and the data: not on slots, ranks, crashes or resumes."""
import os
import shutil
import signal
import time
import unittest

from harness import HARROW, Case, main, records, rows, table, wait_for, workers_of


class RowsTest(Case):
    def reference(self, name="reference"):
        run = self.dir / name
        self.harrow("run", *self.small_demo(), "--dir", run, "--slots", 1)
        return run

    def assert_every_image_extracted_once(self, run):
        extracted = records(run, "extracted")
        keys = [record["feature_key"] for record in extracted]
        self.assertEqual(len(keys), len(set(keys)))
        self.assertEqual(sum(record["images"] for record in extracted),
                         sum(1 for split in ("train", "test") for _ in self.data().glob(f"*/{split}/*/*.png")))

    def test_same_rows_for_one_slot_two_slots_and_three_ranks(self):
        one = self.reference()
        two = self.dir / "two"
        self.harrow("run", *self.small_demo(), "--dir", two, "--slots", 2, "--cache", self.dir / "cache-two")
        self.assertEqual(rows(one), rows(two))
        self.assert_every_image_extracted_once(two)
        if not shutil.which("mpirun"):
            self.skipTest("mpirun is not installed")
        three = self.dir / "three"
        self.command(["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", 3, HARROW, "run",
                      *self.small_demo(), "--dir", three, "--slots", 1, "--cache", self.dir / "cache-three"])
        self.assert_every_image_extracted_once(three)
        self.assertEqual(rows(one), rows(three))
        slots = {record["slot"] for record in records(three, "trained")}
        self.assertGreater(len(slots), 1, "work should reach more than one rank")

    def test_killing_a_worker_costs_one_attempt(self):
        expected = rows(self.reference())
        run = self.dir / "killed"
        process = self.start("run", *self.small_demo(), "--dir", run, "--slots", 2)
        wait_for(lambda: records(run, "trained"), "a first training")
        victim = wait_for(lambda: workers_of(process.pid), "a worker")[0]
        os.kill(victim, signal.SIGKILL)
        self.assertEqual(process.wait(timeout=200), 0)
        self.assertEqual(rows(run), expected)
        lost = [record for record in records(run, "failed") if not record["final"]]
        self.assertLessEqual(len(lost), 1)

    def test_killing_everything_and_repeating_the_command_completes_it(self):
        expected = rows(self.reference())
        run = self.dir / "killed"
        for trained in (1, 3):
            process = self.start("run", *self.small_demo(), "--dir", run, "--slots", 2)
            wait_for(lambda: len(records(run, "trained")) >= trained, f"{trained} trainings")
            time.sleep(0.1)
            self.end_group(process)
        self.harrow("run", *self.small_demo(), "--dir", run, "--slots", 2)
        self.assertEqual(rows(run), expected)
        keys = [record["training_key"] for record in records(run, "trained")]
        self.assertEqual(len(keys), len(set(keys)), "finished trainings must not run twice")
        again = self.harrow("run", *self.small_demo(), "--dir", run, "--slots", 2)
        self.assertIn("nothing to do", again.stdout + again.stderr)

    def test_interrupt_stops_early_and_resumes(self):
        run = self.dir / "interrupted"
        process = self.start("run", *self.small_demo(), "--dir", run, "--slots", 1)
        wait_for(lambda: records(run, "trained"), "a first training")
        os.kill(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 75)
        self.assertEqual((run / "status").read_text().split()[0], "75")
        self.harrow("run", "--dir", run, "--slots", 2)
        self.assertEqual(rows(run), rows(self.reference()))

    def test_a_second_interrupt_ends_at_once_and_loses_nothing(self):
        run = self.dir / "interrupted"
        process = self.start("run", *self.small_demo(), "--dir", run, "--slots", 1, "--drain", 60)
        wait_for(lambda: records(run, "trained"), "a first training")
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.5)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
        self.assertIn(process.wait(timeout=60), (75, 130))
        self.assertEqual((run / "status").read_text().split()[0], str(process.returncode))
        self.harrow("run", "--dir", run, "--slots", 2)

    def test_a_second_coordinator_is_refused_and_status_sees_the_first(self):
        run = self.dir / "busy"
        process = self.start("run", *self.small_demo(), "--dir", run, "--slots", 1)
        wait_for(lambda: records(run, "started"), "a first unit")
        self.assertIn(str(process.pid), self.harrow("run", *self.small_demo(), "--dir", run, code=2).stderr)
        self.assertIn("running on", self.harrow("status", run).stdout)
        self.assertEqual((run / "status").read_text(), "75 running\n")
        self.end_group(process)
        self.assertIn("resumes", self.harrow("status", run).stdout)

    def test_isolated_experts_do_not_forget(self):
        run = self.reference()
        forgetting = {}
        for row in table(run):
            if row["metric"] == "image_auroc.fm" and row["routing"] == "oracle":
                forgetting.setdefault(row["cell_name"], set()).add(float(row["value"]))
        self.assertEqual(forgetting["main"], {0.0})
        for index, row in enumerate(table(run)):
            self.assertTrue(0.0 <= float(row["value"]) <= 1.0 or "." in row["metric"], f"row {index}: {row}")


if __name__ == "__main__":
    main()
