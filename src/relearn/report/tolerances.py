"""Tells which differences of a build from the reference are real: rounding does not explain them.

How far a number may lie from the reference's depends on what it is.

Rounding: 10⁻⁹ of the number, or less than 10⁻⁹ where it is itself the rest of a difference that is
nil in theory. A double carries 10⁻¹⁶, so this leaves seven digits for what sums, iterations and
least squares make of one rounding. All must keep to it that are not sensitive, also numbers that
are the same in every seed, and the effects of claims that no sensitive experiment makes.

Sensitive: what rounding can change further. These are trainings in single precision, where two
roundings part as two seeds do, and what hangs on matrices that are all but singular. Nobody chose
them: `make reference` builds twice, once in strict mode, and keeps in sensitive.json which numbers
fell further apart than rounding. That may be by luck, such as one image that changed sides, so an
experiment is sensitive if one of its numbers is. But it is one pair of builds on one machine: what
only another kind of processor would have changed is not among them, and is called real there.

Other code: an experiment whose code is not the reference's has no sensitive numbers. An edit may
part two trainings just as rounding does, and only equal numbers show that it did not.

- Over several seeds a sensitive number may differ in each, but not in the mean. It must not have
  moved (the paired test of `differences`, after Holm's correction over all comparisons). Nor may
  the mean be further away than if the build had other seeds (Student's test at 5 % over all such
  numbers), which is what tells where seeds are too few for the paired test. A move of less than a
  hundredth of the seeds' deviation is let pass: over n seeds a mean is known to about 2/√n of it, a
  tenth for 400, so no digit that anybody reads can change. That spares alarms and shows no
  equality. Nor does a test that finds nothing: what it could have found is told beside it
  (`findable`), and with few seeds that is little.
- Where all seeds have one value, since it is computed once for them, there is no noise. How far it
  fell in the strict build is one draw of what rounding does to it, and a second must be no further
  off than such a draw allows (Student's t with one degree of freedom at 5 % over all such numbers).
- With one seed, a listing as printed, it must be no further away than two seeds are from each other
  in that variant of the experiment which it is most like, by deviations from the mean (Student's t
  at 5 % over all such numbers).

Listings: 10.1 and 10.2 are descents on convex squares, where a step makes earlier rounding smaller;
10.3 evaluates a formula; 10.4 and 10.5 are least squares, whose conditioning is what the seven
digits are for (10.4's solver cuts off the directions that it cannot tell). All five keep to
rounding. 10.6 is the training above, with one seed.

Verdicts: a claim whose verdict would change, or a condition's, is a real difference, however small
the cause, because it is what people read. So is what one of both alone has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from relearn.experiments import catalogue
from relearn.report.comparison import Comparison, Number, published
from relearn.report.comparison_claims import Claim
from relearn.report.results import Results
from relearn.runs import differences, record
from relearn.runs.evidence import LEVEL

SENSITIVE = "sensitive.json"
MARGIN = 0.01  # of the seeds' deviation
ALPHA = 1 - LEVEL
POWER = 0.8


@dataclass(frozen=True)
class Tolerances:
    """The tolerances at this module's head."""

    reference: Results
    found: Comparison

    @cached_property
    def sensitive(self) -> Mapping[str, Any]:
        return self.reference.needed(SENSITIVE)

    @cached_property
    def edited(self) -> set[str]:
        """The experiments that are of other code than the reference's."""
        return {each.experiment for each in self.found.numbers if "code" in each.causes}

    @cached_property
    def experiments(self) -> set[str]:
        """Those that are sensitive, and of the same code."""
        return {run.split("/")[0] for run in self.sensitive["runs"]} - self.edited

    @cached_property
    def several(self) -> int:
        """How many numbers of sensitive experiments over several seeds are tested."""
        return sum(each.experiment in self.experiments for each in self.found.tested)

    @cached_property
    def lone(self) -> int:
        """How many sensitive numbers have one seed, those of listings included."""
        runs = sum(
            each.metric in self.sensitive["runs"].get(each.run, {})
            for each in self.found.numbers
            if each.a.n == 1
        )
        series = published(self.reference)
        return runs + sum(len(series.get(name, ())) for name in self.sensitive["listings"])

    @cached_property
    def without_noise(self) -> int:
        """How many sensitive numbers differ that are the same in every seed."""
        return sum(
            each.outcome == "untold" and each.a.n > 1 and each.experiment in self.experiments
            for each in self.found.numbers
        )

    @property
    def findable(self) -> dict[int, float]:
        """The smallest shift that was `findable`, by the fewest and the most seeds of a test."""
        seeds = [each.pairs for each in self.found.tested if each.experiment in self.experiments]
        ends = (min(seeds), max(seeds)) if seeds else ()
        return {each: findable(each, self.several) for each in ends}

    def broken(self, results: Results) -> Iterator[str]:
        """Yield a line for each difference that is real."""
        for number in self.found.numbers:
            if reason := self._number(number):
                name = f"{number.run} {number.metric}"
                yield f"{name}: {_change(number.a.mean, number.b.mean)}, {reason}"
        yield from self._listings(results)
        for claim in self.found.claims:
            yield from self._claim(claim)

    def _number(self, number: Number) -> str:
        """Return why a number's difference is real; empty if it is not."""
        if number.a.n != number.b.n:
            return f"{number.a.n} seeds in the reference, {number.b.n} here"
        if number.outcome in ("equal", "rounding"):
            return ""
        if number.a.n == 1:
            known = self.sensitive["runs"].get(number.run, {})
            if number.experiment in self.edited or number.metric not in known:
                return self._further(number.experiment)
            spread = self._spread(number.experiment, record.NAMES[0], number.metric)
            return self._alone(np.array([number.a.mean]), np.array([number.b.mean]), spread)
        if number.experiment not in self.experiments:
            return self._further(number.experiment)
        if number.outcome == "untold":
            return self._without_noise(number)
        if number.outcome == "moved":
            shift = abs(number.difference.estimate)
            if not shift <= MARGIN * differences.deviation(number.a):
                return f"moved beyond noise in {number.pairs} pairs of seeds"
        if differences.strangers(number.a, number.b) < ALPHA / self.several:
            return "further than other seeds would be"
        return ""

    def _without_noise(self, number: Number) -> str:
        """Return why a number that is the same in every seed is real, or nothing."""
        known = self.sensitive["runs"].get(number.run, {}).get(number.metric)
        if known is None:
            return self._further(number.experiment)
        a, b = number.a.mean, number.b.mean
        p = 2 * special.stdtr(1, -abs(b - a) / max(abs(a), abs(b)) / known)
        if p >= ALPHA / self.without_noise:
            return ""
        return "further than rounding took the strict build"

    def _further(self, experiment: str) -> str:
        return "further than rounding" + ", by other code" * (experiment in self.edited)

    def _listings(self, results: Results) -> Iterator[str]:
        printed = [published(each) for each in (self.reference, results)]
        for row in self.found.listings:
            listing, series = row.name.split(" ", 1)
            experiment = catalogue.listing(listing)
            values = [each[row.name] for each in printed]
            reason = ""
            if row.counts[0] != row.counts[1]:
                reason = f"{row.counts[0]} numbers in the reference, {row.counts[1]} here"
            elif row.name in self.sensitive["listings"] and experiment not in self.edited:
                table = record.NAMES[1] if len(values[0]) > 1 else record.NAMES[0]
                spread = self._spread(experiment, table, series)
                reason = self._alone(*values, spread)
            elif not differences.rounded(*values).all():
                reason = self._further(experiment)
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
            if part.changed:
                if part.condition:  # else it is the claim itself
                    yield f"{name}: {part.a['verdict']} → {part.b['verdict']}"
            elif part.outcome == "moved":
                yield f"{name}: effect {told}, moved beyond noise"
            elif (
                claim.a["experiment"] not in self.experiments
                and not differences.rounded(*effects).all()
            ):
                yield f"{name}: effect {told}, {self._further(claim.a['experiment'])}"


def findable(seeds: int, tests: int) -> float:
    """Return the smallest shift of a mean, in the seeds' deviations, that is found with POWER.

    By Student's test between two builds of so many seeds, at ALPHA over all tests. The paired test
    may find smaller ones; how small depends on how alike the pairs are.
    """
    # In closed form: the solver of statsmodels' TTestIndPower does not converge at such levels.
    freedom = 2 * seeds - 2
    critical = special.stdtrit(freedom, 1 - ALPHA / tests / 2)
    return float(special.nctdtrinc(freedom, 1 - POWER, critical) * np.sqrt(2 / seeds))


def _change(a: float, b: float) -> str:
    return f"{a:.10g} → {b:.10g}"


def _effect(part: Mapping[str, Any]) -> np.ndarray:
    return np.array([part["effect"][key] for key in ("estimate", "low", "high")], dtype=float)
