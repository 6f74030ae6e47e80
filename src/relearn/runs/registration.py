"""When a claim's estimand, threshold, grid and seed count were committed, and what changed since.

Read from the history of the config: a rule that is only promised can be bent, one that is
committed leaves its track.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from relearn.runs.provenance import git

CONFIG = "config/config.yaml"
# libyaml's parser, many times faster, where PyYAML was built with it.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MISSING = object()
LONGEST = 300  # characters of a value that is shown


@dataclass(frozen=True)
class Change:
    """One commit's changes to what a claim's verdict rests on, a line each."""

    commit: str
    date: str
    subject: str
    lines: list[str]


@dataclass(frozen=True)
class Registration:
    """The first commit that has a claim, and the later ones that changed it or its experiment.

    Attributes:
        whole: false in a shallow clone, whose first commit may not be the claim's first.
    """

    commit: str
    date: str
    changes: list[Change]
    whole: bool


def of(config: Mapping[str, Any]) -> dict[str, Registration]:
    """Return the registrations for a merged config in the checkout at the working directory.

    Another scale than the default changes sizes on purpose; that is no change of what is committed.
    """
    experiments = config["experiments"] if config["scale"] == "default" else None
    return registrations(Path(), experiments)


def registrations(root: Path, experiments: Mapping[str, Any] | None) -> dict[str, Registration]:
    """Return the registration of every claim in the history of the config; empty outside git.

    Args:
        root: the checkout.
        experiments: the blocks in use, to tell what is not committed; None where an overlay
            changes them on purpose.
    """
    log = git(root, "log", "--first-parent", "--reverse", "--format=%H%x09%cs%x09%s", "--", CONFIG)
    whole = git(root, "rev-parse", "--is-shallow-repository") == "false"
    revisions = [line.split("\t", 2) for line in (log or "").splitlines()]
    steps = [(*revision, _experiments(root, revision[0])) for revision in revisions]
    if steps and experiments is not None:
        steps.append(("", "", "not committed", experiments))
    found: dict[str, Registration] = {}
    before: dict[str, Any] = {}
    for commit, date, subject, blocks in steps:
        now = {
            claim: _basis(block, claim)
            for block in blocks.values()
            for claim in block.get("claims") or {}
        }
        for claim, basis in now.items():
            if claim not in found:
                found[claim] = Registration(commit, date, [], whole)
            elif lines := list(differences(before.get(claim, {}), basis)):
                found[claim].changes.append(Change(commit, date, subject, lines))
        before = before | now
    return found


def _experiments(root: Path, commit: str) -> dict[str, Any]:
    """Return the experiments' blocks at a commit; none where the config could not be read then."""
    try:
        state = yaml.load(git(root, "show", f"{commit}:{CONFIG}") or "", LOADER)
    except yaml.YAMLError:
        return {}
    blocks = state.get("experiments") if isinstance(state, dict) else None
    blocks = blocks if isinstance(blocks, dict) else {}
    return {name: block for name, block in blocks.items() if isinstance(block, dict)}


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Yield a line for each place where two nested mappings differ."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{place}.{key}" if place else str(key)
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), inner)
    elif before is MISSING:
        yield f"{place}: added, {_short(after)}"
    elif after is MISSING:
        yield f"{place}: removed, was {_short(before)}"
    elif before != after:
        yield f"{place}: {_short(before)} → {_short(after)}"


def _basis(block: Mapping[str, Any], claim: str) -> dict[str, Any]:
    """What a verdict rests on: the experiment's values and variants, and the claim's own block."""
    return {key: value for key, value in block.items() if key != "claims"} | {
        f"claim {claim}": block["claims"][claim]
    }


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
