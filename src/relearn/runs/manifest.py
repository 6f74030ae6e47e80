"""The manifest: a SHA-256 line for every scientific result."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from relearn.files import whole
from relearn.runs.altered import unaltered


def seal(paths: Iterable[str], target: Path, usage: Path) -> None:
    """Write `sha256sum` lines over the files, sorted by path; `sha256sum -c` checks them.

    Raises:
        DataError: one is not what its job left word of in `usage`.
    """
    lines = [f"{sha256}  {path}\n" for path, sha256 in unaltered(sorted(paths), usage)]
    with whole(target) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")
