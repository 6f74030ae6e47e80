"""Results that are not what their job wrote: truncated, overwritten, spoilt.

Snakemake sees that such a file is newer, and would have it judged and sealed. So each job leaves
the digests of its outputs, and before a planning the outputs that differ are removed: then they
are missing, and made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

Digests = Mapping[str, tuple[int, str]]  # path to its size in bytes and its SHA-256


def digests(paths: Iterable[str]) -> Digests:
    """Return size and digest of each of the files below `results`."""
    return {path: _digest(Path(path)) for path in paths if path.startswith("results/")}


def removed(usage: Path, sealed: Path) -> Iterator[str]:
    """Remove each altered output; yield its path.

    To be quick, a file of the right size that is older than the last manifest is not read.

    Args:
        usage: the folder of the files that hold `outputs`, one a job.
        sealed: the manifest.
    """
    since = sealed.stat().st_mtime if sealed.exists() else 0.0
    for file in sorted(usage.glob("*.json")):
        try:
            outputs = json.loads(file.read_text())["outputs"]
        except (ValueError, KeyError):
            continue  # of an earlier version, or itself spoilt
        for name, (size, digest) in outputs.items():
            path = Path(name)
            if not path.exists():
                continue
            found = path.stat()
            if found.st_mtime == 0:  # the report of a failed build, which is made again anyway
                continue
            newer = found.st_mtime > since
            if found.st_size != size or (newer and _digest(path)[1] != digest):
                path.unlink()
                yield name


def _digest(path: Path) -> tuple[int, str]:
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()
