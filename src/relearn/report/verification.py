"""Tells whether a build reproduces the committed reference: what differs, and whether it may.

Both are of one config and one seed base, and are compared as `comparison` does, pair by pair of the
same seeds. On the machine that the reference is of all is equal to the bit, and on any x86-64
machine if both builds are strict (`runs/strict.py`). Other instructions, libraries or processors
round otherwise. How far a number may then lie from the reference's depends on what it is.

Rounding: 10⁻⁹ of the number, or less than 10⁻⁹ where it is itself the rest of a difference that is
nil in theory. A double carries 10⁻¹⁶, so this leaves seven digits for what sums, iterations and
least squares make of one rounding. All must keep to it that are not sensitive, also numbers that
are the same in every seed, and the effects of claims that no sensitive experiment makes.

Sensitive: what rounding can change further. These are trainings in single precision, where two
roundings part as two seeds do, and what hangs on matrices that are all but singular. Nobody chose
them: `make reference` builds twice, once in strict mode, and keeps in sensitive.json which numbers
fell further apart than rounding. That may be by luck, such as one image that changed sides, so an
experiment is sensitive if one of its numbers is.

- Over several seeds such a number may differ in each, but not in the mean. It must not have moved
  (the paired test of `differences`, after Holm's correction over all comparisons) by more than a
  hundredth of the seeds' deviation: with the most seeds that we have, 400, the half-width of the
  interval is a tenth of it, so less than that changes no digit that anybody reads. Nor may the mean
  be further away than if the build had other seeds (Student's test at 5 % over all such numbers).
  This is what tells where seeds are too few for the paired test.
- With one seed, a listing as printed, it must be no further away than two seeds are from each other
  in that variant of the experiment which it is most like, by deviations from the mean (Student's t
  at 5 % over all such numbers).

Listings: 10.1 and 10.2 are descents on convex squares, where a step makes earlier rounding smaller;
10.3 evaluates a formula; 10.4 and 10.5 are least squares, whose conditioning is what the seven
digits are for (10.4's solver cuts off the directions that it cannot tell). All five keep to
rounding. 10.6 is the training above, with one seed.

Verdicts: a claim whose verdict would change is a real difference, however small the cause, because
it is what people read. So is what one of both alone has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from relearn.errors import RelearnError
from relearn.experiments import catalogue
from relearn.report.comparison import Comparison, Number, compare, published
from relearn.report.comparison_claims import Claim
from relearn.report.results import Results
from relearn.runs import differences, record
from relearn.runs.evidence import LEVEL

SENSITIVE = "sensitive.json"
STRICT = "strict.sha256"  # the manifest of a strict build
MARGIN = 0.01  # of the seeds' deviation
ALPHA = 1 - LEVEL


class OtherBuild(RelearnError):
    """The results answer another question than the reference: nothing can be verified."""


@dataclass(frozen=True)
class Verification:
    """What came of it.

    Attributes:
        found: all that differs, `A` being the reference.
        real: a line for each difference that rounding cannot explain.
        unequal: sealed files that are not equal to the byte; `sealed` counts all.
        strict: whether the results are strict, and those files were compared with a strict build's.
        changed: the claims that the results would change.
    """

    found: Comparison
    real: list[str]
    unequal: list[str]
    sealed: int
    strict: bool

    @property
    def changed(self) -> list[Claim]:
        """The claims whose verdict would change."""
        return [claim for claim in self.found.claims if claim.changed]


def verify(reference: Results, results: Results) -> Verification:
    """Compare the results with the reference, each as `Results.found` returns it.

    Raises:
        OtherBuild: another scale, config, seed base or data.
        RelearnError: a file is missing or broken; the message names it.
    """
    found = compare(reference, results)
    _same_question(reference, results, found)
    strict = "instructions" in found.origins[1]["versions"]
    sealed = [reference.manifest(STRICT) if strict else reference.sealed, results.sealed]
    return Verification(
        found=found,
        real=[*_only(found), *_Rule(reference, found).broken(results)],
        unequal=sorted(
            path
            for path in {**sealed[0], **sealed[1]}
            if len({own.get(path) for own in sealed}) > 1
        ),
        sealed=len(sealed[0]),
        strict=strict,
    )


def sensitive(normal: Results, other: Results) -> dict[str, Any]:
    """Return what another build of the same seeds, rounded otherwise, changed beyond rounding.

    Returns:
        {"runs": {run: {metric: largest relative difference}}, "listings": {series: the same}}.
    """
    found = compare(normal, other)
    _same_question(normal, other, found)
    runs: dict[str, dict[str, float]] = {}
    for number in found.numbers:
        if number.outcome not in ("equal", "rounding"):
            tables = [
                each.table(number.experiment, number.variant, record.NAMES[0])
                for each in (normal, other)
            ]
            values = [table[number.metric].to_numpy(dtype=float) for table in tables]
            runs.setdefault(_run(number), {})[number.metric] = _relative(*values)
    listings = {
        listing.name: listing.relative
        for listing in found.listings
        if listing.relative > differences.ROUNDING
    }
    return {"runs": runs, "listings": listings}


def scale(results: Results) -> str:
    """Return the scale of a build, as its commands name it."""
    experiment, block = next(iter(results.config["experiments"].items()))
    command = results.provenance(experiment, next(iter(block["variants"])))["command"]
    return command.partition("--configfile config/")[2].partition(".yaml")[0] or "default"


def _same_question(reference: Results, results: Results, found: Comparison) -> None:
    bases = [", ".join(origin["seed_bases"]) for origin in found.origins]
    told = f"{reference.folder} is {scale(reference)} scale, seed base {bases[0]}; {results.folder}"
    if scale(reference) != scale(results) or bases[0] != bases[1]:
        raise OtherBuild(f"{told} is {scale(results)} scale, seed base {bases[1]}: build the same")
    if found.settings:
        first = found.settings[0]
        name = f"{first.experiment}/{first.variants[0]} {first.key}"
        raise OtherBuild(
            f"{told} has another config, {name}: {first.a or 'nothing'} in the reference, "
            f"{first.b or 'nothing'} here; take the config back, or write the reference anew "
            "(make reference)"
        )
    for claim in found.claims:
        if claim.reading == "question" or not all(part.asked for part in claim.parts):
            raise OtherBuild(
                f"{told} asks another question in claim {claim.id}: effect, unit, threshold or "
                "conditions; take the config back, or write the reference anew (make reference)"
            )
    if any("data" in causes for causes in found.causes):
        raise OtherBuild(f"{told} is of other data: see datasets in the config")
    if new := found.only["variants"]["B"]:
        raise OtherBuild(
            f"{told} has {new[0]}, which the reference lacks; write it anew (make reference)"
        )


def _only(found: Comparison) -> Iterator[str]:
    for kind, apart in found.only.items():
        for side, place in (("A", "the reference"), ("B", "the results")):
            for name in apart[side]:
                yield f"{kind.rstrip('s')} {name}: in {place} only"


@dataclass(frozen=True)
class _Rule:
    """The tolerances at this module's head."""

    reference: Results
    found: Comparison

    @cached_property
    def sensitive(self) -> Mapping[str, Any]:
        return self.reference.needed(SENSITIVE)

    @cached_property
    def experiments(self) -> set[str]:
        """Those that are sensitive."""
        return {run.split("/")[0] for run in self.sensitive["runs"]}

    @cached_property
    def several(self) -> int:
        """How many numbers of sensitive experiments over several seeds are tested."""
        return sum(each.experiment in self.experiments for each in self.found.tested)

    @cached_property
    def lone(self) -> int:
        """How many sensitive numbers have one seed, those of listings included."""
        runs = sum(
            each.metric in self.sensitive["runs"].get(_run(each), {})
            for each in self.found.numbers
            if each.a.n == each.b.n == 1
        )
        series = published(self.reference)
        return runs + sum(len(series.get(name, ())) for name in self.sensitive["listings"])

    def broken(self, results: Results) -> Iterator[str]:
        """Yield a line for each difference that is real."""
        for number in self.found.numbers:
            if reason := self._number(number):
                name = f"{_run(number)} {number.metric}"
                yield f"{name}: {_change(number.a.mean, number.b.mean)}, {reason}"
        yield from self._listings(results)
        for claim in self.found.claims:
            yield from self._claim(claim)

    def _number(self, number: Number) -> str:
        """Return why a number's difference is real; empty if it is not."""
        if number.outcome in ("equal", "rounding"):
            return ""
        if number.a.n == number.b.n == 1:
            if number.metric not in self.sensitive["runs"].get(_run(number), {}):
                return "further than rounding"
            spread = self._spread(number.experiment, record.NAMES[0], number.metric)
            return self._alone(np.array([number.a.mean]), np.array([number.b.mean]), spread)
        if number.experiment not in self.experiments:
            return "further than rounding"
        if number.outcome == "untold":
            return "further than rounding, and no noise to compare with"
        if number.outcome == "moved":
            shift = abs(number.difference.estimate)
            if not shift <= MARGIN * differences.deviation(number.a):
                return f"moved beyond noise in {number.pairs} pairs of seeds"
        if differences.strangers(number.a, number.b) < ALPHA / self.several:
            return "further than other seeds would be"
        return ""

    def _listings(self, results: Results) -> Iterator[str]:
        for row in self.found.listings:
            listing, series = row.name.split(" ", 1)
            values = [published(each)[row.name] for each in (self.reference, results)]
            reason = ""
            if row.counts[0] != row.counts[1]:
                reason = f"{row.counts[0]} numbers in the reference, {row.counts[1]} here"
            elif row.name in self.sensitive["listings"]:
                experiment = catalogue.listing(listing)
                table = record.NAMES[1] if len(values[0]) > 1 else record.NAMES[0]
                spread = self._spread(experiment, table, series)
                reason = self._alone(*values, spread)
            elif not differences.rounded(*values).all():
                reason = "further than rounding"
            if reason:
                place = f"listing {row.name}, number {row.place + 1}"
                yield f"{place}: {_change(row.a, row.b)}, {reason}"

    def _spread(self, experiment: str, table: str, column: str) -> Iterator[np.ndarray]:
        """Yield of each variant with several seeds: means, deviations and freedom, (3, steps)."""
        for variant in self.reference.config["experiments"][experiment]["variants"]:
            if not (self.reference.run_folder(experiment, variant) / table).exists():
                continue
            frame = self.reference.table(experiment, variant, table)
            if column not in frame or frame["seed"].nunique() < 2:
                continue
            values = np.stack([own[column].to_numpy(float) for _, own in frame.groupby("seed")])
            freedom = np.full(values.shape[1], len(values) - 1)
            yield np.array([values.mean(axis=0), values.std(axis=0, ddof=1), freedom])

    def _alone(self, a: np.ndarray, b: np.ndarray, spread: Iterable[np.ndarray]) -> str:
        """Return why one seed's numbers, both (steps,), are too far apart, or nothing."""
        with np.errstate(all="ignore"):
            away = ((np.abs((a - own[0]) / own[1]), own) for own in spread)
            alike = {float(np.nan_to_num(each).sum()): own for each, own in away}
            if not alike:
                return "further than rounding, and no other variant tells what seeds make of it"
            _, deviation, freedom = alike[min(alike)]
            p = 2 * special.stdtr(freedom, -np.abs(b - a) / (np.sqrt(2) * deviation))
        if ((p >= ALPHA / self.lone) | differences.rounded(a, b)).all():
            return ""
        return "further than two seeds are from each other"

    def _claim(self, claim: Claim) -> Iterator[str]:
        if claim.changed:
            yield f"claim {claim.id}: {claim.a['verdict']} → {claim.b['verdict']}"
        for part in claim.parts:
            name = f"claim {claim.id}" + (f", {part.condition}" if part.condition else "")
            effects = [_effect(each) for each in (part.a, part.b)]
            told = _change(*(each[0] for each in effects))
            if part.outcome == "moved" and not claim.changed:
                yield f"{name}: effect {told}, moved beyond noise"
            elif (
                claim.a["experiment"] not in self.experiments
                and not differences.rounded(*effects).all()
            ):
                yield f"{name}: effect {told}, further than rounding"


def _run(number: Number) -> str:
    return f"{number.experiment}/{number.variant}"


def _change(a: float, b: float) -> str:
    return f"{a:.10g} → {b:.10g}"


def _effect(part: Mapping[str, Any]) -> np.ndarray:
    return np.array([part["effect"][key] for key in ("estimate", "low", "high")], dtype=float)


def _relative(a: np.ndarray, b: np.ndarray) -> float:
    sizes = np.maximum(np.abs(a), np.abs(b))
    with np.errstate(invalid="ignore"):
        parts = np.abs(b - a) / np.where(sizes > differences.ROUNDING, sizes, np.inf)
    return float(np.nan_to_num(parts, nan=np.inf).max())
