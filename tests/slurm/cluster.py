"""A real Slurm on this machine: two nodes of one core each, two partitions, on loopback only.

The high partition takes nodes from the low one, whose jobs are queued again. There is no
accounting; `accounting.py` adds it. All files lie in one folder, and all daemons are children of
this process.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = "slurm-wlm and munge, on Debian: .ci/packages slurm-wlm munge"
NODES = ("n1", "n2")
PATIENCE = 60  # seconds for a daemon to answer
CONF = """\
ClusterName=relearn
SlurmctldHost=localhost
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
{accounting}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
SchedulerParameters=sched_interval=2,bf_interval=2
MinJobAge=3600
MaxJobCount=20000
KillWait=2
SlurmdTimeout=10
NodeName=n1 NodeHostname=localhost Port={ports[1]} CPUs=1 RealMemory=8000
NodeName=n2 NodeHostname=localhost Port={ports[2]} CPUs=1 RealMemory=8000
PartitionName=low Nodes=n1,n2 Default=YES PriorityTier=1 PreemptMode=REQUEUE State=UP
PartitionName=high Nodes=n1,n2 PriorityTier=10 PreemptMode=OFF State=UP
"""


class Cluster:
    """Slurm's daemons, and what a user of it calls."""

    programs: tuple[str, ...] = ("munged", "slurmctld", "slurmd")

    def __init__(self, folder: Path):
        """Start it in `folder`, which it makes.

        Raises:
            AssertionError: a program is missing, or a daemon does not come up.
        """
        for program in self.programs:
            assert shutil.which(program), f"{program} is missing: install {PACKAGES}"
        self.folder = folder
        self.conf = folder / "slurm.conf"
        self._daemons: dict[str, subprocess.Popen] = {}
        folder.mkdir(parents=True)
        (folder / "state").mkdir()
        key = folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        own = {"folder": folder, "user": getpass.getuser(), "ports": free_ports(3)}
        self.conf.write_text(CONF.format(accounting=self.accounting(), **own))
        files = ("key-file=munge.key", "socket=munge.socket", "pid-file=munge.pid")
        files += ("log-file=munge.log", "seed-file=munge.seed")
        places = [f"--{name}={folder}/{file}" for name, file in (each.split("=") for each in files)]
        try:
            self.begin("munged", "munged", "--foreground", "--force", *places)
            up(lambda: (folder / "munge.socket").exists(), "munged")
            self.account()
            self.start("slurmctld")
            for node in NODES:
                self.start(node)
            up(lambda: self.states() == {node: "idle" for node in NODES}, "the nodes")
        except BaseException:
            self.stop()
            raise

    def accounting(self) -> str:
        """Return the lines of slurm.conf on accounting."""
        return "AccountingStorageType=accounting_storage/none"

    def account(self) -> None:
        """Start what keeps the accounts, if anything does."""

    @property
    def variables(self) -> dict[str, str]:
        """What a program needs in its environment to find this Slurm."""
        return {"SLURM_CONF": str(self.conf)}

    def start(self, name: str) -> None:
        """Start slurmctld, or the daemon of a node, and wait until slurmctld answers."""
        if name == "slurmctld":
            self.begin(name, "slurmctld", "-D")
            up(lambda: "is UP" in self.call("scontrol", "ping", check=False), name)
        else:
            self.begin(name, "slurmd", "-D", "-N", name)

    def kill(self, name: str) -> None:
        """End a daemon by SIGKILL."""
        daemon = self._daemons.pop(name)
        daemon.kill()
        daemon.wait()

    def stop(self) -> None:
        """End all jobs and daemons."""
        if "slurmctld" in self._daemons:
            self.clear()
        for daemon in reversed(self._daemons.values()):
            daemon.terminate()
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()

    def clear(self) -> None:
        """End all jobs."""
        self.call("scancel", "--user", getpass.getuser(), check=False)
        up(lambda: not self.call("squeue", "-h", check=False), "an empty queue")

    def call(self, *command: str, check: bool = True) -> str:
        """Run a command of Slurm's; return what it prints.

        Raises:
            AssertionError: it failed, and `check` holds.
        """
        answer = subprocess.run(
            command, env=os.environ | self.variables, capture_output=True, text=True
        )
        assert not check or answer.returncode == 0, f"{' '.join(command)}: {answer.stderr}"
        return answer.stdout.strip()

    def states(self) -> dict[str, str]:
        """Return the state of each node, in Slurm's words."""
        lines = self.call("sinfo", "-h", "-N", "-p", "low", "-o", "%N %t", check=False)
        return dict(line.split() for line in lines.splitlines())

    def jobs(self) -> dict[str, dict[str, str]]:
        """Return what Slurm knows of every job so far: id to field to value, in its words."""
        found = {}
        for line in self.call("scontrol", "--oneliner", "show", "job").splitlines():
            fields = dict(each.split("=", 1) for each in line.split() if "=" in each)
            if "JobId" in fields:
                found[fields["JobId"]] = fields
        return found

    def begin(self, name: str, *command: str) -> None:
        """Start a daemon, to be ended with the rest."""
        with open(self.folder / f"{name}.out", "ab") as said:
            self._daemons[name] = subprocess.Popen(
                command,
                env=os.environ | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )


def free_ports(count: int) -> list[int]:
    """Return ports of this machine's loopback that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def up(true: Callable[[], bool], what: str) -> None:
    """Wait until something answers; fail if it does not."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come up within {PATIENCE} s"
        time.sleep(0.1)
