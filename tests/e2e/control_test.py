"""Watching and steering a run from another process: status --watch, explain, logs, retry, cancel, replay, doctor."""
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from harness import HARROW, TIMEOUT_S, Case, main, records, rows, table, wait_for, workers_of

# Cells that train for minutes, one that diverges at once, one that is quick.
LONG = "{name: long, train.num_epochs: 5000}"
BROKEN = "{name: broken, train.lr: 10, train.num_epochs: 40}"
QUICK = "{name: quick}"


def started(run, label):
    return [record for record in records(run, "started") if record["label"] == label]


def failures(run, state):
    return [record for record in records(run, "failed") if record["state"] == state and record["final"]]


def snapshot(directory):
    """Names and contents of everything below a directory."""
    return {str(path.relative_to(directory)): path.read_bytes()
            for path in sorted(directory.rglob("*")) if path.is_file()}


class Control(Case):
    def space(self, *cells):
        return f"space: [{{cases: [{', '.join(cells)}]}}]"

    def live(self, *cells, seeds="[0]", slots=1, until):
        """Starts a run and waits until the journal has a `started` of the label `until`."""
        run = self.dir / "run"
        process = self.start("run", self.sweep_file(self.space(*cells), seeds), "--dir", run, "--slots", slots)
        wait_for(lambda: started(run, until), f"{until} to start")
        return run, process

    def finished(self, *cells, seeds="[0]", code=0):
        run = self.dir / "run"
        self.harrow("run", self.sweep_file(self.space(*cells), seeds), "--dir", run, code=code)
        return run

    def status(self, run):
        return json.loads(self.harrow("status", run, "--json").stdout)


class LiveTest(Control):
    def test_cancel_ends_what_runs_and_what_waits(self):
        run, process = self.live(LONG, QUICK, seeds="[0, 1]", until="long seed 0")
        said = self.harrow("explain", run, "long.s0").stdout
        self.assertIn("long.s0 is running", said)
        self.assertIn("attempt 1", said)
        waiting = self.harrow("explain", run, "long.s1").stdout
        self.assertIn("long.s1 is waiting", waiting)
        self.assertIn("long seed 0 on", waiting)

        self.assertIn("long.s1 cancelled", self.harrow("cancel", run, "long.s1", "--wait", 60).stdout)
        self.assertIn("long.s0 cancelled", self.harrow("cancel", run, "long.s0", "--wait", 60).stdout)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)
        self.assertEqual({row["cell_name"] for row in table(run)}, {"quick"})
        self.assertEqual(len(started(run, "long seed 0")), 1)
        self.assertFalse(started(run, "long seed 1"))
        trials = self.status(run)["trials"]
        self.assertEqual((trials["finished"], trials["cancelled"], trials["failed"]), (2, 2, 0))
        self.assertIn("long.s0 is cancelled", self.harrow("explain", run, "long.s0").stdout)
        self.assertFalse([f for f in (run / "inbox").iterdir()], "requests and answers are gone")
        # Cancelled ones stay out.
        self.assertIn("2 of 4 trials are finished", self.harrow("run", "--dir", run).stdout)

    def test_retry_reaches_a_run_that_goes_on(self):
        run, process = self.live(BROKEN, LONG, slots=2, until="long seed 0")
        wait_for(lambda: failures(run, "diverged"), "broken to fail")
        said = self.harrow("explain", run, "broken.s0").stdout
        self.assertIn("broken.s0 is failed", said)
        self.assertIn("diverged", said)
        self.assertIn("will be run again", self.harrow("retry", run, "--state", "diverged", "--wait", 60).stdout)
        wait_for(lambda: len(failures(run, "diverged")) == 2, "broken to fail again")
        self.assertEqual([record["attempt"] for record in started(run, "broken seed 0")], [1, 2])
        self.harrow("cancel", run, "long", "--wait", 60)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 3)
        self.assertEqual(len(records(run, "retried")), 1)

    def test_a_shared_training_goes_on_for_the_trial_that_stays(self):
        cells = ("{name: first, train.num_epochs: 300}", "{name: second, train.num_epochs: 300, score.top_k: 1}")
        run, process = self.live(*cells, until="first seed 0")
        self.harrow("cancel", run, "first", "--wait", 60)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)
        self.assertEqual({row["cell_name"] for row in table(run)}, {"second"})
        self.assertEqual(len(records(run, "trained")), 1)
        # Brought back, it is only scored.
        self.harrow("retry", run, "first")
        self.harrow("run", "--dir", run)
        self.assertEqual({row["cell_name"] for row in table(run)}, {"first", "second"})
        self.assertEqual(len(records(run, "trained")), 1)

    def test_a_coordinator_that_stands_still_is_told_of_and_nothing_changes(self):
        run, process = self.live(LONG, until="long seed 0")
        os.kill(process.pid, signal.SIGSTOP)
        try:
            refused = self.harrow("cancel", run, "long.s0", "--wait", 1, code=4)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        self.assertIn("nothing was changed", refused.stderr)
        self.assertFalse([f for f in (run / "inbox").iterdir()])
        self.assertFalse(records(run, "cancelled"))
        # A damaged request neither harms nor stays.
        (run / "inbox" / "0.request").write_text("harrow-inbox 1 nonsense")
        wait_for(lambda: (run / "inbox" / "damaged" / "0.taken").exists(), "the damaged request to be set aside")
        self.harrow("cancel", run, "long.s0", "--wait", 60)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)

    def test_watch_and_follow_end_with_the_run(self):
        run, process = self.live(QUICK, "{name: slow, train.num_epochs: 200}", until="slow seed 0")
        watch = subprocess.Popen([HARROW, "status", run, "--watch"], stdout=subprocess.PIPE, text=True, env=self.env)
        follow = subprocess.Popen([HARROW, "logs", run, "slow.s0", "--follow"], stdout=subprocess.PIPE, text=True,
                                  env=self.env)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)
        said, _ = watch.communicate(timeout=60)
        log, _ = follow.communicate(timeout=60)
        self.assertEqual((watch.returncode, follow.returncode), (0, 0))
        self.assertIn("2 of 2 trials finished", said)
        self.assertGreaterEqual(len(said.splitlines()), 3)
        key = started(run, "slow seed 0")[0]["key"]
        self.assertEqual(log, (run / "trainings" / key / "log").read_text())

    def test_watch_redraws_in_place_on_a_terminal(self):
        run, process = self.live(LONG, until="long seed 0")
        terminal, other = pty.openpty()
        self.addCleanup(os.close, terminal)
        watch = subprocess.Popen([HARROW, "status", run, "--watch"], stdout=other,
                                 env={**self.env, "TERM": "xterm"})
        self.addCleanup(watch.kill)
        os.close(other)
        seen, end = b"", time.monotonic() + 60
        while b"\x1b[J" not in seen and time.monotonic() < end:
            if select.select([terminal], [], [], 1)[0]:
                seen += os.read(terminal, 65536)
        self.assertIn(b"long seed 0", seen)
        self.assertRegex(seen, rb"\x1b\[[0-9]+F\x1b\[J")
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(timeout=30), -signal.SIGINT)
        self.harrow("cancel", run, "long", "--wait", 60)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)


@unittest.skipUnless(shutil.which("mpirun"), "mpirun is not installed")
class RanksTest(Control):
    def test_cancel_reaches_what_another_rank_runs(self):
        run = self.dir / "run"
        sweep = self.sweep_file(self.space(LONG), "[0, 1]")
        log = open(self.dir / "mpirun.log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen(["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "2",
                                    HARROW, "run", sweep, "--dir", run], stdout=log, stderr=log, env=self.env,
                                   start_new_session=True)
        self.addCleanup(self.end_group, process)
        wait_for(lambda: started(run, "long seed 0") and started(run, "long seed 1"), "both ranks to train")
        slots = {record["slot"] for record in records(run, "started") if record["kind"] == "training"}
        self.assertEqual(len(slots), 2)
        self.assertIn("long.s1 cancelled", self.harrow("cancel", run, "long", "--wait", 60).stdout)
        self.assertEqual(process.wait(timeout=TIMEOUT_S), 0)
        self.assertEqual(self.status(run)["trials"]["cancelled"], 2)


class OfflineTest(Control):
    @staticmethod
    def is_at_work(pid):
        try:
            return "worker" in Path(f"/proc/{pid}/cmdline").read_text()  # a zombie has none
        except OSError:
            return False

    def test_retry_and_cancel_without_a_coordinator(self):
        run = self.finished(BROKEN, QUICK, code=3)
        self.assertIn("broken.s0 will be run again", self.harrow("retry", run).stdout)
        self.assertIn("waiting", self.harrow("explain", run, "broken").stdout)
        self.harrow("run", "--dir", run, code=3)
        self.assertEqual([record["attempt"] for record in started(run, "broken seed 0")], [1, 2])
        self.assertIn("broken.s0 cancelled", self.harrow("cancel", run, "broken").stdout)
        self.assertIn("nothing to retry", self.harrow("retry", run).stdout)
        self.assertIn("1 of 2 trials are finished", self.harrow("run", "--dir", run).stdout)
        self.assertIn("broken.s0 will be run again", self.harrow("retry", run, "--state", "cancelled").stdout)
        self.assertIn("is finished", self.harrow("cancel", run, "quick.s0", code=2).stdout)

    def test_what_is_cancelled_while_nobody_works_leaves_no_checkpoints(self):
        run = self.dir / "run"
        process = self.start("run", self.sweep_file(self.space(LONG), "[0]"), "checkpoint_minutes=0.001",
                             "--dir", run, "--slots", 1)
        wait_for(lambda: records(run, "checkpoint"), "a checkpoint")
        workers = workers_of(process.pid)
        process.kill()
        process.wait(timeout=TIMEOUT_S)
        wait_for(lambda: not any(self.is_at_work(worker) for worker in workers), "its workers to end")
        checkpoints = run / "trainings" / started(run, "long seed 0")[0]["key"] / "checkpoints"
        wait_for(lambda: self.status(run)["coordinator"]["alive"] is False, "the lock to be free")
        self.assertEqual(self.status(run)["trials"]["running"], 0)
        self.assertIn("interrupted with its session, checkpoint", self.harrow("explain", run, "long.s0").stdout)
        self.assertTrue(checkpoints.exists())
        self.assertIn("nothing is left to do", self.harrow("cancel", run, "long").stdout)
        self.assertFalse(checkpoints.exists())

    def test_explain_and_logs_tell_what_was_done(self):
        run = self.finished(BROKEN, QUICK, code=3)
        said = self.harrow("explain", run, "quick.s0").stdout
        self.assertIn("quick.s0 is finished", said)
        self.assertIn(f"{len(rows(run))} rows", said)
        failed = self.harrow("explain", run, "broken").stdout
        self.assertIn("broken.s0 is failed", failed)
        self.assertIn("next: ", failed)
        key = started(run, "quick seed 0")[0]["key"]
        log = (run / "trainings" / key / "log").read_text()
        self.assertEqual(self.harrow("logs", run, "quick.s0").stdout, log)
        self.assertEqual(self.harrow("logs", run, "quick.s0", "--lines", 2).stdout.splitlines(), log.splitlines()[-2:])

    def test_replay_proves_a_trial_or_names_what_differs(self):
        run = self.finished(QUICK)
        before = snapshot(run)
        said = self.harrow("replay", run, "quick.s0", "--verify").stdout
        self.assertIn(f"all {len(rows(run))} rows are equal", said)
        self.assertIn("patch scores are equal", said)
        self.assertEqual(snapshot(run), before, "a replay writes nothing into the run")

        copy = self.dir / "copy"
        shutil.copytree(run, copy)
        scores = next(copy.glob("trainings/*/scores.h5"))
        scores.write_bytes(scores.read_bytes()[:-100] + b"x" + scores.read_bytes()[-99:])
        self.assertIn("patch scores differ", self.harrow("replay", copy, "quick.s0", "--verify", code=3).stdout)

        recipe = self.dir / "recipe.yaml"
        recipe.write_text(self.harrow("replay", run, "quick.s0").stdout)
        self.harrow("run", recipe, "--dir", self.dir / "again")
        own, again = table(run), table(self.dir / "again")
        values = [[(row["after_task"], row["class"], row["routing"], row["metric"], row["value"]) for row in found]
                  for found in (own, again)]
        self.assertEqual(*values)
        self.assertEqual({row["trial"] for row in own}, {row["trial"] for row in again})

    def test_mistakes_are_answered_with_exit_2_and_nothing_is_written(self):
        run = self.finished(QUICK)
        nothing = self.dir / "nothing"
        nothing.mkdir()
        verbs = (["explain"], ["logs"], ["cancel"], ["retry"], ["replay"], ["replay", "--verify"])
        for verb, *flags in verbs:
            for directory, trial, answer in ((nothing, "quick.s0", "is not a run directory"),
                                             (self.dir / "missing", "quick.s0", "is not a run directory"),
                                             (run, "quack.s0", "did you mean 'quick.s0'")):
                before = snapshot(self.dir)
                refused = self.harrow(verb, directory, trial, *flags, code=2)
                self.assertIn(answer, refused.stderr, verb)
                self.assertEqual(snapshot(self.dir), before, verb)
        for command in (["status", nothing, "--watch"], ["retry", run, "--state", "divergd"], ["cancel", run],
                        ["explain", run], ["replay", run, "quick.s0", "--device", "tpu"]):
            self.harrow(*command, code=2)


class DoctorTest(Control):
    def answer(self, *arguments, code):
        found = json.loads(self.harrow("doctor", "--json", *arguments, code=code).stdout)
        return found, {check["what"]: check for check in found["checks"]}

    def test_a_sound_place_is_ok_and_an_unwritable_cache_fails(self):
        found, checks = self.answer("--dir", self.dir / "new", code=0)
        self.assertEqual(found["fail"], 0)
        for what in ("worker", "torch", "BLAS", "MPI", "PMIx", "file locks", "GPUs", "cache", "run directory",
                     "clock", "/dev/shm", "open files", "gnuplot", "CPU cores"):
            self.assertIn(what, checks)
        self.assertEqual([check["what"] for check in found["checks"] if check["health"] != "ok" and not check["cure"]],
                         [])
        self.assertFalse((self.dir / "new").exists())
        (self.dir / "file").write_text("in the way")
        found, checks = self.answer("--cache", self.dir / "file" / "cache", code=4)
        self.assertEqual(checks["cache"]["health"], "FAIL")
        self.assertIn("HARROW_CACHE", checks["cache"]["cure"])
        self.assertIn("FAIL  cache", self.harrow("doctor", "--cache", self.dir / "file", code=4).stdout)

    def test_a_missing_worker_and_a_single_core_are_noticed(self):
        alone = self.dir / "bin"
        alone.mkdir()
        shutil.copy(HARROW, alone)
        done = self.command([alone / "harrow", "doctor"], code=4)
        self.assertIn("FAIL  worker", done.stdout)
        if os.cpu_count() > 1:
            core = sorted(os.sched_getaffinity(0))[0]
            done = self.command(["taskset", "-c", str(core), HARROW, "doctor"])
            self.assertIn("--bind-to none", done.stdout)


if __name__ == "__main__":
    main()
