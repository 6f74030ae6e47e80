"""The comparison of two builds as a page: what moved, then what may have moved it."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from relearn.report import formats
from relearn.report.comparison import Comparison, Number
from relearn.report.language import Languages
from relearn.report.layout import PROSE, render
from relearn.report.sections import part
from relearn.runs.differences import OUTCOMES, Difference, Estimate

WORDS = {
    "equal": "equal",
    "rounding": "rounding",
    "noise": "within noise",
    "moved": "moved",
    "untold": "cannot be told",
    "question": "another question",
}
READINGS = {
    "equal": "The effects are equal: the number of seeds, the correction or the rule differs.",
    "noise": "Noise may explain it: no effect is shown to have moved.",
    "moved": "Beyond noise: an effect moved.",
    "question": "Another question was asked: effect, unit, threshold or conditions.",
    "untold": "Nothing can be told: an effect has no noise to compare with.",
}
LISTED = 200  # the numbers of one outcome that the page lists, however many there are


def build(found: Comparison, place: Path) -> str:
    """Return the page as HTML, in every language, for the folder `place`: links start there."""
    return render(
        "comparison.html.j2",
        Languages(PROSE),
        found=found,
        links=[
            os.path.relpath(Path(folder).resolve(), place.resolve()) for folder in found.folders
        ],
        words=WORDS,
        readings=READINGS,
        claims=[claim for claim in found.claims if claim.news],
        murmurs=[claim for claim in found.claims if claim.listed and not claim.news],
        surest=surest,
        experiments=_experiments(found.numbers),
        facts=facts(found.origins),
        shown=shown,
        part=part,
        three=formats.three,
        plain=formats.plain,
    )


def surest(numbers: Sequence[Number], most: int = LISTED) -> list[Number]:
    """Return the `most` numbers with the least p, in the order that they have."""
    order = sorted(range(len(numbers)), key=lambda index: numbers[index].difference.p)
    return [numbers[index] for index in sorted(order[:most])]


def shown(value: Estimate | Difference) -> tuple[str, str]:
    """Return a mean or a difference, and its interval, as text; the interval may be empty."""
    numbers = [each if math.isfinite(each) else None for each in value[:3]]
    return formats.effect(dict(zip(("estimate", "low", "high"), numbers, strict=True)))


def facts(origins: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Return what the two builds come from: a name, A's and B's, whether they differ or not."""
    told = [_told(origin) for origin in origins]
    return [
        (name, *(own.get(name, formats.NONE) for own in told)) for name in {**told[0], **told[1]}
    ]


def _told(origin: Mapping[str, Any]) -> dict[str, str]:
    commits = ", ".join(commit[:12] for commit in origin["commits"]) or formats.NONE
    return {
        "Seed base": ", ".join(origin["seed_bases"]),
        "Commit": commits + (" + changes" if origin["dirty"] else ""),
        "Runs": formats.thousands(origin["runs"]),
        "Core time": formats.duration(origin["core_seconds"]),
        "Machine": ", ".join([*origin["hosts"], *origin["machines"]]),
        "Python": ", ".join(origin["pythons"]),
        **{name: ", ".join(found) for name, found in origin["versions"].items()},
    }


def _experiments(numbers: Iterable[Number]) -> list[tuple[str, dict[str, int]]]:
    """Return how many numbers of each experiment have each outcome."""
    counts = Counter((number.experiment, number.outcome) for number in numbers)
    names = dict.fromkeys(number.experiment for number in numbers)
    return [(name, {outcome: counts[name, outcome] for outcome in OUTCOMES}) for name in names]
