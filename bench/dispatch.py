"""How fast, how lean and how idle is dispatching? Prints one line per question, ratios last.

Every rate is a difference: (units of the long run - units of the short run) / (seconds - seconds), so
that starting processes (a worker loads torch) does not count. Standard library only; peers are
measured when they are installed."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HARROW = ROOT / "build" / "release" / "harrow"
MPIRUN = ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3"]
TICK = os.sysconf("SC_CLK_TCK")
WORK = Path(tempfile.mkdtemp(prefix="harrow-dispatch-"))
ENV = {**os.environ, "HARROW_CACHE": str(WORK / "cache"), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


def sweep(name, text):
    path = WORK / f"{name}.yaml"
    path.write_text(f"name: {name}\nmethod: noop\n{text}\n")
    return path


def run(command, **options):
    begin = time.monotonic()
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, env=ENV, cwd=WORK,
                          timeout=200, **options)
    if done.returncode != 0:
        sys.exit(f"{command} failed: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - begin, done.stdout


def rate(action, short, long):
    few, many = (min(action(count) for _ in range(2)) for count in (short, long))
    return (long - short) / max(many - few, 1e-9)


def harrow_seconds(launcher, slots):
    def action(count):
        spec = sweep(f"dispatch-{count}", f"seeds: 0..{count - 1}")
        directory = WORK / f"run-{len(launcher)}-{count}"
        shutil.rmtree(directory, ignore_errors=True)
        return run([*launcher, HARROW, "run", spec, "--dir", directory, "--slots", slots])[0]
    return action


def processes():
    """(pid, parent, command, processor seconds) of everything that runs."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text()
            except OSError:
                continue
            name = text[text.index("(") + 1:text.rindex(")")]
            fields = text[text.rindex(")") + 2:].split()
            found.append((int(entry.name), int(fields[1]), name, (int(fields[11]) + int(fields[12])) / TICK))
    return found


def descendants(root):
    table = {pid: (parent, name, seconds) for pid, parent, name, seconds in processes()}
    ours = {}
    for pid, (parent, name, seconds) in table.items():
        at = pid
        while at in table and at != root:
            at = table[at][0]
        if at == root:
            ours[pid] = (name, seconds)
    return ours


def idle_share(launcher, slots, window=10.0):
    """Highest share of one processor by program, while every slot waits for work that sleeps."""
    spec = sweep("idle", "noop: {seconds: 100}\nseeds: 0..5")
    directory = WORK / f"idle-{len(launcher)}"
    process = subprocess.Popen([str(c) for c in [*launcher, HARROW, "run", spec, "--dir", directory, "--slots", slots]],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV, cwd=WORK)
    journal = directory / "journal.jsonl"
    wanted = slots if not launcher else 3 * slots
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if journal.exists() and journal.read_text().count('"type":"started"') >= wanted:
            break
        time.sleep(0.1)
    time.sleep(2.0)
    before = descendants(process.pid)
    time.sleep(window)
    after = descendants(process.pid)
    shares = {}
    for pid, (name, seconds) in after.items():
        if pid in before and name.startswith("harrow"):
            share = (seconds - before[pid][1]) / window
            shares[name] = max(shares.get(name, 0.0), share)
    for pid in after:  # children of the launcher first would be restarted: end the launcher
        if pid == process.pid:
            process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return shares


def peak_memory(spec):
    directory = WORK / "memory"
    process = subprocess.Popen([str(HARROW), "run", str(spec), "--dir", str(directory), "--slots", "2"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=ENV, cwd=WORK)
    peak = 0
    while process.poll() is None:
        try:
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            peak = int(found.group(1)) if found else peak
        except OSError:
            pass
        time.sleep(0.02)
    return peak / 1024, process.returncode


def python_with(module):
    for python in (sys.executable, "/usr/bin/python3"):
        if subprocess.run([python, "-c", f"import {module}"], capture_output=True).returncode == 0:
            return python
    return None


def python_rate(python, name, script, short, long, launcher=()):
    path = WORK / f"{name}_peer.py"
    path.write_text(script)
    return rate(lambda count: run([*launcher, python, path, count])[0], short, long)


PEERS = {
    "mpi4py.futures": ("mpi4py", 2000, 12000, ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", "3"], """
import sys
from mpi4py.futures import MPICommExecutor
def work(seed):
    return {"trial": seed, "rows": [[0, "mean", "routed", "image_auroc", 0.5]]}
if __name__ == "__main__":
    with MPICommExecutor() as pool:
        if pool is not None:
            assert sum(1 for _ in pool.map(work, range(int(sys.argv[1])))) == int(sys.argv[1])
"""),
    "Dask": ("distributed", 500, 3000, [], """
import sys
from distributed import Client, LocalCluster
def work(seed):
    return {"trial": seed, "rows": [[0, "mean", "routed", "image_auroc", 0.5]]}
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        assert len(client.gather(client.map(work, range(int(sys.argv[1])), pure=False))) == int(sys.argv[1])
"""),
    "Optuna (SQLite, 2 processes)": ("optuna", 50, 400, [], """
import multiprocessing, sys, tempfile
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
def storage(path):
    return optuna.storages.RDBStorage("sqlite:///" + path, engine_kwargs={"connect_args": {"timeout": 100}})
def part(path, count):
    study = optuna.load_study(study_name="noop", storage=storage(path), sampler=optuna.samplers.RandomSampler())
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=count)
if __name__ == "__main__":
    path = tempfile.mktemp(suffix=".db")
    optuna.create_study(study_name="noop", storage=storage(path))
    parts = [multiprocessing.Process(target=part, args=(path, int(sys.argv[1]) // 2)) for _ in range(2)]
    [p.start() for p in parts]
    [p.join() for p in parts]
    assert all(p.exitcode == 0 for p in parts)
"""),
}


def peers(local):
    for name, (module, short, long, launcher, script) in PEERS.items():
        python = python_with(module)
        if python is None:
            print(f"{name}: not installed, left out")
            continue
        value = python_rate(python, module, script, short, long, launcher)
        print(f"{name}: {value:.0f} units/s; Harrow local with its journal is {local / value:.1f} times as fast")
    if shutil.which("parallel") is None:
        print("GNU parallel: not installed, left out")
        return

    def action(count):
        log = WORK / f"joblog-{count}"
        log.unlink(missing_ok=True)
        return run(["parallel", "--joblog", log, "-j", "2", "true", ":::", *range(count)])[0]
    value = rate(action, 100, 800)
    print(f"GNU parallel (one process per unit): {value:.0f} units/s; Harrow local is {local / value:.1f} times as fast")


def simulated(spec, slots, *arguments):
    seconds, out = run([HARROW, "plan", spec, "--simulate", slots, "--json", *arguments])
    return seconds, json.loads(out)["simulation"]


def main():
    values = ", ".join(f"{1e-5 * (index + 1):.8f}" for index in range(1000))
    many = sweep("many", f"seeds: 0..99\nspace: [{{grid: {{train.lr: [{values}]}}}}]")
    local = rate(harrow_seconds([], 2), 2000, 27000)
    print(f"noop trainings, local, 2 slots, journal on: {local:.0f} per second (aim 5000)")
    if shutil.which("mpirun"):
        ranks = rate(harrow_seconds(MPIRUN, 1), 2000, 22000)
        print(f"noop trainings, mpirun -n 3, 1 slot per rank, journal on: {ranks:.0f} per second (aim 5000)")
    for label, launcher, slots in (("local, 2 slots", [], 2), ("mpirun -n 3", MPIRUN, 1)):
        if launcher and not shutil.which("mpirun"):
            continue
        shares = idle_share(launcher, slots)
        print(f"idle, {label}: " + ", ".join(f"{name} {100 * share:.2f} %" for name, share in sorted(shares.items()))
              + (" of a processor (aim 3 % a rank)" if launcher else " of a processor (aim 0.5 % a process)"))
    peak, code = peak_memory(many)
    print(f"coordinator's peak memory, 100,000 trials (1,000 cells x 100 seeds): {peak:.0f} MB, exit {code} (aim 150)")
    ones = sweep("ones", "noop: {seconds: 1}\nseeds: 0..9999")
    _, result = simulated(ones, 16)
    print(f"10,000 x 1 s on 16 slots: makespan / bound = {result['makespan_s'] / result['bound_s']:.5f} (aim 1.005)")
    seconds, result = simulated(many, 1000)
    print(f"plan --simulate 1000 of 100,000 trials: {seconds:.1f} s, of which reading and expanding the sweep "
          f"{run([HARROW, 'plan', many, '--json'])[0]:.1f} s")
    peers(local)


if __name__ == "__main__":
    try:
        main()
    finally:
        shutil.rmtree(WORK, ignore_errors=True)
