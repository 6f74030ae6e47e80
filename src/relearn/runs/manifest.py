"""The manifest: a SHA-256 line for every scientific result."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from relearn.files import whole


def seal(paths: Iterable[str], target: Path) -> None:
    """Write `sha256sum` lines over the files, sorted by path; `sha256sum -c` checks them."""
    lines = [
        f"{hashlib.sha256(Path(path).read_bytes()).hexdigest()}  {path}\n" for path in sorted(paths)
    ]
    with whole(target) as temporary:
        temporary.write_text("".join(lines))
