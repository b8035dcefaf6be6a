"""kill -9 at random moments: of everything, of workers, of a rank. Nothing that was finished is lost
or done twice, and the rows are those of an undisturbed run."""
import os
import re
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

from chaos import ChaosCase, WorkerKiller, deaths_of, group_members
from harness import HARROW, main, records, wait_for, workers_of

MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none"]


class ChaosTest(ChaosCase):
    overrides = ["train.num_epochs=2", "seeds=[0, 42]"]

    def test_killing_everything_again_and_again(self):
        chance = self.random("killing everything")
        kills, round_number = 0, 0
        while kills < self.count(4):
            round_number += 1
            run = self.dir / f"round-{round_number}"
            self.env["HARROW_CACHE"] = str(self.dir / f"cache-{round_number}")
            done = False
            while not done and kills < self.count(4):
                process = self.start("run", *self.sweep(), "--dir", run, "--slots", 2)
                try:
                    process.wait(timeout=chance.uniform(0.05, 4.0))
                    self.assertEqual(process.returncode, 0, self.log_of(process))
                    done = True
                except subprocess.TimeoutExpired:
                    self.end_group(process)
                    kills += 1
                    wait_for(lambda: not group_members(process.pid), "the workers to go", 20)
            self.harrow("run", *self.sweep(), "--dir", run, "--slots", 2)
            self.assert_rows_as_undisturbed(run)
            self.assert_nothing_ran_twice(run)
            self.assert_checkpoints_were_used(run)
        print(f"{kills} kills in {round_number} runs")

    def test_killing_workers_again_and_again(self):
        chance = self.random("killing workers")
        kills, round_number = 0, 0
        while kills < self.count(4):
            round_number += 1
            run = self.dir / f"round-{round_number}"
            process = self.start("run", *self.sweep(), "--dir", run, "--slots", 2)
            killer = WorkerKiller(process.pid, chance)
            trained = 0
            wait_for(lambda: workers_of(process.pid), "a worker")
            while process.poll() is None and kills + killer.kills < self.count(4):
                if len(records(run, "trained")) >= 4:
                    break  # so that few kills fall together with the end of the run
                if killer.kill_one():
                    trained = len(records(run, "trained"))
                    wait_for(lambda: len(deaths_of(run)) == killer.kills or process.poll() is not None,
                             "the record of a death")
            self.assertEqual(process.wait(timeout=300), 0, self.log_of(process))
            self.assert_rows_as_undisturbed(run)
            self.assert_nothing_ran_twice(run)
            self.assert_checkpoints_were_used(run)
            deaths = self.assert_kills_are_recorded(run, killer.kills, trained)
            self.assertTrue(all(death["slot"] and death["time"] for death in deaths))
            self.assertFalse([death for death in deaths if death.get("final")])
            kills += len(deaths)
        print(f"{kills} kills in {round_number} runs")

    def test_rows_do_not_depend_on_slots_or_deaths(self):
        for slots in (1, 4):
            run = self.dir / f"slots-{slots}"
            process = self.start("run", *self.sweep(), "--dir", run, "--slots", slots)
            killer = WorkerKiller(process.pid, self.random(f"{slots} slots"))
            wait_for(lambda: records(run, "trained"), "a first training")
            killer.kill_one()
            self.assertEqual(process.wait(timeout=200), 0, self.log_of(process))
            self.assert_rows_as_undisturbed(run)


@unittest.skipUnless(shutil.which("mpirun"), "mpirun is not installed")
class RankChaosTest(ChaosCase):
    overrides = ["train.num_epochs=2", "seeds=[0, 42]"]

    def start_ranks(self, ranks, run, *launcher, lease=5):
        """Starts mpirun; returns it and the process id of each rank."""
        log = open(self.dir / "background.log", "w")
        self.addCleanup(log.close)
        command = [*MPIRUN, *launcher, "-n", ranks, HARROW, "run", *self.sweep(), "--dir", run,
                   "--slots", 1, "--rank-limit", lease]
        process = self.popen(command, log)
        pids = wait_for(lambda: self.ranks_of(process.pid, ranks), "all ranks", 30)
        return process, pids

    def popen(self, command, log):
        process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log,
                                   env=self.env, cwd=self.dir, start_new_session=True)
        self.addCleanup(self.end_ranks, process)
        return process

    def end_ranks(self, process):
        self.end_group(process)
        for pid in self.ranks_of(process.pid, 0) or []:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def ranks_of(self, launcher, expected):
        """Process ids by rank of the `harrow` children of mpirun; None until there are `expected`."""
        found = {}
        for environment in Path("/proc").glob("[0-9]*/environ"):
            pid = environment.parent
            try:
                parent = int((pid / "stat").read_text().rpartition(")")[2].split()[1])
                name = (pid / "comm").read_text().strip()
                text = environment.read_bytes().decode(errors="replace")
            except OSError:
                continue
            rank = re.search(r"\0OMPI_COMM_WORLD_RANK=(\d+)", text)
            if parent == launcher and name == "harrow" and rank:
                found[int(rank.group(1))] = int(pid.name)
        return [found[rank] for rank in sorted(found)] if len(found) >= expected else None

    def test_a_killed_rank_is_named_and_its_work_done_elsewhere(self):
        for number in range(max(1, self.count(1) // 10)):
            run = self.dir / f"lost-{number}"
            process, ranks = self.start_ranks(3, run, "--enable-recovery")
            wait_for(lambda: records(run, "trained"), "a first training")
            time.sleep(self.random(f"a rank {number}").uniform(0.0, 1.0))
            os.kill(ranks[2], signal.SIGKILL)
            self.assertEqual(process.wait(timeout=200), 0, self.log_of(process))
            self.assert_rows_as_undisturbed(run)
            self.assert_nothing_ran_twice(run)
            self.assertEqual([record["rank"] for record in records(run, "lost_rank")], [2])
            # One that dies when nothing is left for it is missed at the end only.
            self.assertRegex(self.log_of(process),
                             r"rank 2 \(.*\) is lost: (no sign of life for 5 s"
                             r"|it did not answer the request to end)")
            self.assertEqual((run / "status").read_text(), "0 done\n")

    def test_a_rank_that_dies_when_nothing_is_left_for_it_does_not_hold_the_others(self):
        run = self.dir / "idle"
        process, ranks = self.start_ranks(3, run, "--enable-recovery", lease=60)
        wait_for(lambda: len(records(run, "trained")) >= 1, "a first training")
        last = workers_of(ranks[0])
        for pid in last:  # it holds one training back until the others have nothing left
            os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: len(records(run, "trained")) >= 5, "all trainings but one", 60)
            os.kill(ranks[2], signal.SIGKILL)
        finally:
            for pid in last:
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(process.wait(timeout=100), 0, self.log_of(process))
        self.assert_rows_as_undisturbed(run)
        self.assertIn("is lost: it did not answer the request to end", self.log_of(process))
        self.assertEqual((run / "status").read_text(), "0 done\n")

    def test_a_rank_that_wakes_up_after_it_was_lost_does_not_end_the_job(self):
        run = self.dir / "woken"
        process, ranks = self.start_ranks(3, run, "--enable-recovery")
        wait_for(lambda: records(run, "trained"), "a first training")
        os.kill(ranks[2], signal.SIGSTOP)
        wait_for(lambda: records(run, "lost_rank"), "the loss of rank 2")
        busy = [pid for rank in ranks[:2] for pid in workers_of(rank)]
        for pid in busy:  # so that the job does not end before rank 2 does
            os.kill(pid, signal.SIGSTOP)
        os.kill(ranks[2], signal.SIGCONT)
        try:
            wait_for(lambda: "gave no sign of life" in self.log_of(process), "rank 2 to leave", 30)
        finally:
            for pid in busy:
                os.kill(pid, signal.SIGCONT)
        self.assertEqual(process.wait(timeout=200), 0, self.log_of(process))
        self.assert_rows_as_undisturbed(run)
        self.assert_nothing_ran_twice(run)
        self.assertEqual((run / "status").read_text(), "0 done\n")

    def test_rows_do_not_depend_on_ranks_or_deaths(self):
        run = self.dir / "ranks"
        process, pids = self.start_ranks(2, run)
        wait_for(lambda: records(run, "trained"), "a first training")
        killer = WorkerKiller(pids[-1], self.random("2 ranks"))
        killer.kill_one()
        trained = len(records(run, "trained"))
        self.assertEqual(process.wait(timeout=200), 0, self.log_of(process))
        self.assert_rows_as_undisturbed(run)
        self.assert_kills_are_recorded(run, killer.kills, trained)


if __name__ == "__main__":
    main()
