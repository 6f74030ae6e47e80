"""What prose may say: statistics over seeds, numbers as published, settings and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from relearn.errors import RelearnError
from relearn.experiments.catalogue import variant_slice
from relearn.experiments.configuration import suggestion
from relearn.report.formats import finite
from relearn.report.results import MissingResult, Results
from relearn.report.traced import Source, Traced
from relearn.runs.described import row_anchor
from relearn.runs.evidence import interval


@dataclass(frozen=True, eq=False)
class Statistic:
    """One metric over the seeds of a variant; each attribute is finite or an error.

    Attributes:
        label: the expression that made it, for messages.
        values: one value a seed.
        source: where in the page its data are.
    """

    label: str
    values: np.ndarray
    source: Source

    @property
    def n(self) -> int:
        """The number of seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The mean over seeds."""
        return self._finite("mean", interval(self.values)[0])

    @property
    def low(self) -> float:
        """The lower end of the mean's 95 % interval."""
        return self._finite("low", interval(self.values)[1])

    @property
    def high(self) -> float:
        """The upper end of the mean's 95 % interval."""
        return self._finite("high", interval(self.values)[2])

    @property
    def min(self) -> float:
        """The least value of any seed."""
        return self._finite("min", self.values.min())

    @property
    def max(self) -> float:
        """The largest value of any seed."""
        return self._finite("max", self.values.max())

    @property
    def median(self) -> float:
        """The median over seeds."""
        with np.errstate(invalid="ignore"):
            return self._finite("median", np.median(self.values))

    def __float__(self) -> float:
        return float(self.mean)

    def _finite(self, name: str, number: Any) -> Traced:
        try:
            return Traced(finite(number), self.source)
        except RelearnError as error:
            raise RelearnError(f"{self.label}.{name} over {self.n} seed(s): {error}") from None


class Context:
    """The names that one experiment's prose may use."""

    def __init__(self, experiment: str, listing: str | None, results: Results):
        self._experiment = experiment
        self._listing = listing
        self._results = results

    def names(self, wanted: set[str]) -> dict[str, Any]:
        """Return the names, `published` only where it is wanted and the experiment has a listing.

        Raises:
            MissingResult: `published` is wanted and has not been made.
        """
        names = {"value": self.value, "at": self.at, "first": self.first, "gain": self.gain}
        names |= {"params": self.params, "claim": self.claim}
        if "published" in wanted and self._listing:
            if self._listing not in self._results.published:
                reason = self._results.reason(self._experiment, "listing")
                raise MissingResult(f"Listing {self._listing} as published: {reason}")
            source = self._source("published", f"published.json, {self._listing}")
            names["published"] = traced(self._results.published[self._listing], source)
        return names

    def value(self, variant: str, column: str) -> Statistic:
        """Return a column of scalars.csv over seeds."""
        frame = self._results.table(self._experiment, variant, "scalars.csv")
        label = f"value('{variant}', '{column}')"
        source = self._source(variant, f"scalars.csv, {column}")
        return Statistic(label, _column(frame, column, label), source)

    def gain(self, variant: str, over: str, column: str) -> Statistic:
        """Return a column's paired difference, `variant` minus `over`, over the seeds of both."""
        first, second = self.value(variant, column), self.value(over, column)
        label = f"gain('{variant}', '{over}', '{column}')"
        if first.n != second.n:
            raise RelearnError(f"{label}: {first.n} seeds against {second.n}; give both as many")
        source = self._source(variant, f"scalars.csv, {column}, minus that of {over}")
        return Statistic(label, first.values - second.values, source)

    def at(self, variant: str, metric: str, step: int) -> Statistic:
        """Return a column of curves.csv at a step, over seeds."""
        frame = self._results.table(self._experiment, variant, "curves.csv")
        label = f"at('{variant}', '{metric}', {step})"
        values = _column(frame, metric, label)
        name = frame.columns[1]
        chosen = values[frame[name].to_numpy() == step]
        if len(chosen) == 0:
            steps = frame[name].unique()
            raise RelearnError(
                f"{label}: no {name} {step}; there are {len(steps)}, {steps[0]} to {steps[-1]}"
            )
        source = self._source(variant, f"curves.csv, {metric} at {name} {step}")
        return Statistic(label, chosen, source)

    def first(self, variant: str, column: str) -> float:
        """Return the first seed's value of a column of scalars.csv."""
        found = self.value(variant, column)
        label = f"first('{variant}', '{column}')"
        return Statistic(label, found.values[:1], found.source).mean

    def params(self, variant: str) -> dict[str, Any]:
        """Return the config values that a variant sees."""
        self._results.run_folder(self._experiment, variant)
        return variant_slice(self._results.config["experiments"][self._experiment], variant)

    def claim(self, name: str, part: str | None = None) -> Mapping[str, Any]:
        """Return a claim of claims.json, of any experiment, or one of its parts."""
        blocks = self._results.config["experiments"]
        owners = {each: owner for owner, block in blocks.items() for each in block["claims"]}
        if name not in owners:
            raise RelearnError(f"no claim '{name}' in the config; {suggestion(name, owners)}")
        if name not in self._results.claims:
            reason = self._results.reason(owners[name], "verdict")
            raise MissingResult(f"The verdict on {name}: {reason}")
        found = self._results.claims[name]
        if part is not None:
            parts = {each["name"]: each for each in found["conditions"]}
            if part not in parts:
                raise RelearnError(f"claim {name} has no part '{part}'; {suggestion(part, parts)}")
            found = parts[part]
        source = Source(f"claim-{name}", f"claims.json, {name}{f', {part}' if part else ''}")
        return found | {"effect": traced(found["effect"], source)}

    def _source(self, variant: str, what: str) -> Source:
        block = self._results.config["experiments"][self._experiment]
        anchor = row_anchor(self._experiment, variant, len(block["variants"]))
        return Source(anchor, f"{self._experiment}/{variant}: {what}")


def traced(values: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """Return a mapping whose numbers know where they come from; lists stay as they are."""
    return {
        name: Traced(value, source) if isinstance(value, float) else value
        for name, value in values.items()
    }


def _column(frame: pd.DataFrame, column: str, label: str) -> np.ndarray:
    if column not in frame:
        raise RelearnError(f"{label}: no such column; {suggestion(column, frame.columns)}")
    return frame[column].to_numpy()
