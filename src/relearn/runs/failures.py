"""What failed and why, one small file a job, there from its start until it succeeds.

The file is written before the work, so a job that is killed without a word has left its note.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from relearn.errors import DataError
from relearn.files import whole

FOLDER = Path("results/failures")
TAIL_LINES = 20
KINDS = {"rule": str, "wildcards": dict, "error": str, "log": str, "tail": str, "ended": str}


def path(rule: str, wildcards: Mapping[str, str], folder: Path = FOLDER) -> Path:
    """Return a job's own path in `folder`; the wildcards in the rule's order keep it unique."""
    return folder / (".".join([rule, *wildcards.values()]) + ".json")


def write(rule: str, wildcards: Mapping[str, str], log: str, error: str) -> None:
    """Write one job's note with the last lines of its log."""
    said = Path(log).read_text(encoding="utf-8", errors="replace") if Path(log).exists() else ""
    note = {
        "rule": rule,
        "wildcards": dict(wildcards),
        "error": error,
        "log": log,
        "tail": "\n".join(said.splitlines()[-TAIL_LINES:]),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    with whole(path(rule, wildcards)) as temporary:
        temporary.write_text(json.dumps(note, indent=2), encoding="utf-8")


def job(note: Mapping[str, Any]) -> str:
    """Return the name of a note's job: its rule and wildcards."""
    return "/".join([note["rule"], *note["wildcards"].values()])


def clear(rule: str, wildcards: Mapping[str, str]) -> None:
    """Remove the note: the job succeeded."""
    path(rule, wildcards).unlink(missing_ok=True)


def notes(folder: Path = FOLDER) -> Iterator[dict[str, Any]]:
    """Yield every note, by name.

    Raises:
        DataError: one is spoilt.
    """
    for file in sorted(folder.glob("*.json")):
        try:
            note = json.loads(file.read_text(encoding="utf-8"))
            _check(note)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{file}: {error}; delete it and run again") from error
        yield note


def _check(note: Any) -> None:
    """Raise ValueError where a note is not as `write` makes one: anything may lie in the folder."""
    if not isinstance(note, dict):
        raise ValueError("is no mapping")
    for key, kind in KINDS.items():
        if not isinstance(note.get(key), kind):
            raise ValueError(f"'{key}' is no {kind.__name__}" if key in note else f"no '{key}'")
    if not all(isinstance(value, str) for value in note["wildcards"].values()):
        raise ValueError("'wildcards' has a value that is no str")
    datetime.fromisoformat(note["ended"])
