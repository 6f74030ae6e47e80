"""Two builds, A and B, side by side: what moved from one to the other, beyond noise.

The statistics are those of `runs/differences.py`. The builds may be of other seeds, another scale
or version of the code: each difference carries which of these differ between its two runs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from relearn.errors import RelearnError
from relearn.report import comparison_claims, origin
from relearn.report.comparison_claims import Claim
from relearn.report.results import Results
from relearn.runs import differences, record
from relearn.runs.differences import Difference, Estimate

# Why two runs of a variant may differ, by what their provenance says. Where none of it does, the
# machine is what is left.
CAUSES = {
    "seed_base": "seeds",
    "params": "config",
    "fingerprint": "code",
    "data": "data",
    "libraries": "versions",
}
Run = tuple[str, str]  # experiment, variant
Apart = dict[str, list[str]]  # "A" and "B" to what that build alone has


@dataclass(frozen=True)
class Number:
    """A metric of a variant that both builds have.

    `pairs` counts the seeds that both have, 0 where they have other seeds; the estimates are over
    all seeds of each, the difference over the pairs if there are any.
    """

    experiment: str
    variant: str
    metric: str
    a: Estimate
    b: Estimate
    pairs: int
    difference: Difference
    outcome: str
    causes: tuple[str, ...]

    @property
    def run(self) -> str:
        """The run's name, as its folder is called."""
        return f"{self.experiment}/{self.variant}"


@dataclass(frozen=True)
class Listing:
    """A series of a listing, or its one number, that was not published alike.

    `relative` is the largest |b − a| / max(|a|, |b|) among those that both have: of `a` and `b` at
    `place`, counted from 0.
    """

    name: str
    counts: tuple[int, int]
    unequal: int
    relative: float
    place: int
    a: float
    b: float


@dataclass(frozen=True)
class Setting:
    """A value of the config that differs, as JSON, with the variants that see it so."""

    experiment: str
    key: str
    a: str
    b: str
    variants: list[str]


@dataclass(frozen=True)
class Comparison:
    """All that differs from build A to build B, and counts of what does not.

    Attributes:
        published: how many numbers both have as published.
        causes: how many runs have which reasons to differ.
        unlike: runs that have none, and files of theirs that are not equal to the byte.
        only: variants, metrics, claims and listings that one build alone has.
        origins: of each build, what `origin.facts` says.
    """

    folders: tuple[str, str]
    numbers: list[Number]
    claims: list[Claim]
    listings: list[Listing]
    published: int
    settings: list[Setting]
    causes: Counter[tuple[str, ...]]
    unlike: dict[str, list[str]]
    only: dict[str, Apart]
    origins: tuple[dict[str, Any], dict[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """How many numbers have each outcome."""
        found = Counter(number.outcome for number in self.numbers)
        return {name: found[name] for name in differences.OUTCOMES}

    @property
    def tested(self) -> list[Number]:
        """The numbers that needed a test."""
        return [each for each in self.numbers if not each.difference.outcome]

    @property
    def alone(self) -> list[Number]:
        """The numbers that differ at 5 % by themselves, but not after Holm's correction."""
        level = 1 - differences.LEVEL
        return [
            each for each in self.tested if each.outcome == "noise" and each.difference.p < level
        ]

    @property
    def able(self) -> int:
        """How many of the tested have so many seeds that they could move with no other."""
        parts = [part for claim in self.claims for part in claim.parts]
        tests = len(self.tested) + sum(not part.difference.outcome for part in parts)
        level = (1 - differences.LEVEL) / max(1, tests)
        return sum(each.difference.least <= level for each in self.tested)


def compare(a: Results, b: Results) -> Comparison:
    """Compare two results folders, each as `Results.found` returns it.

    Raises:
        RelearnError: a file is missing or broken, or A is B; the message names it.
    """
    builds = (a, b)
    if a.folder.resolve() == b.folder.resolve():
        raise RelearnError(f"A and B are both {a.folder}: name two builds")
    provenance = [
        {run: build.needed(f"provenance/{_name(run)}.json") for run in _runs(build)}
        for build in builds
    ]
    both = [run for run in provenance[0] if run in provenance[1]]
    tables = {run: [_table(build, run) for build in builds] for run in both}
    causes = {run: _causes(provenance[0][run], provenance[1][run]) for run in both}
    numbers = [each for run in both for each in _numbers(run, *tables[run], causes[run])]
    judged = [comparison_claims.judged(build) for build in builds]
    claims = [
        comparison_claims.compared(claim, judged[1][name])
        for name, claim in judged[0].items()
        if name in judged[1]
    ]
    printed = [published(build) for build in builds]
    names = [[_name(run) for run in own] for own in provenance]
    metrics = [
        [f"{_name(run)}: {metric}" for run in both for metric in tables[run][side]]
        for side in (0, 1)
    ]
    numbers, claims = _judged(numbers, claims)
    return Comparison(
        folders=(str(a.folder), str(b.folder)),
        numbers=numbers,
        claims=claims,
        listings=_listings(*printed),
        published=sum(min(len(x), len(y)) for x, y in _shared(*printed).values()),
        settings=_settings({run: [own[run]["params"] for own in provenance] for run in both}),
        causes=Counter(causes.values()),
        unlike=_unlike(
            builds, [run for run in both if len({own[run]["key"] for own in provenance}) == 1]
        ),
        only={
            "variants": apart(*names),
            "metrics": apart(*metrics),
            "claims": apart(*judged),
            "listings": apart(*printed),
        },
        origins=tuple(origin.facts(own.values()) for own in provenance),
    )


def _judged(numbers: list[Number], claims: list[Claim]) -> tuple[list[Number], list[Claim]]:
    """Return both with their outcomes: one correction over all."""
    tests = [*numbers, *(part for claim in claims for part in claim.parts)]
    found = iter(differences.outcomes([each.difference for each in tests]))
    numbers = [replace(each, outcome=next(found)) for each in numbers]
    return numbers, [
        replace(claim, parts=[replace(part, outcome=next(found)) for part in claim.parts])
        for claim in claims
    ]


def _name(run: Run) -> str:
    return "/".join(run)


def _runs(build: Results) -> list[Run]:
    experiments = build.config["experiments"]
    return [(name, variant) for name in experiments for variant in experiments[name]["variants"]]


def _table(build: Results, run: Run) -> pd.DataFrame:
    """Return a run's scalars, one column of floats a metric, by seed."""
    try:
        return build.table(*run, record.NAMES[0]).set_index("seed").astype(float)
    except (RelearnError, KeyError, ValueError) as error:
        path = build.folder / "runs" / _name(run) / record.NAMES[0]
        raise RelearnError(f"{path}: {error}") from error


def _causes(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs between two runs; how many seeds there are changes none of them."""
    a, b = (dict(own, params=dict(own["params"], seeds=None)) for own in (a, b))
    return tuple(cause for key, cause in CAUSES.items() if a.get(key) != b.get(key))


def _numbers(
    run: Run, a: pd.DataFrame, b: pd.DataFrame, causes: tuple[str, ...]
) -> Iterable[Number]:
    pairs = [] if "seeds" in causes else a.index.intersection(b.index)
    for metric in a.columns.intersection(b.columns, sort=False):
        if len(pairs):
            difference = differences.paired(a.loc[pairs, metric], b.loc[pairs, metric])
        else:
            difference = differences.independent(a[metric], b[metric])
        means = [differences.estimate(own[metric]) for own in (a, b)]
        yield Number(*run, metric, *means, len(pairs), difference, "", causes)


def published(build: Results) -> dict[str, np.ndarray]:
    """Return the numbers of all listings, shape (n,), by listing and name."""
    if not build.published:
        raise RelearnError(f"{build.folder / 'published.json'} is missing; run {build.remake}")
    return {
        f"{listing} {name}": np.atleast_1d(np.asarray(value, dtype=float))
        for listing, own in build.published.items()
        for name, value in own.items()
    }


def _shared(
    a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: (values, b[name]) for name, values in a.items() if name in b}


def _listings(a: Mapping[str, np.ndarray], b: Mapping[str, np.ndarray]) -> list[Listing]:
    rows = []
    for name, (x, y) in _shared(a, b).items():
        count = min(len(x), len(y))
        if np.array_equal(x, y, equal_nan=True) or not count:
            continue
        left, right = x[:count], y[:count]
        unequal = (left != right) & ~(np.isnan(left) & np.isnan(right))
        sizes = np.maximum(np.abs(left), np.abs(right))
        with np.errstate(invalid="ignore"):  # a number that one alone lacks is as far as can be
            relative = np.abs(right - left) / np.where(sizes, sizes, 1.0)
        relative = np.where(unequal, np.nan_to_num(relative, nan=np.inf), 0.0)
        place = int(np.argmax(relative))
        rows.append(
            Listing(
                name,
                (len(x), len(y)),
                int(np.sum(unequal)),
                float(relative[place]),
                place,
                float(left[place]),
                float(right[place]),
            )
        )
    return rows


def _settings(params: Mapping[Run, list[Mapping[str, Any]]]) -> list[Setting]:
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for (experiment, variant), (a, b) in params.items():
        for key in dict.fromkeys([*a, *b]):
            said = [json.dumps(own[key]) if key in own else "" for own in (a, b)]
            if said[0] != said[1]:
                found.setdefault((experiment, key, *said), []).append(variant)
    return [Setting(*key, variants) for key, variants in found.items()]


def _unlike(builds: tuple[Results, Results], runs: Iterable[Run]) -> dict[str, list[str]]:
    """Return the files that are not equal to the byte, by run."""
    found = {}
    for run in runs:
        paths = {name: Path("runs", *run, name) for name in record.NAMES}
        unlike = [
            name
            for name, path in paths.items()
            if len({build.digest(path) for build in builds}) > 1
        ]
        if unlike:
            found[_name(run)] = unlike
    return found


def apart(a: Iterable[str], b: Iterable[str]) -> Apart:
    """Return the names that one of both alone has, in their order."""
    a, b = dict.fromkeys(a), dict.fromkeys(b)
    return {"A": [each for each in a if each not in b], "B": [each for each in b if each not in a]}
