"""Limits of a run: on time, on a worker's memory and on its silence."""
import os
import signal
import time

from chaos import ChaosCase
from harness import main, records, wait_for, workers_of


class LimitsTest(ChaosCase):
    overrides = ["train.num_epochs=2", "seeds=[0, 42]"]

    def setUp(self):
        super().setUp()
        self.env["HARROW_CACHE"] = str(self.shared / "cache")

    def long_sweep(self):
        """Trainings of which none ends soon; each has tasks, and checkpoints after them."""
        return [part.replace("num_epochs=2", "num_epochs=60") for part in self.sweep()]

    def end_of(self, run):
        return records(run, "session_end")[-1]

    def test_the_run_ends_before_its_time_and_goes_on_later(self):
        run = self.dir / "timed"
        done = self.harrow("run", *self.long_sweep(), "--dir", run, "--slots", 2, "--until", "+10s", code=75)
        self.assertIn("the time limit draws near", done.stderr)
        self.assertRegex(done.stderr, r"the end is expected at \d\d:\d\d:\d\d, at the latest \d\d:\d\d:\d\d")
        self.assertEqual(self.end_of(run)["outcome"], "time_limit")
        self.assertEqual((run / "status").read_text(), "75 time_limit\n")
        self.assert_running_work_was_kept(run)

    def test_slurms_end_of_the_job_counts(self):
        run = self.dir / "job"
        self.env["SLURM_JOB_END_TIME"] = str(int(time.time()) + 10)
        self.harrow("run", *self.long_sweep(), "--dir", run, "--slots", 1, code=75)
        self.assertEqual(self.end_of(run)["outcome"], "time_limit")

    def assert_running_work_was_kept(self, run):
        """What was under way left checkpoints, from which the next session goes on."""
        trained = {record["training_key"] for record in records(run, "trained")}
        kept = {record["key"] for record in records(run, "checkpoint")} - trained
        self.assertTrue(kept, "no training that was under way kept a checkpoint")
        process = self.start("run", "--dir", run, "--slots", 2)
        wait_for(lambda: kept & {record["key"] for record in records(run, "resumed")}, "a resume", 60)
        self.end_group(process)

    def test_a_signal_lets_running_work_publish_a_checkpoint(self):
        run = self.dir / "drained"
        process = self.start("run", *self.long_sweep(), "--dir", run, "--slots", 2)
        wait_for(lambda: len([log for log in run.glob("trainings/*/log")
                              if "training task=" in log.read_text()]) == 2, "two trainings")
        time.sleep(1.0)
        os.kill(process.pid, signal.SIGUSR1)
        self.assertEqual(process.wait(timeout=60), 75, self.log_of(process))
        self.assertIn("stopping on request: no new work is started; 2 units run", self.log_of(process))
        self.assertFalse(records(run, "failed"))
        logs = [log.read_text() for log in run.glob("trainings/*/log")]
        self.assertTrue(any(" info stopped " in log for log in logs))
        self.assertFalse(any(" error " in log for log in logs), "stopping on request is no error")
        self.assertEqual(self.end_of(run)["outcome"], "drained")
        self.assert_running_work_was_kept(run)

    def test_with_drain_time_running_work_finishes_first(self):
        run = self.dir / "drained"
        process = self.start("run", *self.sweep(), "--dir", run, "--slots", 1, "--drain", 60)
        wait_for(lambda: records(run, "started"), "a training")
        os.kill(process.pid, signal.SIGTERM)
        self.assertEqual(process.wait(timeout=90), 75, self.log_of(process))
        self.assertEqual(len(records(run, "trained")), 1)

    def test_a_worker_that_needs_too_much_memory_is_ended_by_name(self):
        run = self.dir / "memory"
        process = self.start("run", *self.long_sweep(), "--dir", run, "--slots", 1, "--max-rss", "20M")
        failed = wait_for(lambda: records(run, "failed"), "a failure", 60)[0]
        self.end_group(process)
        self.assertEqual(failed["signal"], 9)
        self.assertIn("--max-rss allows 20 MiB", failed["message"])
        self.assertGreater(failed["peak_rss_bytes"], 20 << 20)

    def test_a_worker_that_stands_still_is_ended_by_name(self):
        run = self.dir / "hang"
        process = self.start("run", *self.sweep(), "--dir", run, "--slots", 1, "--hang-limit", 2)
        wait_for(lambda: records(run, "started"), "a training")
        os.kill(wait_for(lambda: workers_of(process.pid), "a worker")[0], signal.SIGSTOP)
        failed = wait_for(lambda: records(run, "failed") + records(run, "lost_worker"), "a death", 60)[0]
        self.assertIn("hung: no step for 2 s", failed.get("message", failed.get("reason")))
        self.assertEqual(failed["signal"], 9)
        self.assertEqual(process.wait(timeout=200), 0, self.log_of(process))
        self.assert_rows_as_undisturbed(run)

    def test_times_that_are_none_are_refused(self):
        for text in ("+", "tomorrow", "25:61", "2020-01-01T00:00", "+5x"):
            refused = self.harrow("run", *self.sweep(), "--dir", self.dir / "x", "--until", text, code=2)
            self.assertIn("--until", refused.stderr)
        self.assertFalse((self.dir / "x").exists())


if __name__ == "__main__":
    main()
