"""The form of what the report reads: a file of another form is one line, not a traceback.

`make compare` reads the results of other people, and a file may be spoilt on its way.
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from relearn.errors import RelearnError
from relearn.runs.evidence import STRENGTH

LARGEST = 1e300  # no number of ours is beyond, and the differences of such are still finite
NUMBER = {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
MAYBE = {"anyOf": [NUMBER, {"type": "null"}]}
TEXT = {"type": "string"}
TEXTS = {"type": "object", "additionalProperties": TEXT}
COUNT = {"type": "integer", "minimum": 1, "maximum": 10**9}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


JUDGED = {
    "kind": {"enum": ["mean", "proportion", "exact"]},
    "verdict": {"enum": list(STRENGTH)},
    "effect": _object(
        name=TEXT, unit=TEXT, estimate=MAYBE, low=MAYBE, high=MAYBE, threshold=NUMBER
    ),
    "seeds": COUNT,
    "note": TEXT,
}
PROVENANCE = _object(
    params={"type": "object"},
    seed_base={"type": "integer"},
    fingerprint=TEXT,
    data={"type": ["string", "null"]},
    key=TEXT,
    started=TEXT,
    finished=TEXT,
    seconds=NUMBER | {"minimum": 0},
    threads=COUNT,
    versions=TEXTS,
    command=TEXT,
)
PROVENANCE["properties"]["libraries"] = TEXTS  # an early build does not say
FARTHEST = {"type": "object", "additionalProperties": {"type": "number"}}  # Infinity is one
FORMS = {
    "provenance": PROVENANCE,
    "sensitive.json": _object(
        runs={"type": "object", "additionalProperties": FARTHEST}, listings=FARTHEST
    ),
    "claims.json": {
        "type": "array",
        "items": _object(
            id=TEXT,
            section=TEXT,
            claim=TEXT,
            experiment=TEXT,
            weakest=TEXT,
            **JUDGED,
            conditions={"type": "array", "items": _object(name=TEXT, condition=TEXT, **JUDGED)},
        ),
    },
    "published.json": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "additionalProperties": {"anyOf": [NUMBER, {"type": "array", "items": MAYBE}]},
        },
    },
}
# A line of `sha256sum`; no name leads out of the results or is longer than a file system takes.
SEALED = re.compile(r"([0-9a-f]{64})  results/((?:\w[\w.-]{0,99}/){0,9}\w[\w.-]{0,99})", re.ASCII)


def read(folder: Path, name: str, remake: str) -> Any:
    """Return what a JSON file of the results holds: an object, or of the form that FORMS gives.

    Args:
        folder: the results.
        name: the file's path in it; FORMS knows it, or the folder that it is in.
        remake: the command that makes it.

    Raises:
        RelearnError: it is not JSON, or of another form; the message names it and the remedy.
    """
    try:
        found = json.loads((folder / name).read_bytes(), parse_constant=_constant)
        _check(found, name)
        return found
    except (ValueError, RecursionError, RelearnError) as error:
        raise RelearnError(f"{folder / name}: {error}; delete it and run {remake}") from error


def manifest(path: Path, remake: str) -> dict[str, str]:
    """Return the SHA-256 of each file that a manifest lists, by its path in the results.

    Raises:
        RelearnError: it is missing, empty or of another form.
    """
    if not path.is_file():
        raise RelearnError(f"{path} is missing; run {remake}")
    lines = path.read_bytes().decode(errors="replace").splitlines()
    found = [SEALED.fullmatch(line) for line in lines]
    if not all(found) or not found:
        told = f"line {found.index(None) + 1} is no line of sha256sum" if found else "is empty"
        raise RelearnError(f"{path}: {told}; delete it and run {remake}")
    return {each[2]: each[1] for each in found}


def _constant(text: str) -> float:
    """Return Infinity; raise ValueError for NaN, which no bound of a form refuses."""
    if text == "NaN":
        raise ValueError("NaN stands for a number")
    return float(text)


def _check(found: Any, name: str) -> None:
    error = best_match(_validator(name).iter_errors(found))
    if error is not None:
        place = ".".join(map(str, error.absolute_path)) or "top level"
        raise RelearnError(f"{place}: {error.message[:300]}")
    for claim in found if name == "claims.json" else ():
        for part in (claim, *claim["conditions"]):
            ordered = [part["effect"][key] for key in ("low", "estimate", "high")]
            if None not in ordered and any(a > b for a, b in pairwise(ordered)):
                raise RelearnError(f"claim {claim['id']}: its estimate is not within its interval")


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(
        FORMS.get(name) or FORMS.get(name.partition("/")[0], {"type": "object"})
    )
