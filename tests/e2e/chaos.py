"""What the chaos tests share: runs that are killed, and what must hold of them whatever was killed."""
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from harness import DEMO, HARROW, Case, journal, records, rows, workers_of

# `make chaos` asks for 100 of each.
COUNT = int(os.environ.get("HARROW_CHAOS_COUNT", "0"))
SEED = int(os.environ.get("HARROW_CHAOS_SEED", "1"))


class ChaosCase(Case):
    """Data, an undisturbed run and the features it left are made once for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Path(tempfile.mkdtemp(prefix="harrow-chaos-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        env = {k: v for k, v in os.environ.items() if not k.startswith(("OMPI_", "PMIX_", "SLURM_"))}
        env["HARROW_CACHE"] = str(cls.shared / "cache")
        subprocess.run([HARROW, "data", "synth", cls.shared / "data", "--classes", "3", "--size", "64",
                        "--seed", "5"], env=env, check=True, capture_output=True, timeout=60)
        subprocess.run([HARROW, "run", *cls.sweep(), "--dir", cls.shared / "undisturbed", "--slots", "1"],
                       env=env, check=True, capture_output=True, timeout=300)
        cls.expected = rows(cls.shared / "undisturbed")

    overrides = ["train.num_epochs=2"]

    @classmethod
    def sweep(cls):
        return [str(DEMO), f"data.root={cls.shared / 'data'}", *cls.overrides]

    def log_of(self, process):
        return (self.dir / "background.log").read_text()

    def count(self, small):
        return COUNT or small

    def random(self, name):
        print(f"seed {SEED} of {name}", flush=True)
        return random.Random(f"{SEED} {name}")

    def assert_rows_as_undisturbed(self, run):
        self.assertEqual(rows(run), self.expected)

    def assert_nothing_ran_twice(self, run):
        for kind, key in (("trained", "training_key"), ("extracted", "feature_key")):
            done = [record[key] for record in records(run, kind)]
            self.assertEqual(len(done), len(set(done)), f"{kind} twice")

    def assert_checkpoints_were_used(self, run):
        """An attempt goes on from what the one before had published: only the task that was under way
        is trained again. By the training's own log, which a killed worker cannot take back, and by
        the journal, which must not promise more than there is."""
        for log in sorted(Path(run).glob("trainings/*/log")):
            attempts = re.split(r"^.* info train \S+ attempt=\d+ .*$", log.read_text(), flags=re.M)[1:]
            last_task = 0
            for number, attempt in enumerate(attempts):
                tasks = [int(task) for task in re.findall(r" info training task=(\d+)/", attempt)]
                if tasks:
                    self.assertGreaterEqual(tasks[0], last_task, f"{log}, attempt {number + 1} in it")
                    last_task = tasks[-1]
        promised = {}
        for record in self.records_of_trainings(run):
            place = (record["task"], record["epoch"])
            if record["type"] == "checkpoint":
                promised[record["key"]] = max(place, promised.get(record["key"], (0, 0)))
            else:
                self.assertGreaterEqual(place, promised.get(record["key"], (0, 0)))

    def assert_kills_are_recorded(self, run, kills, trained):
        """Every kill has a record with its signal. `trained`: trainings done at the last kill; only
        where fewer than two of the six were left may that worker have died in a run that was
        ending, which is no loss. Answers the records."""
        deaths = deaths_of(run)
        self.assertEqual({death.get("signal") for death in deaths} - {9}, set())
        self.assertIn(len(deaths), (kills, kills - 1) if trained > 4 else (kills,))
        return deaths

    @staticmethod
    def records_of_trainings(run):
        return [dict(record["data"], type=record["type"]) for record in journal(run)
                if record["type"] in ("checkpoint", "resumed")]


def deaths_of(run):
    """Records of workers that died, with a unit in hand or without."""
    return records(run, "failed") + records(run, "lost_worker")


def group_members(group):
    """Living processes of a process group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] not in "ZX":
            found.append(int(stat.parent.name))
    return found


def age(pid):
    """Seconds since a process started; None when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
    except OSError:
        return None
    return None if fields[0] in "ZX" else up - int(fields[19]) / os.sysconf("SC_CLK_TCK")


class WorkerKiller:
    """kill -9 of random workers of one coordinator, never of so many young ones in a row that their
    slot would be given up for good reason."""

    def __init__(self, pid, chance, pause=(0.2, 1.0)):
        self.pid, self.chance, self.pause = pid, chance, pause
        self.kills = 0
        self.young_in_row = 0

    def kill_one(self):
        """Waits a random moment, kills a random worker. False when there was none."""
        time.sleep(self.chance.uniform(*self.pause))
        victims = [pid for pid in workers_of(self.pid) if age(pid) is not None]
        old = [pid for pid in victims if (age(pid) or 0) > 3]
        if self.young_in_row >= 1:
            victims = old
        if not victims:
            return False
        victim = self.chance.choice(victims)
        self.young_in_row = 0 if victim in old else self.young_in_row + 1
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.kills += 1
        return True
