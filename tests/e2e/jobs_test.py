"""harrow slurm and what status says of jobs, on a machine without Slurm; tests/slurm has a real one."""
import json
import subprocess
import unittest

from harness import Case, main, rows, wait_for

ONE_JOB = {"format": 1, "jobs": [{"number": 1, "id": "41", "cluster": "", "submitted": "2026-01-01T00:00:00Z"}]}


class JobsTest(Case):
    def setUp(self):
        super().setUp()
        self.env["XDG_CONFIG_HOME"] = str(self.dir / "config")
        self.env["PATH"] = "/nowhere"

    def test_a_script_can_be_printed_or_written(self):
        sweep = self.sweep_file()
        arguments = ["slurm", "render", sweep, "train.lr=1e-3", "--dir", "run", "--nodes", "2", "--slots", "2",
                     "--cache", "features", "--modules", "a", "--modules", "b c"]
        printed = self.harrow(*arguments)
        for words in ["#SBATCH --nodes=2\n", "module load a 'b c' ", f"harrow run {sweep} train.lr=1e-3 --dir "
                      f"{self.dir}/run --slots 2 --cache {self.dir}/features)", f"run={self.dir}/run\n"]:
            self.assertIn(words, printed.stdout)
        self.assertIn(f"mkdir -p {self.dir}/run/slurm", printed.stderr)
        self.harrow(*arguments, "--output", "job.sh")
        self.assertEqual((self.dir / "job.sh").read_text(), printed.stdout)
        subprocess.run(["/bin/bash", "-n", self.dir / "job.sh"], check=True, timeout=30)
        self.assertFalse((self.dir / "run").exists())

    def test_defaults_of_the_site_are_replaced_by_flags(self):
        folder = self.dir / "config" / "harrow"
        folder.mkdir(parents=True)
        (folder / "site.yaml").write_text("slurm: {partition: gpu, time: 60, extra: --exclusive}\n")
        script = self.harrow("slurm", "render", self.sweep_file(), "--dir", "run", "--time", "1-0").stdout
        for line in ["#SBATCH --partition=gpu\n", "#SBATCH --time=1-0\n", "#SBATCH --exclusive\n"]:
            self.assertIn(line, script)
        (self.dir / "other.yaml").write_text("slurm:\n  partiton: cpu\n")
        refused = self.harrow("slurm", "render", self.sweep_file(), "--dir", "run", "--site", "other.yaml", code=2)
        missing = self.harrow("slurm", "render", self.sweep_file(), "--dir", "run", "--site", "none.yaml", code=2)
        self.assertIn("none.yaml", missing.stderr)
        self.assertIn("other.yaml:2: slurm.partiton: unknown key; did you mean 'partition'?", refused.stderr)

    def test_mistakes_are_found_before_anything_is_written(self):
        run = self.dir / "run"
        good = self.sweep_file()
        bad = self.sweep_file(name="bad", seeds="[0, 0]")
        bad.write_text(bad.read_text().replace("num_epochs", "num_epoch"))
        planned = self.harrow("plan", bad, code=2).stderr
        self.assertEqual(self.harrow("slurm", "submit", bad, "--dir", run, code=2).stderr, planned)
        wrong = self.harrow("slurm", "submit", good, "--dir", run, "--time", "soon", "--nodes", "0", code=2).stderr
        self.assertIn("--time: 'soon': expected a time limit", wrong)
        self.assertIn("--nodes: '0': expected an integer", wrong)
        unfit = self.harrow("slurm", "submit", good, "--dir", run, "--time", "1", "--signal", "60", code=2).stderr
        self.assertIn("60 s before the limit is before the start", unfit)
        self.assertIn("cannot be started", self.harrow("slurm", "submit", good, "--dir", run, code=4).stderr)
        self.assertFalse(run.exists())

    def test_another_directory_is_not_written_into(self):
        thesis = self.dir / "thesis"
        thesis.mkdir()
        (thesis / "thesis.tex").write_text("years of work")
        refused = self.harrow("slurm", "submit", self.sweep_file(), "--dir", thesis, code=2).stderr
        self.assertIn("thesis.tex", refused)
        self.assertEqual([path.name for path in thesis.iterdir()], ["thesis.tex"])

    def test_watching_a_job_that_waits_goes_on_with_its_run(self):
        run, answer = self.dir / "run", self.dir / "answer"
        (run / "slurm").mkdir(parents=True)
        (run / "slurm" / "jobs.json").write_text(json.dumps(ONE_JOB))
        squeue = self.dir / "bin" / "squeue"
        squeue.parent.mkdir()
        squeue.write_text(f"#!/bin/sh\nread -r line <{answer}\necho \"$line\"\n")
        squeue.chmod(0o755)
        self.env["PATH"] = str(squeue.parent)
        answer.write_text("41|CANCELLED|None||0:00|1:00:00|N/A|0|\n")
        self.assertIn("CANCELLED", self.harrow("status", run, "--watch").stdout)
        answer.write_text("41|PENDING|Resources||0:00|1:00:00|N/A|0|\n")
        watching = self.start("status", run, "--watch")
        log = self.dir / "background.log"
        wait_for(lambda: "PENDING (Resources)" in log.read_text(), "the job to be shown")
        self.assertEqual(list(json.loads(self.harrow("status", run, "--json").stdout)), ["slurm"])
        self.harrow("run", self.sweep_file(seeds="[0]"), "--dir", run, "--device", "cpu")
        self.assertEqual(watching.wait(timeout=60), 0)
        self.assertIn("1 of 1 trial", log.read_text())
        (run / "slurm" / "jobs.json").write_text("{")
        self.assertIn("jobs.json cannot be used", self.harrow("status", run).stdout)
        jobs = json.loads(self.harrow("status", run, "--json").stdout)["slurm"]
        self.assertIn("jobs.json cannot be used", jobs[0]["problem"])

    def test_a_directory_with_job_scripts_can_be_run_resumed_and_extended(self):
        run = self.dir / "run"
        (run / "slurm").mkdir(parents=True)
        (run / "slurm" / "jobs.json").write_text(json.dumps(ONE_JOB))
        before = self.harrow("status", run).stdout
        self.assertIn("job 41 of Slurm", before)
        self.assertIn("Slurm is not installed here", before)
        self.assertEqual(json.loads(self.harrow("status", run, "--json").stdout)["slurm"][0]["id"], "41")
        sweep = self.sweep_file(seeds="[0]")
        self.harrow("run", sweep, "--dir", run, "--device", "cpu")
        self.assertTrue(rows(run))
        self.assertIn("job 41 of Slurm", self.harrow("status", run).stdout)
        self.assertIn("run --dir", self.harrow("slurm", "render", "--dir", run).stdout)
        changed = [sweep, "seeds=0,1", "--dir", run]
        refused = self.harrow("slurm", "render", *changed, code=2).stderr
        for words in ["holds another sweep", "+ ", "--extend"]:
            self.assertIn(words, refused)
        self.assertIn(" --extend", self.harrow("slurm", "render", *changed, "--extend").stdout)
        other = self.harrow("slurm", "render", sweep, "train.lr=5e-3", "--dir", run, "--extend", code=2).stderr
        self.assertIn("train.lr", other)


if __name__ == "__main__":
    main()
