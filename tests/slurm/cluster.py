"""A Slurm cluster on this machine: munged, slurmctld and one slurmd per emulated node, on loopback,
in a directory of its own, as root or as a plain user. Standard library only.

Everything that belongs to a cluster has its SLURM_CONF in the environment; stopping it means ending
whatever has, so that nothing survives a test: not a daemon, not a job, not a step.
"""
import contextlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "scontrol", "scancel", "srun", "sinfo"]
SEARCH = os.pathsep.join(["/usr/sbin", "/usr/local/sbin", os.environ.get("PATH", "/usr/bin:/bin")])
COMMAND_TIMEOUT_S = 30

CONFIGURATION = """\
ClusterName=harrowtest
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/run/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
TmpFS={root}/spool/%n/tmp
SlurmctldPidFile={root}/run/slurmctld.pid
SlurmdPidFile={root}/run/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,bf_interval=1,sched_interval=1
ReturnToService=2
MpiDefault=none
KillWait=5
MinJobAge=3600
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=30
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""
NODE = ("NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=8 Boards=1 SocketsPerBoard=1 "
        "CoresPerSocket=8 ThreadsPerCore=1 RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN")


def missing_programs():
    """Names of the programs that a cluster needs and this machine lacks."""
    return [name for name in PROGRAMS if shutil.which(name, path=SEARCH) is None]


def user_name():
    return pwd.getpwuid(os.geteuid()).pw_name


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def fake_gpus(root, count):
    """A device pattern for gres.conf: Slurm wants character devices whose names end in the index."""
    for index in range(count):
        (root / "dev" / f"fakegpu{index}").symlink_to("/dev/null")
    return f"{root}/dev/fakegpu[0-{count - 1}]"


def is_running(pid):
    """False for a zombie: whoever should reap it may never do so."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def members(root):
    """Processes started with this cluster's configuration in their environment."""
    mark = f"SLURM_CONF={root}/".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes() and is_running(entry.name):
                found.append(int(entry.name))
    return found


def end_members(root, timeout_s=10):
    """Kills what belongs to the cluster until nothing is left."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        left = [pid for pid in members(root) if pid != os.getpid()]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    raise RuntimeError(f"processes of the test cluster in {root} do not die: {members(root)}")


def start_guard(root):
    """A process apart that ends the cluster when this one is gone, however it went. Returns the
    pipe whose closing tells it."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child != 0:
        os.close(read_end)
        os.waitpid(child, 0)
        return write_end
    os.close(write_end)
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.read(read_end, 1)
    with contextlib.suppress(Exception):
        end_members(root)
    shutil.rmtree(root, ignore_errors=True)
    os._exit(0)


class Cluster:
    """Use as a context manager. `env` is what clients and jobs need."""

    def __init__(self, nodes=2, gpus=4):
        self.names = [f"node{index}" for index in range(nodes)]
        self.gpus = gpus
        self.root = Path(tempfile.mkdtemp(prefix="harrow-slurm-", dir="/tmp"))
        self.env = {k: v for k, v in os.environ.items()
                    if not k.startswith(("OMPI_", "PMIX_", "SLURM_", "SBATCH_", "SQUEUE_"))}
        self.env["SLURM_CONF"] = str(self.root / "etc" / "slurm.conf")
        self.env["PATH"] = SEARCH
        self.guard = None

    def __enter__(self):
        self.open()
        return self

    def open(self):
        self.guard = start_guard(self.root)
        try:
            self.prepare()
            try:
                self.start()
            except (RuntimeError, AssertionError):  # somebody else took a port since it was free
                end_members(self.root)
                self.configure()
                self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def prepare(self):
        for name in ["etc", "run", "log", "state", "dev", *(f"spool/{node}/tmp" for node in self.names)]:
            (self.root / name).mkdir(parents=True)
        for path in [self.root, self.root / "run"]:
            path.chmod(0o755)  # munged wants others to reach its socket
        key = self.root / "etc" / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        (self.root / "etc" / "gres.conf").write_text(
            f"NodeName=node[0-{len(self.names) - 1}] Name=gpu File={fake_gpus(self.root, self.gpus)}\n")
        self.configure()

    def configure(self):
        ports = free_ports(1 + len(self.names))
        nodes = "\n".join(NODE.format(name=name, port=port, gpus=self.gpus, memory=4000)
                          for name, port in zip(self.names, ports[1:]))
        (self.root / "etc" / "slurm.conf").write_text(CONFIGURATION.format(
            root=self.root, user=user_name(), controller_port=ports[0], nodes=nodes))

    def start(self):
        run, log = self.root / "run", self.root / "log"
        self.command("munged", "--force", f"--socket={run}/munge.socket", f"--key-file={self.root}/etc/munge.key",
                     f"--pid-file={run}/munged.pid", f"--log-file={log}/munged.log",
                     f"--seed-file={run}/munge.seed")
        self.command("slurmctld", "-c")
        for name in self.names:
            self.command("slurmd", "-N", name)
        self.wait(lambda: self.command("sinfo", "-h", "-t", "idle", "-o", "%D").strip() == str(len(self.names)),
                  "idle nodes", timeout_s=20)

    def stop(self):
        with contextlib.suppress(Exception):
            self.command("scancel", "--user", user_name(), "--signal=KILL", "--full")
        end_members(self.root)
        if self.guard is not None:
            os.close(self.guard)
            self.guard = None
        shutil.rmtree(self.root, ignore_errors=True)

    def command(self, *words, check=True, timeout_s=COMMAND_TIMEOUT_S):
        """Runs a program with the cluster's environment; returns its standard output."""
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=self.env,
                              cwd=self.root, timeout=timeout_s, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"{words}: exit {done.returncode}\n{done.stdout}{done.stderr}\n{self.logs()}")
        return done.stdout

    def job(self, number):
        """What `scontrol show job` says, as a dictionary."""
        text = self.command("scontrol", "show", "job", "-o", number)
        return dict(re.findall(r"(\S+?)=(\S*)", text))

    def wait(self, condition, what, timeout_s=60):
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"waited {timeout_s} s for {what}\n{self.logs()}")

    def wait_for_state(self, number, *states, timeout_s=60):
        return self.wait(lambda: self.job(number)["JobState"] in states and self.job(number),
                         f"job {number} to be {' or '.join(states)}", timeout_s)

    def logs(self, lines=15):
        """The last lines of every daemon, for a failure's message."""
        text = ""
        for path in sorted((self.root / "log").glob("*.log")):
            with contextlib.suppress(OSError):
                text += f"--- {path.name}\n" + "\n".join(path.read_text().splitlines()[-lines:]) + "\n"
        return text


if __name__ == "__main__":  # a cluster to try things by hand: a shell inside it
    with Cluster(nodes=3) as cluster:
        print(f"three nodes with four fake GPUs each; {cluster.root} goes when this shell ends", file=sys.stderr)
        subprocess.run([os.environ.get("SHELL", "/bin/bash")], env=cluster.env, check=False)
