"""Runs the real programs on small synthetic data in a fresh directory; standard library only."""
import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

BUILD = Path(os.environ["HARROW_BUILD_DIR"])
SOURCE = Path(os.environ["HARROW_SOURCE_DIR"])
HARROW = BUILD / "harrow"
DEMO = SOURCE / "sweeps" / "examples" / "demo.yaml"
TIMEOUT_S = 300


class Case(unittest.TestCase):
    """A test with a directory of its own, a cache of its own and no variables of the caller's."""

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="harrow-e2e-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMIX_", "SLURM_"))}
        self.env["HARROW_CACHE"] = str(self.dir / "cache")
        self.env["NO_COLOR"] = "1"

    def harrow(self, *arguments, code=0):
        """Runs `harrow …`; fails unless it exits with `code`. Returns the finished process."""
        return self.command([HARROW, *arguments], code)

    def command(self, command, code=0):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              env=self.env, cwd=self.dir, timeout=TIMEOUT_S)
        self.assertEqual(done.returncode, code,
                         f"{command}\nstdout: {done.stdout[-3000:]}\nstderr: {done.stderr[-3000:]}")
        return done

    def start(self, *arguments):
        """Starts `harrow …` as the leader of a process group of its own."""
        log = open(self.dir / "background.log", "w")
        self.addCleanup(log.close)
        process = subprocess.Popen([str(HARROW), *map(str, arguments)], stdout=log, stderr=log,
                                   env=self.env, cwd=self.dir, start_new_session=True)
        self.addCleanup(self.end_group, process)
        return process

    @staticmethod
    def end_group(process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait(timeout=30)

    def data(self, classes=3, size=64, seed=5):
        root = self.dir / f"data-{classes}-{size}-{seed}"
        if not root.exists():
            self.harrow("data", "synth", root, "--classes", classes, "--size", size, "--seed", seed)
        return root

    def small_demo(self, **keywords):
        """Arguments that make the demo sweep quick: small images, few epochs."""
        return [DEMO, f"data.root={self.data(**keywords)}", "train.num_epochs=2"]

    def sweep_file(self, space="", seeds="[0, 1]", root=None, extra="", name="small"):
        path = self.dir / f"{name}.yaml"
        path.write_text(f"""name: {name}
method: moleflow
data: {{layout: mvtec, root: {root or self.data(classes=2)}, classes: all, image_size: 64}}
train: {{num_epochs: 1, batch_size: 8}}
model: {{num_coupling_layers: 2, dia_n_blocks: 1, lora_rank: 4}}
score: {{map_size: 64}}
seeds: {seeds}
{space}
{extra}
""")
        return path


def rows(run):
    """The data rows of DIR/results.csv as a sorted list of lines."""
    lines = (Path(run) / "results.csv").read_text().splitlines()
    return sorted(lines[1:])


def table(run):
    with open(Path(run) / "results.csv", newline="") as file:
        return list(csv.DictReader(file))


def journal(run):
    """The complete records of DIR/journal.jsonl."""
    path = Path(run) / "journal.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def records(run, kind):
    return [record["data"] for record in journal(run) if record["type"] == kind]


def wait_for(condition, what, timeout_s=120):
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout_s} s for {what}")


def workers_of(pid):
    """Process ids of the harrow-worker children of `pid`."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        parent = int(text.rpartition(")")[2].split()[1])
        if parent == pid and "harrow-worker" in text[:40]:
            found.append(int(text.split()[0]))
    return found


def main():
    if not HARROW.exists():
        print(f"{HARROW} is not built", file=sys.stderr)
        sys.exit(1)
    unittest.main(verbosity=2)
