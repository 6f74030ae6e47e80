"""An experiment that costs next to nothing: `benchmarks.scaling` makes its runs many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

SEED_RUNS = True
STEPS = np.arange(1, 11)


class Params(Parameters):
    """A level that noise is added to."""

    level: int = Field(ge=0, description="what the values are centred on")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Draw a walk for each seed."""
    steps = np.stack([seed.generator("walk").normal(size=len(STEPS)) for seed in seeds])
    walks = params.level + steps.cumsum(axis=1)
    return Records(per_seed({"end": walks[:, -1]}), table("step", STEPS, {"place": walks}))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return how far the walks of each seed stray, over all variants."""
    ends = np.stack([records.scalars["end"].to_numpy() for records in results.values()])
    return {"1a": {"strays": ends.std(axis=0)}}


def draw(results: Mapping[str, Records]):
    """Draw the mean walk of the variants."""
    from relearn.figures.canvas import Figure

    walks = [records.curves.groupby("step")["place"].mean() for records in results.values()]
    figure = Figure(columns=1)
    panel = figure.panel("Walks")
    panel.spread(STEPS, np.stack(walks), "mean of a variant's seeds")
    panel.axes("step", "place")
    return figure
