"""Results that are not what their job wrote: truncated, overwritten, spoilt.

Snakemake sees that such a file is newer, and would have it judged and sealed. So each job leaves
the digests of its outputs. Before a planning the outputs that differ are set aside: then they are
missing, and made again. What is altered later, or while another Snakemake keeps the planning from
touching anything, is not sealed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from relearn.errors import DataError

Digest = tuple[int, str]  # a file's size in bytes and its SHA-256
ASIDE = ".altered"


def digests(paths: Iterable[str]) -> dict[str, Digest]:
    """Return the digest of each of the files below `results`."""
    return {path: _digest(Path(path)) for path in paths if _is_result(path)}


def set_aside(usage: Path, manifest: Path) -> Iterator[str]:
    """Rename each altered output to one that ends in `.altered`; yield its path.

    To be quick, a file of the right size that is older than the manifest is not read.

    Args:
        usage: the folder of the files that hold `outputs`, one a job.
        manifest: the last manifest's file.
    """
    left = dict(_left(usage))
    sealed = manifest.is_file() and left.get(str(manifest)) in (None, _digest(manifest))
    since = manifest.stat().st_mtime if sealed else 0.0
    for name, digest in left.items():
        path = Path(name)
        if not path.is_file():
            continue
        found = path.stat()
        if found.st_mtime == 0:  # the report of a failed build, which is made again anyway
            continue
        newer = found.st_mtime > since
        if found.st_size != digest[0] or (newer and _digest(path) != digest):
            path.replace(f"{name}{ASIDE}")
            yield name


def unaltered(paths: Iterable[str], usage: Path) -> Iterator[tuple[str, str]]:
    """Yield each file's path and SHA-256.

    Raises:
        DataError: one is not what its job wrote.
    """
    left = dict(_left(usage))
    for name in paths:
        found = _digest(Path(name))
        if found != left.get(name, found):
            raise DataError(f"{name}: is not what its job wrote; delete it and build again")
        yield name, found[1]


def _left(usage: Path) -> Iterator[tuple[str, Digest]]:
    """Yield what jobs left of their outputs below `results`; a spoilt file says nothing."""
    for file in sorted(usage.glob("*.json")):
        try:
            outputs = json.loads(file.read_text(encoding="utf-8"))["outputs"]
            left = [(name, (int(size), str(sha256))) for name, (size, sha256) in outputs.items()]
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError):
            continue  # of an earlier version, or itself spoilt
        yield from (each for each in left if _is_result(each[0]))


def _is_result(name: str) -> bool:
    return name.startswith("results/") and ".." not in Path(name).parts


def _digest(path: Path) -> Digest:
    content = path.read_bytes()
    return len(content), hashlib.sha256(content).hexdigest()
