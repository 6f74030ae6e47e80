"""The small project, built through Slurm, and the trouble that its runs can meet there."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil
from cluster import Cluster
from small_project import Build, SmallProject, at_work, kill
from tests_support import ROOT

RUNS = 7  # of the small project
PLUGIN = ROOT / ".venv/slurm"
PROFILE = ("--workflow-profile", "profiles/slurm")
# How soon this Slurm is asked; one of many users is asked less often.
SOON = ("--slurm-init-seconds-before-status-checks", "2", "--seconds-between-status-checks", "2")
# What a test has befall the run that meets it: each run is told once, then runs as ever.
TROUBLE = """

def _meet_trouble():
    import time
    from pathlib import Path

    told = Path("trouble")
    try:
        what = told.read_text()
        told.unlink()
    except FileNotFoundError:
        return
    Path("met").write_text(what)
    time.sleep(1)
    hoard = b"x" * (3 << 30) if what == "hoard" else None
    while what != "hold" or Path("hold").exists():
        if what == "raise":
            raise ValueError("trouble of a test")
        time.sleep(0.1)


"""


class SlurmProject(SmallProject):
    """The small project, built through Slurm."""

    def __init__(self, folder: Path, cluster: Cluster):
        super().__init__(folder)
        self.cluster = cluster
        self.builds: list[Build] = []

    def start(self, *arguments: str, **more: str) -> Build:
        """Start a build by the profile, a run a job."""
        own = {**self.cluster.variables, **more}
        words = (*PROFILE, *SOON, "--group-components", "short=1", *arguments)
        self.builds.append(Build(self.folder, words, own, PLUGIN))
        return self.builds[-1]

    def end(self) -> None:
        """End what a test that failed left at work, lest the next one meet it."""
        for build in self.builds:
            kill(build.process.pid)
            build.process.wait()
        self.cluster.clear()

    def trouble(self, what: str) -> None:
        """Have one run of bright_rows meet trouble: hoard, raise, stall, or hold until `go`."""
        (self.folder / "hold").touch()
        (self.folder / "trouble").write_text(what)

    def met(self, build: Build) -> str:
        """Wait until a run has met the trouble; return the id of its Slurm job."""
        until(lambda: (self.folder / "met").exists() or build.process.poll() is not None)
        assert (self.folder / "met").exists(), build.said()
        (process,) = [
            process for name, process in at_work(self.folder) if name.startswith("run/bright_rows/")
        ]
        return psutil.Process(process).environ()["SLURM_JOB_ID"]

    def go(self) -> None:
        """Let the run that holds go on."""
        (self.folder / "hold").unlink()

    def last(self) -> str:
        """Return the id of the job that was submitted last."""
        return max((job["JobId"] for job in self.submitted()), key=int)

    def submitted(self) -> list[dict[str, str]]:
        """Return what Slurm knows of this project's jobs."""
        return [
            each for each in self.cluster.jobs().values() if each["WorkDir"] == str(self.folder)
        ]


def require_the_same(project: SmallProject, local: SmallProject) -> None:
    """Fail unless a build has the bytes of one on this machine, and as many runs in MLflow."""
    assert project.manifest() == local.manifest()
    runs = project.tracked()
    assert {status for _, status in runs} == {"FINISHED"}
    assert len({key for key, _ in runs}) == len(runs) == len(local.tracked())


def seconds(text: str) -> int:
    """Read a time as Slurm writes it: days-hours:minutes:seconds."""
    days, _, rest = text.rpartition("-")
    hours, minutes, left = map(int, rest.split(":"))
    return ((int(days or 0) * 24 + hours) * 60 + minutes) * 60 + left


def until(true: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something holds; fail if it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
