"""What the tests with a real Slurm share: the cluster, sweeps, submissions, and a harrow with GPUs that are none."""
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

from cluster import Cluster, members

BUILD = Path(os.environ["HARROW_BUILD_DIR"])
SOURCE = Path(os.environ["HARROW_SOURCE_DIR"])
sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
from harness import records  # noqa: E402

HARROW = BUILD / "harrow"
TIMEOUT_S = 120

# Emulated nodes share a host name, so Open MPI must not take their ranks for neighbours.
SITE = """\
slurm:
  time: 10
  environment:
    OMPI_MCA_btl: "self,tcp"
    OMPI_MCA_btl_tcp_if_include: lo
    OMPI_MCA_oob_tcp_if_include: lo
    OMPI_ALLOW_RUN_AS_ROOT: 1
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: 1
"""
SWEEP = """\
name: small
method: moleflow
data: {{layout: mvtec, root: {root}, classes: all, image_size: 64}}
train: {{num_epochs: {epochs}, batch_size: 8}}
model: {{num_coupling_layers: 2, dia_n_blocks: 1, lora_rank: 4}}
score: {{map_size: 64}}
seeds: "{seeds}"
"""
# Tells of as many GPUs as CUDA_VISIBLE_DEVICES names, notes what its slot was given, waits for the test's word.
GPU_WORKER = """\
#!/bin/bash
if [ "$1" = --probe ]; then
    IFS=, read -r -a visible <<<"$CUDA_VISIBLE_DEVICES"
    list=
    for index in "${{!visible[@]}}"; do
        list+="${{list:+,}}{{\\"index\\":$index,\\"uuid\\":\\"GPU-$SLURMD_NODENAME-${{visible[index]}}\\""
        list+=",\\"name\\":\\"Fake GPU\\",\\"memory_bytes\\":25769803776}}"
    done
    echo "{{\\"version\\":1,\\"devices\\":[$list]}}"
    exit
fi
echo "$SLURMD_NODENAME $CUDA_VISIBLE_DEVICES" >>'{home}/notes'
for _ in {{1..600}}; do
    [ -e '{home}/go' ] && break
    sleep 0.1
done
exec {worker}
"""


class SlurmCase(unittest.TestCase):
    """A case of its own folder in the cluster that the module opened."""
    cluster = None
    work = None

    @classmethod
    def open_cluster(cls):
        """For setUpModule: the cluster, a site file and a data set for all cases."""
        cls.cluster = Cluster(nodes=2, gpus=4)
        unittest.addModuleCleanup(cls.cluster.stop)
        cls.cluster.open()
        cls.work = Path(tempfile.mkdtemp(prefix="harrow-slurm-work-"))
        unittest.addModuleCleanup(shutil.rmtree, cls.work, ignore_errors=True)
        cls.cluster.env.update(HARROW_CACHE=str(cls.work / "cache"), NO_COLOR="1",
                               XDG_CONFIG_HOME=str(cls.work / "config"))
        (cls.work / "config" / "harrow").mkdir(parents=True)
        (cls.work / "config" / "harrow" / "site.yaml").write_text(SITE)
        subprocess.run([HARROW, "data", "synth", cls.work / "data", "--classes", "2", "--size", "64"], check=True,
                       stdout=subprocess.DEVNULL, timeout=TIMEOUT_S)

    def setUp(self):
        self.dir = self.work / self.id().rpartition(".")[2]
        self.dir.mkdir()
        self.run_dir = self.dir / "a run's"  # names with blanks and quotes are part of every case

    def harrow(self, *arguments, code=0, program=HARROW, env=None):
        done = subprocess.run([str(word) for word in (program, *arguments)], capture_output=True, text=True,
                              env={**self.cluster.env, **(env or {})}, cwd=self.dir, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def sweep(self, epochs=1, seeds="0..1", name="a sweep's"):
        path = self.dir / f"{name}.yaml"
        path.write_text(SWEEP.format(root=self.work / "data", epochs=epochs, seeds=seeds))
        return path

    def submit(self, *arguments, run=None, **keywords):
        job = self.harrow("slurm", "submit", *arguments, "--dir", run or self.run_dir, **keywords).stdout.strip()
        self.addCleanup(self.cluster.command, "scancel", job, check=False)
        return job

    def output(self, job, run=None):
        path = (run or self.run_dir) / "slurm" / f"job-{job}.out"
        return path.read_text() if path.exists() else "(no output)"

    def finish(self, job, state="COMPLETED", run=None):
        ended = self.cluster.wait_for_state(job, "COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", timeout_s=TIMEOUT_S)
        self.assertEqual(ended["JobState"], state, f"{ended}\n{self.output(job, run)}")
        return ended

    def gpu_machine(self, worker=f"'{BUILD}/tests/harrow_fake_worker' --pretend"):
        """The folder of a harrow whose slots note where they are and wait for a file `go`. By default they then
        train nothing."""
        home = self.dir / "gpu-machine"
        home.mkdir()
        shutil.copy2(HARROW, home / "harrow")
        program = home / "harrow-worker"
        program.write_text(GPU_WORKER.format(home=home, worker=worker))
        program.chmod(0o755)
        return home

    def slots_of(self, home, count):
        """What `count` slots noted: lines of node and CUDA_VISIBLE_DEVICES, sorted; then they may go on."""
        notes = home / "notes"
        lines = self.cluster.wait(lambda: notes.exists() and len(notes.read_text().splitlines()) >= count and
                             notes.read_text().splitlines(), f"{count} slots to start")
        (home / "go").touch()
        return sorted(lines)

    def assert_every_training_once(self, run, trials):
        """However often the job was started, nothing that was finished ran twice."""
        trained = Counter(record["training_key"] for record in records(run, "trained"))
        self.assertEqual(set(trained.values()), {1}, trained)
        finished = Counter(trial["trial"] for record in records(run, "finished")
                           for trial in record["trials"])
        self.assertEqual((len(finished), set(finished.values())), (trials, {1}))

    def processes_with(self, *variables):
        """The cluster's processes with all of these in their environment."""
        found = []
        for pid in members(self.cluster.root):
            with contextlib.suppress(OSError):
                if set(variables) <= set(Path(f"/proc/{pid}/environ").read_text().split("\0")):
                    found.append(pid)
        return found
