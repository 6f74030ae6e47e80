"""The claims of two builds side by side: verdicts that changed, and what may explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from relearn.errors import RelearnError
from relearn.report.results import Results
from relearn.runs.differences import EQUAL, UNTOLD, Difference, Estimate, proportions, welch


@dataclass(frozen=True)
class Part:
    """A claim, or one of its conditions, as each build judged it.

    `asked` says whether both asked the same question: effect, unit, kind and threshold.
    """

    condition: str
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    difference: Difference
    outcome: str
    asked: bool

    @property
    def changed(self) -> bool:
        """Whether the verdict is another one."""
        return self.a["verdict"] != self.b["verdict"]

    @property
    def reading(self) -> str:
        """What to make of it: `question` where another one was asked, else the outcome."""
        return self.outcome if self.asked else "question"

    @property
    def listed(self) -> bool:
        """Whether there is something to say."""
        return self.changed or self.reading in ("moved", "question")


@dataclass(frozen=True)
class Claim:
    """A claim that both builds judged; without conditions it is its own only part.

    `only` maps "A" and "B" to the conditions that this build alone has.
    """

    id: str
    a: Mapping[str, Any]
    b: Mapping[str, Any]
    parts: list[Part]
    only: dict[str, list[str]]

    @property
    def changed(self) -> bool:
        """Whether the verdict is another one."""
        return self.a["verdict"] != self.b["verdict"]

    @property
    def listed(self) -> bool:
        """Whether there is something to say, of the claim or of a condition."""
        return self.changed or any(part.listed for part in self.parts) or any(self.only.values())

    @property
    def reading(self) -> str:
        """What to make of it: a condition that moved decides, then one of another question."""
        if any(self.only.values()):
            return "question"
        found = {part.reading for part in self.parts if part.listed}
        order = ("moved", "question", "untold", "noise")
        return next((each for each in order if each in found), "equal")

    @property
    def news(self) -> bool:
        """Whether the verdict is another one, or more than noise is at work."""
        return self.changed or (self.listed and self.reading not in ("noise", "equal"))


def judged(results: Results) -> dict[str, dict[str, Any]]:
    """Return the verdicts of a build by claim id.

    Raises:
        RelearnError: there are none.
    """
    if not results.claims:
        raise RelearnError(f"{results.folder / 'claims.json'} is missing; run {results.remake}")
    return results.claims


def compared(a: Mapping[str, Any], b: Mapping[str, Any]) -> Claim:
    """Compare a claim as two builds judged it; the outcomes of its parts are still empty."""
    parts = [{each["name"]: each for each in _parts(claim)} for claim in (a, b)]
    both = [name for name in parts[0] if name in parts[1]]
    only = {
        side: [each["condition"] for name, each in own.items() if name not in both]
        for side, own in zip("AB", parts, strict=True)
    }
    return Claim(a["id"], a, b, [_part(parts[0][name], parts[1][name]) for name in both], only)


def _parts(claim: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return claim["conditions"] or [{**claim, "name": "", "condition": ""}]


def _part(a: Mapping[str, Any], b: Mapping[str, Any]) -> Part:
    effects = [each["effect"] for each in (a, b)]
    asked = a["kind"] == b["kind"] and all(
        effects[0].get(key) == effects[1].get(key) for key in ("name", "unit", "threshold")
    )
    return Part(b["condition"], a, b, _difference(a, b), "", asked)


def _difference(a: Mapping[str, Any], b: Mapping[str, Any]) -> Difference:
    """Return the difference of two effects; one that holds exactly in both is no difference."""
    kinds = {a["kind"], b["kind"]}
    if kinds == {"exact"}:
        changed = a["verdict"] != b["verdict"]
        return UNTOLD._replace(outcome="moved") if changed else EQUAL
    if len(kinds) > 1:
        return UNTOLD
    estimates = [_estimate(each) for each in (a, b)]
    if estimates[0] == estimates[1]:
        return EQUAL
    if kinds == {"proportion"} and not np.isnan([each.mean for each in estimates]).any():
        return proportions(*((round(each.mean * each.n), each.n) for each in estimates))
    return welch(*estimates)


def _estimate(part: Mapping[str, Any]) -> Estimate:
    numbers = (part["effect"][key] for key in ("estimate", "low", "high"))
    return Estimate(*(np.nan if each is None else each for each in numbers), part["seeds"])
