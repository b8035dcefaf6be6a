"""A disk that fills up while a sweep runs: the run waits for room, or ends and loses nothing."""
import os
import signal
import subprocess
import unittest

from chaos import ChaosCase
from harness import main, records, wait_for


def can_mount():
    return os.geteuid() == 0 and subprocess.run(["mount", "--version"], capture_output=True).returncode == 0


@unittest.skipUnless(can_mount(), "only root can mount a small file system")
class FullDiskTest(ChaosCase):
    overrides = ["train.num_epochs=2", "seeds=[0, 42]"]

    def setUp(self):
        super().setUp()
        self.env["HARROW_CACHE"] = str(self.shared / "cache")  # features are there: only trainings write
        self.disk = self.dir / "disk"
        self.disk.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.disk],
                              capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest(f"mount refuses a tmpfs here: {done.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], capture_output=True)

    def fill(self):
        """Takes what is left of the disk."""
        with open(self.disk / "filler", "ab", buffering=0) as filler:
            for block in (1 << 16, 1 << 12, 1):
                try:
                    while filler.write(b"x" * block) == block:
                        pass
                except OSError:
                    pass

    def run_until_full(self, *options):
        run = self.disk / "run"
        process = self.start("run", *self.sweep(), "--dir", run, "--slots", 2, *options)
        wait_for(lambda: records(run, "trained"), "a first training")
        self.fill()
        wait_for(lambda: "paused: " in self.log_of(process) or process.poll() is not None, "the pause", 60)
        self.assertIsNone(process.poll(), self.log_of(process))
        log = self.log_of(process)
        self.assertRegex(log, r"paused: .*No space left on device.* tried again every 5 s for ")
        self.assertIn("nothing new is started", log)
        return run, process

    def test_the_run_waits_for_room_and_finishes(self):
        run, process = self.run_until_full()
        before = len(records(run, "trained"))
        (self.disk / "filler").unlink()
        self.assertEqual(process.wait(timeout=200), 0, self.log_of(process))
        self.assertIn("there is room again", self.log_of(process))
        self.assertGreater(len(records(run, "trained")), before)
        self.assert_rows_as_undisturbed(run)
        self.assert_nothing_ran_twice(run)

    def test_without_room_it_ends_and_the_same_command_continues(self):
        run, process = self.run_until_full("--disk-wait", 2)
        self.assertEqual(process.wait(timeout=100), 4, self.log_of(process))
        self.assertIn("free some space", self.log_of(process))
        (self.disk / "filler").unlink()
        self.harrow("run", "--dir", run, "--slots", 2)
        self.assert_rows_as_undisturbed(run)
        self.assert_nothing_ran_twice(run)

    def test_a_signal_ends_the_wait(self):
        run, process = self.run_until_full()
        os.kill(process.pid, signal.SIGTERM)
        self.assertIn(process.wait(timeout=100), (4, 75), self.log_of(process))
        (self.disk / "filler").unlink()
        self.harrow("run", "--dir", run, "--slots", 2)
        self.assert_rows_as_undisturbed(run)
        self.assert_nothing_ran_twice(run)


if __name__ == "__main__":
    main()
