"""The SQLite database of the MLflow store: made whole, brought up to date, or set aside.

MLflow makes a database, and brings one of an older version up to date, in many steps, and cannot
go on with one that a kill left between two of them. So both are done to a file of another name. All
that it holds is made from the results: one that is spoilt is set aside, the next is filled anew. A
full disk, a lock or a want of permission is no fault of a database, and leaves it where it is.

On a network file system SQLite's locks do not hold, and a database can be corrupted by its own
writer (https://sqlite.org/howtocorrupt.html, 2.1). There a local copy is worked on.
"""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from importlib import metadata
from pathlib import Path

import psutil

from relearn.errors import RelearnError
from relearn.files import whole

PATIENCE = 60.0  # seconds that another program may keep it locked
SPOILT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# What SQLite or the system says in MLflow's errors, which carry no code of theirs.
NOT_ITS_FAULT = (
    "disk is full",
    "disk I/O error",
    "attempt to write a readonly database",
    "unable to open database file",
    "database is locked",
    "No space left on device",
    "Read-only file system",
    "Disk quota exceeded",
    "Permission denied",
    "MemoryError",
)

# Types of file system, in the system's own words; those that FUSE serves are taken for such, too.
NETWORKS = set("9p afs beegfs ceph cifs gpfs lustre nfs nfs4 panfs pvfs2 smb3 smbfs wekafs".split())


class _Unusable(Exception):
    """A database that is spoilt, or that MLflow knows no way on from."""


@contextmanager
def at_hand(path: Path) -> Iterator[Path]:
    """Yield where to work on a database: itself, or a local copy if a network holds it.

    The copy takes its place, at once, if the block ends well; what was set aside follows it.
    """
    if not on_network(path.parent):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        local = Path(folder, path.name)
        if path.exists():
            shutil.copyfile(path, local)
        yield local
        for aside in local.parent.glob(f"{path.name}.*"):
            shutil.move(aside, path.parent)
        with whole(path) as temporary:
            shutil.copyfile(local, temporary)


def on_network(folder: Path) -> bool:
    """Tell whether a network file system holds a folder, by the mount that it lies in."""
    folder = folder.resolve()
    mounts = [each for each in psutil.disk_partitions(all=True) if each.mountpoint]
    within = [each for each in mounts if folder.is_relative_to(each.mountpoint)]
    kind = max(within, key=lambda each: len(each.mountpoint)).fstype if within else ""
    return kind in NETWORKS or kind.startswith("fuse")


def ready(path: Path, enter: Callable[[Path], object], stamp: Path | None = None) -> None:
    """Have MLflow accept the database at `path`, whatever became of it.

    Args:
        path: where it is, or is to be.
        enter: opens a database by MLflow, which makes what is missing in an empty one; raises if
            MLflow refuses it.
        stamp: names the MLflow that it was made for; by default `made-by` beside it.

    Raises:
        RelearnError: another program keeps it locked, or the disk is full or may not be written.
    """
    stamp, version = stamp or path.with_name("made-by"), metadata.version("mlflow")
    if path.exists() and path.stat().st_size:
        try:
            _require_sound(path)
            if not (stamp.exists() and stamp.read_text(encoding="utf-8") == version):
                _upgrade(path, enter)
                print(f"{path}: brought up to MLflow {version}")
                _write(stamp, version)
            return
        except _Unusable as error:
            aside = path.with_name(f"{path.name}.{datetime.now():%Y%m%d-%H%M%S}")
            path.rename(aside)
            print(f"{path}: {error}; set aside as {aside.name}, made anew")
    # SQLite would undo, in the new database, what the old one's last writer left unfinished.
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    with whole(path) as temporary:
        enter(temporary)
    _write(stamp, version)


def _write(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def _judged(path: Path) -> Iterator[None]:
    """Tell what SQLite refuses because of the database from what is no fault of it.

    Raises:
        _Unusable: it is spoilt.
        RelearnError: anything else.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says which kind of it
        if code in SPOILT:
            raise _Unusable(str(error)) from error
        if code == sqlite3.SQLITE_BUSY:
            raise RelearnError(
                f"{path}: another program has kept it locked for {PATIENCE:.0f} s; end that "
                "one and build again, the results are safe"
            ) from error
        raise _stopped(path, str(error)) from error
    except OSError as error:
        raise _stopped(path, str(error)) from error


def _stopped(path: Path, reason: str) -> RelearnError:
    return RelearnError(
        f"{path}: {reason}; see to room and permissions there and build again, the store and the "
        "results are safe"
    )


def _require_sound(path: Path) -> None:
    """Wait until nobody writes, and read every page.

    Raises:
        _Unusable: it is no database, or a spoilt one.
        RelearnError: another program keeps it locked, or the disk does not let it be read.
    """
    with (
        _judged(path),
        closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database,
    ):
        database.execute("BEGIN IMMEDIATE")
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise _Unusable(found)


def _upgrade(path: Path, enter: Callable[[Path], object]) -> None:
    """Put a copy that this MLflow accepts in place of the database.

    Raises:
        _Unusable: MLflow knows no way from there.
        RelearnError: it was stopped on the way.
    """
    with _judged(path), closing(sqlite3.connect(path)) as old, whole(path) as temporary:
        with closing(sqlite3.connect(temporary)) as new:
            old.backup(new)
        command = [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{temporary}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode < 0:
            raise _stopped(path, f"the upgrade by MLflow was ended by signal {-done.returncode}")
        if done.returncode:
            raise _refusal(path, done.stderr)
        try:
            enter(temporary)
        except Exception as error:  # MLflow's own, SQLAlchemy's or Alembic's
            raise _refusal(path, f"{type(error).__name__}: {error}") from error


def _refusal(path: Path, said: str) -> Exception:
    """Return the error for what MLflow said when it refused a copy of the database."""
    lines = said.strip().splitlines() or ["MLflow cannot bring it up to date"]
    for line in reversed(lines):
        if any(each in line for each in NOT_ITS_FAULT):
            return _stopped(path, line.strip())
    return _Unusable(lines[-1])
