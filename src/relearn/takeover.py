"""How a build goes on in a folder where another was killed: by the plain command, at once.

SIGKILL leaves Snakemake's locks behind, and the jobs that were running, which write on. Here three
files under `.snakemake/relearn` are locked by living processes, and the system frees what a dead
one held, however it died:

- `present`, shared, by every Snakemake that a person started. Who is alone there removes
  Snakemake's locks: nobody is left to whom they could belong.
- `build`, by the one build that may run jobs in this folder.
- `jobs`, shared, by each job. A build waits until it is free before its first job, then leaves its
  name in it. A job of an earlier build that comes to work only then finds another name than its
  own, and ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import uuid
from pathlib import Path
from typing import IO

from relearn.errors import RelearnError

SNAKEMAKES = Path(".snakemake")
BUILD = "RELEARN_BUILD"  # the variable by which a job knows the build that it belongs to
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)  # the file system knows none
_held: list[IO[str]] = []  # open, hence locked, until this process ends


def arrive(folder: Path = SNAKEMAKES) -> bool:
    """Be present as long as this process lives; remove Snakemake's locks if nobody else is.

    Only for a Snakemake that a person started: one for a job of a cluster lives on when that was
    killed, and would keep the next one out.

    Returns:
        Whether nobody else is; False, and nothing done, if the file system knows no such locks.
    """
    try:
        present = _open(folder, "present")
        alone = _take(present, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if alone:
            for lock in (folder / "locks").glob("*.lock"):
                lock.unlink()
        else:
            print("relearn: another Snakemake is at work in this folder", file=sys.stderr)
        _take(present, fcntl.LOCK_SH)
    except OSError:
        return False
    _held.append(present)
    return alone


def begin(folder: Path = SNAKEMAKES) -> None:
    """Be the build of this folder, once the jobs that a killed one left have ended.

    Where the file system knows no such locks, nothing is done.

    Raises:
        RelearnError: another build is at work here, or the folder may not be written to.
    """
    try:
        build = _open(folder, "build")
        if not _take(build, fcntl.LOCK_EX | fcntl.LOCK_NB):
            raise RelearnError(
                f"{Path.cwd()}: another build is at work here; wait until it has ended"
            )
        _held.append(build)
        name = uuid.uuid4().hex
        with _open(folder, "jobs") as jobs:
            if not _take(jobs, fcntl.LOCK_EX | fcntl.LOCK_NB):
                waiting = "relearn: waiting for jobs that a killed build left"
                print(waiting, file=sys.stderr, flush=True)
                _take(jobs, fcntl.LOCK_EX)
            jobs.truncate(0)
            jobs.write(name)
    except OSError as error:
        if error.errno in NO_LOCKS:
            return
        raise RelearnError(f"{folder / 'relearn'}: {error}") from error
    os.environ[BUILD] = name


def work(folder: Path = SNAKEMAKES) -> None:
    """Hold up the next build as long as this process lives, a job that a build here started.

    Raises:
        RelearnError: that build was killed, and another has taken over.
    """
    if BUILD not in os.environ:
        return
    jobs = _open(folder, "jobs")
    _take(jobs, fcntl.LOCK_SH)
    jobs.seek(0)
    if jobs.read() != os.environ[BUILD]:
        raise RelearnError("the build that started this job was killed, and another has begun")
    _held.append(jobs)


def _open(folder: Path, name: str) -> IO[str]:
    (folder / "relearn").mkdir(parents=True, exist_ok=True)
    return open(folder / "relearn" / name, "a+", encoding="utf-8", errors="replace")


def _take(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True
