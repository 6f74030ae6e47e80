"""The SQLite database of the MLflow store: made whole, brought up to date, or set aside.

MLflow makes a database, and brings one of an older version up to date, in many steps, and cannot
go on with one that a kill left between two of them. So both are done to a file of another name. All
that it holds is made from the results: one that is spoilt is set aside, the next is filled anew.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from importlib import metadata
from pathlib import Path

from relearn.errors import RelearnError
from relearn.files import whole

PATIENCE = 60.0  # seconds that another program may keep it locked


def ready(path: Path, enter: Callable[[Path], object]) -> None:
    """Have MLflow accept the database at `path`, whatever became of it.

    Args:
        path: where it is, or is to be. `made-by` beside it names the MLflow that it was made for.
        enter: opens a database by MLflow, which makes what is missing in an empty one; raises if
            MLflow refuses it.

    Raises:
        RelearnError: another program keeps it locked.
    """
    stamp, version = path.with_name("made-by"), metadata.version("mlflow")
    if path.exists() and path.stat().st_size:
        try:
            _require_sound(path)
            if not (stamp.exists() and stamp.read_text(encoding="utf-8") == version):
                _upgrade(path, enter)
                print(f"{path}: brought up to MLflow {version}")
                _write(stamp, version)
            return
        except (sqlite3.DatabaseError, subprocess.CalledProcessError) as error:
            aside = path.with_name(f"{path.name}.{datetime.now():%Y%m%d-%H%M%S}")
            path.rename(aside)
            print(f"{path}: {_last_line(error)}; set aside as {aside.name}, made anew")
    # SQLite would undo, in the new database, what the old one's last writer left unfinished.
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)
    with whole(path) as temporary:
        enter(temporary)
    _write(stamp, version)


def _write(path: Path, text: str) -> None:
    with whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _require_sound(path: Path) -> None:
    """Wait until nobody writes, and read every page.

    Raises:
        RelearnError: another program keeps it locked.
        sqlite3.DatabaseError: it is no database, or a spoilt one.
    """
    with closing(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise RelearnError(
                    f"{path}: another program has kept it locked for {PATIENCE:.0f} s; end that "
                    "one and build again, the results are safe"
                ) from error
            raise
        (found,) = database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)


def _upgrade(path: Path, enter: Callable[[Path], object]) -> None:
    """Put a copy that this MLflow accepts in place of the database.

    Raises:
        subprocess.CalledProcessError: MLflow knows no way from there.
    """
    with closing(sqlite3.connect(path)) as old, whole(path) as temporary:
        with closing(sqlite3.connect(temporary)) as new:
            old.backup(new)
        command = [sys.executable, "-m", "mlflow", "db", "upgrade", f"sqlite:///{temporary}"]
        subprocess.run(command, check=True, capture_output=True, text=True)
        enter(temporary)


def _last_line(error: Exception) -> str:
    text = getattr(error, "stderr", None) or str(error)
    return text.strip().splitlines()[-1]
