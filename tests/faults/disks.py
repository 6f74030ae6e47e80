"""Disks of one's own that are small, full or may not be written to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def mounted(*arguments: str) -> Iterator[None]:
    """A mount of one's own, for which one has to be root, in a container with leave to mount."""
    answer = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if answer.returncode:
        pytest.skip(f"mount is not permitted here: {answer.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", arguments[-1]], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A folder that may not be written to, not even by root."""
    folder.mkdir(parents=True, exist_ok=True)
    with mounted("--bind", str(folder), str(folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield


def fill(folder: Path) -> Path:
    """Fill the disk of a folder to the last byte; return the file that does."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as stream:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    stream.write(b"x" * size)
            except OSError:
                continue
    return filler
