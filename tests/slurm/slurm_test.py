"""Harrow as a job of a real Slurm: one cluster of emulated nodes with fake GPUs for all cases."""
import json
import os
import pwd
import shlex
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

from cluster import members, missing_programs
from slurm_case import BUILD, HARROW, SITE, TIMEOUT_S, SlurmCase
from harness import records, rows

SKIPPED = 77


def setUpModule():
    SlurmCase.open_cluster()


class JobTest(SlurmCase):
    def test_a_sweep_runs_through_on_two_nodes(self):
        sweep = self.sweep(seeds="0..3")
        home = self.gpu_machine(worker=f"'{BUILD}/harrow-worker'")
        job = self.submit(sweep, "--nodes", 2, "--device", "cpu", program=home / "harrow")
        self.assertEqual(self.slots_of(home, 2), ["node0 ", "node1 "])
        self.finish(job)
        output = self.output(job)
        self.assertIn("harrow: 0 done", output)
        self.assertEqual(records(self.run_dir, "session_start")[0]["ranks"], 2, output)
        self.assertLessEqual({record["slot"] for record in records(self.run_dir, "started")},
                             {"node0/0", "node1.1/0"}, output)
        alone = self.dir / "alone"
        self.harrow("run", sweep, "--dir", alone, "--device", "cpu")
        self.assertEqual(rows(self.run_dir), rows(alone))


    def test_a_job_told_to_drain_is_requeued_and_finishes(self):
        """Under both launchers, at the same time."""
        runs = {}
        for launcher in ["mpirun", "srun"]:
            run = self.dir / f"under {launcher}"
            runs[run] = self.submit(self.sweep(epochs=6, seeds="0..7"), "--nodes", 2, "--launcher", launcher,
                                    run=run)
        asked = set()

        def ask_those_at_work():
            for run in set(runs) - asked:
                if records(run, "trained"):
                    self.cluster.command("scancel", "--batch", "--signal=USR1", runs[run])
                    asked.add(run)
            return len(asked) == len(runs)

        self.cluster.wait(ask_those_at_work, "a first training of each", TIMEOUT_S)
        for run, job in runs.items():
            with self.subTest(run.name):
                ended = self.finish(job, run=run)
                output = self.output(job, run)
                self.assertEqual(ended["Restarts"], "1", output)
                self.assertIn("asked to drain", output)
                self.assertIn("unfinished: requeued", output)
                self.assert_every_training_once(run, trials=8)
                sessions = [record["outcome"] for record in records(run, "session_end")]
                self.assertEqual(sessions, ["drained", "done"], output)
                self.assertRegex(self.harrow("status", run).stdout, f"job {job} of Slurm, .*: COMPLETED")

    def test_a_job_whose_ranks_were_killed_is_started_again(self):
        """The coordinator of a job without MPI; another rank under srun, which then ends them all."""
        home = self.gpu_machine()
        runs = {}
        for name, arguments in [("alone", []), ("srun", ["--tasks-per-node", 2, "--launcher", "srun"])]:
            run = self.dir / name
            runs[run] = self.submit(self.sweep(), "--device", "cpu", *arguments, run=run, program=home / "harrow")
        self.cluster.wait(lambda: (home / "notes").exists() and len((home / "notes").read_text().splitlines()) == 3,
                     "three workers")
        os.kill(records(self.dir / "alone", "session_start")[0]["pid"], 9)
        for pid in self.processes_with(f"SLURM_JOB_ID={runs[self.dir / 'srun']}", "PMIX_RANK=1"):
            os.kill(pid, 9)
        for run, job in runs.items():
            self.cluster.wait(lambda job=job, run=run: "unfinished: requeued" in self.output(job, run),
                         f"job {job} to end")
        (home / "go").touch()
        for run, job in runs.items():
            with self.subTest(run.name):
                output = self.output(job, run)
                self.assertEqual(self.finish(job, run=run)["Restarts"], "1", output)
                self.assertIn("harrow was lost", self.output(job, run))
                self.assert_every_training_once(run, trials=2)

    @unittest.skipUnless(os.environ.get("HARROW_CHAOS_COUNT"), "takes a minute; make chaos runs it")
    def test_the_others_go_on_when_a_node_loses_its_rank(self):
        home = self.gpu_machine()
        runs = {}
        for launcher in ["mpirun", "srun"]:
            run = self.dir / launcher
            runs[run] = self.submit(self.sweep(), "--device", "cpu", "--nodes", 2, "--launcher", launcher, run=run,
                                    program=home / "harrow")
        self.cluster.wait(lambda: (home / "notes").exists() and len((home / "notes").read_text().splitlines()) == 4,
                     "four workers")
        for variable in ["PMIX_RANK=1", "OMPI_COMM_WORLD_RANK=1"]:
            for pid in self.processes_with(variable):
                os.kill(pid, 9)
        self.cluster.wait(lambda: all("lost" in self.output(job, run) for run, job in runs.items()),
                     "the loss to be seen", 90)
        (home / "go").touch()
        for run, job in runs.items():
            with self.subTest(run.name):
                self.assertEqual(self.finish(job, run=run)["Restarts"], "0", self.output(job, run))
                self.assertIn("harrow: 0 done", self.output(job, run))
                self.assert_every_training_once(run, trials=2)

    def test_a_job_that_cannot_begin_is_not_started_again(self):
        job = self.submit(self.sweep(), "--program", "/no/such/harrow")
        ended = self.finish(job, state="FAILED")
        self.assertEqual((ended["ExitCode"], ended["Restarts"]), ("127:0", "0"), self.output(job))
        self.assertIn("harrow has not begun", self.output(job))

    def test_harrow_is_told_when_the_job_ends(self):
        home = self.gpu_machine()
        job = self.submit(self.sweep(), "--device", "cpu", program=home / "harrow")
        self.cluster.wait(lambda: (home / "notes").exists(), "a worker")
        pid = records(self.run_dir, "session_start")[0]["pid"]
        variables = Path(f"/proc/{pid}/environ").read_text().split("\0")
        (home / "go").touch()
        end = self.cluster.command("squeue", "-h", "-j", job, "-o", "%e").strip()
        seconds = subprocess.run(["date", "--date", end, "+%s"], capture_output=True, text=True, check=True).stdout
        self.assertIn(f"SLURM_JOB_END_TIME={seconds.strip()}", variables)
        self.finish(job)

    @unittest.skipUnless(os.environ.get("HARROW_CHAOS_COUNT"), "takes two minutes; make chaos runs it")
    def test_the_time_limit_itself_drains_and_requeues(self):
        home = self.gpu_machine()
        job = self.submit(self.sweep(), "--device", "cpu", "--time", "1", "--signal", "30",
                          program=home / "harrow")
        self.cluster.wait(lambda: "unfinished: requeued" in self.output(job), "the time limit", 180)
        (home / "go").touch()
        self.assertEqual(self.finish(job)["Restarts"], "1", self.output(job))


class SubmissionTest(SlurmCase):
    def test_status_follows_the_job_and_a_second_one_is_refused(self):
        home = self.gpu_machine()
        job = self.submit(self.sweep(), "--device", "cpu", "--extra=--hold", program=home / "harrow")
        self.assertIn(f"job {job} of Slurm", self.harrow("status", self.run_dir).stdout)
        self.assertIn("PENDING (JobHeldUser)", self.harrow("status", self.run_dir).stdout)
        refused = self.harrow("slurm", "submit", self.sweep(), "--dir", self.run_dir, code=2).stderr
        for words in [f"job {job}", "PENDING", f"scancel {job}", "--again"]:
            self.assertIn(words, refused)
        self.cluster.command("scontrol", "release", job)
        self.cluster.wait(lambda: (home / "notes").exists(), "a worker")
        self.assertIn("RUNNING on node", self.harrow("status", self.run_dir).stdout)
        shown = json.loads(self.harrow("status", self.run_dir, "--json").stdout)["slurm"]
        self.assertEqual([(entry["id"], entry["state"]) for entry in shown], [(job, "RUNNING")])
        second = self.submit(self.sweep(), "--again", "--extra=--hold")
        listed = json.loads((self.run_dir / "slurm" / "jobs.json").read_text())["jobs"]
        self.assertEqual([(entry["number"], entry["id"]) for entry in listed], [(1, job), (2, second)])
        self.cluster.command("scancel", second)
        (home / "go").touch()
        self.finish(job)
        self.assertIn("CANCELLED", self.harrow("status", self.run_dir).stdout)

    def test_a_cancelled_job_is_not_started_again(self):
        home = self.gpu_machine()
        job = self.submit(self.sweep(), "--device", "cpu", program=home / "harrow")
        self.cluster.wait(lambda: (home / "notes").exists(), "a worker")
        self.cluster.command("scancel", job)
        self.finish(job, state="CANCELLED")
        self.cluster.wait(lambda: "Slurm ends this job" in self.output(job), "the job's last words")
        self.assertNotIn("requeued", self.output(job))

    def test_a_refused_submission_leaves_nothing(self):
        bad = self.sweep(name="bad")
        bad.write_text(bad.read_text().replace("epochs", "epoch"))
        message = self.harrow("slurm", "submit", bad, "--dir", self.run_dir, code=2).stderr
        self.assertIn("num_epochs", message)
        refused = self.harrow("slurm", "submit", self.sweep(), "--dir", self.run_dir, "--partition", "none such",
                              code=4)
        self.assertIn("sbatch failed", refused.stderr)
        self.assertFalse(self.run_dir.exists())
        without = self.harrow("slurm", "submit", self.sweep(), "--dir", self.run_dir, code=4,
                              env={"PATH": "/nowhere"}).stderr
        self.assertIn("Slurm is not installed here", without)
        self.assertFalse(self.run_dir.exists())


class GpuTest(SlurmCase):
    """GPU 0 of node0 belongs to somebody else, so that the nodes' lists differ."""

    def setUp(self):
        super().setUp()
        busy = self.cluster.command("sbatch", "--parsable", "--nodelist=node0", "--gres=gpu:1", "--output=/dev/null",
                               "--wrap", "sleep 600").strip()
        self.addCleanup(self.cluster.command, "scancel", busy, check=False)
        self.cluster.wait_for_state(busy, "RUNNING")

    def slots_of_job(self, *arguments, count):
        home = self.gpu_machine()
        job = self.submit(self.sweep(), "--device", "cuda", *arguments, program=home / "harrow")
        slots = self.slots_of(home, count)
        self.finish(job)
        self.assertEqual(len([line for line in self.output(job).splitlines() if "Fake GPU" in line]), count,
                         self.output(job))
        return slots

    def test_ranks_of_mpirun_share_the_gpus_of_their_node(self):
        self.assertEqual(self.slots_of_job("--nodes", 2, "--tasks-per-node", 2, "--gpus-per-node", 2, count=4),
                         ["node0 1", "node0 2", "node1 0", "node1 1"])

    def test_ranks_of_srun_share_the_gpus_of_their_node(self):
        self.assertEqual(self.slots_of_job("--nodes", 2, "--tasks-per-node", 2, "--gpus-per-node", 2,
                                           "--launcher", "srun", count=4),
                         ["node0 1", "node0 2", "node1 0", "node1 1"])

    def test_one_rank_per_node_has_a_slot_for_each_gpu(self):
        self.assertEqual(self.slots_of_job("--nodes", 2, "--gpus-per-node", 3, "--cpus-per-task", 3, count=6),
                         ["node0 1", "node0 2", "node0 3", "node1 0", "node1 1", "node1 2"])

    def run_by_hand(self, *sbatch_options, lines, count):
        """Slots of a script of the user's own. `lines` use {run} and {dir}."""
        home = self.gpu_machine()
        run = f"{home / 'harrow'} run {shlex.quote(str(self.sweep()))} --device cuda --dir"
        script = self.dir / "own.sh"
        exports = "".join(f"export {line.strip().replace(': ', '=')}\n"
                          for line in SITE.splitlines() if "OMPI_" in line)
        script.write_text(f"#!/bin/bash\n{exports}" + lines.format(run=run, dir=self.dir))
        job = self.cluster.command("sbatch", "--parsable", "--time=5", f"--output={self.dir}/own.out", *sbatch_options,
                              script).strip()
        self.addCleanup(self.cluster.command, "scancel", job, check=False)
        slots = self.slots_of(home, count)
        self.cluster.wait_for_state(job, "COMPLETED", timeout_s=TIMEOUT_S)
        return slots

    def test_two_steps_of_one_job_have_gpus_of_their_own(self):
        slots = self.run_by_hand("--nodelist=node0", "--ntasks=2", "--gres=gpu:2", count=2, lines="""
srun -n1 --exact --gres=gpu:1 {run} '{dir}/one' &
srun -n1 --exact --gres=gpu:1 {run} '{dir}/two' &
wait
""")
        self.assertEqual(slots, ["node0 1", "node0 2"])
        for name in ["one", "two"]:
            self.assertEqual([end["outcome"] for end in records(self.dir / name, "session_end")], ["done"])

    def test_gpus_bound_to_tasks_by_slurm_stay_with_them(self):
        slots = self.run_by_hand("--nodelist=node1", "--ntasks=2", "--gres=gpu:4", count=4, lines="""
srun --mpi=pmix -n2 --gpus-per-task=2 {run} '{dir}/run'
""")
        self.assertEqual(slots, [f"node1 {index}" for index in range(4)])

    def test_tasks_without_pmix_are_told_how_to_start(self):
        script = self.dir / "own.sh"
        script.write_text(f"#!/bin/bash\nsrun -n2 {HARROW} run {shlex.quote(str(self.sweep()))} --dir {self.dir}/run\n")
        job = self.cluster.command("sbatch", "--parsable", "--ntasks=2", f"--output={self.dir}/own.out", script).strip()
        self.cluster.wait_for_state(job, "FAILED")
        self.assertEqual(self.cluster.job(job)["ExitCode"], "2:0")
        self.assertIn("srun --mpi=pmix harrow run", (self.dir / "own.out").read_text())
        self.assertFalse((self.dir / "run").exists())


class ClusterTest(SlurmCase):
    def test_nothing_of_a_cluster_survives_its_test(self):
        """Not even when the test is killed."""
        code = ("import cluster, sys; c = cluster.Cluster(nodes=1); c.open(); "
                "c.command('sbatch', '--output=/dev/null', '--wrap', 'sleep 600'); print(c.root, flush=True); "
                "sys.stdin.read()")
        child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 text=True, cwd=Path(__file__).parent)
        root = Path(child.stdout.readline().strip())
        self.assertGreaterEqual(len(members(root)), 3)
        child.kill()
        child.wait(timeout=TIMEOUT_S)
        child.stdin.close()
        child.stdout.close()
        self.cluster.wait(lambda: not members(root) and not root.exists(), "the other cluster to be gone")

    @unittest.skipUnless(os.geteuid() == 0, "this is a plain user already")
    def test_the_cluster_needs_no_root(self):
        nobody = pwd.getpwnam("nobody")
        as_nobody = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        python = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
        if subprocess.run([*as_nobody, HARROW, "version"], capture_output=True, check=False).returncode != 0:
            self.skipTest(f"the user nobody cannot read {HARROW}")
        done = subprocess.run([*as_nobody, python, __file__, "JobTest.test_a_sweep_runs_through_on_two_nodes"],
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False,
                              env={**os.environ, "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def main():
    missing = missing_programs()
    if missing:
        print(f"skipped: no Slurm here ({', '.join(missing)} not found; Debian: apt-get install slurm-wlm munge)")
        sys.exit(SKIPPED)
    unittest.main(verbosity=2)


if __name__ == "__main__":
    main()
