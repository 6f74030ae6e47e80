"""Results that are not what their job wrote: truncated, overwritten, spoilt.

Snakemake sees that such a file is newer, and would have it judged and sealed. So each job leaves
the digests of its outputs, and before a planning the outputs that differ are removed: then they
are missing, and made again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

Digest = tuple[int, str]  # a file's size in bytes and its SHA-256


def digests(paths: Iterable[str]) -> dict[str, Digest]:
    """Return the digest of each of the files below `results`."""
    return {path: _digest(Path(path)) for path in paths if path.startswith("results/")}


def removed(usage: Path, manifest: Path) -> Iterator[str]:
    """Remove each altered output; yield its path.

    To be quick, a file of the right size that is older than the manifest is not read.

    Args:
        usage: the folder of the files that hold `outputs`, one a job.
        manifest: the last manifest's file.
    """
    left = dict(_left(usage))
    sealed = manifest.exists() and left.get(str(manifest)) in (None, _digest(manifest))
    since = manifest.stat().st_mtime if sealed else 0.0
    for name, digest in left.items():
        path = Path(name)
        if not path.exists():
            continue
        found = path.stat()
        if found.st_mtime == 0:  # the report of a failed build, which is made again anyway
            continue
        newer = found.st_mtime > since
        if found.st_size != digest[0] or (newer and _digest(path) != digest):
            path.unlink()
            yield name


def _left(usage: Path) -> Iterator[tuple[str, Digest]]:
    for file in sorted(usage.glob("*.json")):
        try:
            outputs = json.loads(file.read_text())["outputs"]
        except (ValueError, KeyError):
            continue  # of an earlier version, or itself spoilt
        yield from ((name, tuple(digest)) for name, digest in outputs.items())


def _digest(path: Path) -> Digest:
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()
