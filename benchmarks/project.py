"""A copy of the project in a folder of its own, and a call of Snakemake in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import ONE_THREAD, ROOT
from relearn.errors import RelearnError

SNAKEMAKE = str(Path(sys.executable).with_name("snakemake"))


def copy(folder: Path) -> Path:
    """Copy all that git would commit into `folder`, made anew; return it."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = call(ROOT, "git", "ls-files", "-co", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake in a copy, with the copy's own source; return what it prints."""
    return call(folder, SNAKEMAKE, *arguments, PYTHONPATH=str(folder / "src"))


def environment(**more: str) -> dict[str, str]:
    """Return this process's variables for another: one thread, no tracking server, and `more`."""
    inherited = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    return inherited | ONE_THREAD | more


def call(folder: Path, *command: str, **more: str) -> str:
    """Run a command in a folder, one thread a process; return what it prints.

    Raises:
        RelearnError: the program is not there, or ended with another status than 0.
    """
    try:
        answer = subprocess.run(
            command,
            cwd=folder,
            env=environment(**more),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise RelearnError(f"{error}: install {command[0]}, or put it on the PATH") from error
    if answer.returncode:
        told = f"{' '.join(command)[:200]}: status {answer.returncode}: {answer.stdout[-300:]}"
        raise RelearnError(" ".join(told.split()))
    return answer.stdout
