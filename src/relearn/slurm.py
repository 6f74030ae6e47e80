"""What a killed build left in Slurm, where its jobs run on and nobody waits for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from relearn.errors import RelearnError

PREFIX = "relearn_"  # of a job's name, by profiles/slurm
FIELDS = "%i|%j|%Z"  # its id, its name, the folder that it was submitted from


def cancel_left(folder: Path) -> None:
    """Cancel this user's jobs that were submitted from `folder`; return once they have ended.

    Another build would compute the same anew, and both would write to the same files.

    Raises:
        RelearnError: Slurm does not answer, or does not cancel them.
    """
    if not shutil.which("squeue"):
        return
    jobs = _jobs(folder)
    if not jobs:
        return
    print(f"relearn: cancelling {len(jobs)} jobs that a killed build left", file=sys.stderr)
    _call("scancel", *jobs)
    while _jobs(folder):
        time.sleep(1)


def _jobs(folder: Path) -> list[str]:
    lines = _call("squeue", "--me", "--noheader", "--format", FIELDS).splitlines()
    found = [line.split("|", 2) for line in lines]
    return [job for job, name, where in found if name.startswith(PREFIX) and where == str(folder)]


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"status {done.returncode}"
        raise RelearnError(f"{command[0]}: {said}; see that Slurm is up, then build again")
    return done.stdout
