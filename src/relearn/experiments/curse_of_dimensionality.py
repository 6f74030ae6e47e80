"""Section 5: how thin a fixed number of samples becomes as features are added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field, model_validator

from relearn.experiments.parameters import Parameters
from relearn.learning import dimensionality
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
PLANE = 2


class Params(Parameters):
    """The samples and the cells."""

    samples: int = Field(ge=8, description="samples, the same number in every dimension")
    cells: int = Field(ge=2, description="cells an axis: the cube has cells ** d of them")
    dimensions: int = Field(ge=3, description="features are added one by one up to here")
    queries: int = Field(ge=1, description="fresh points from which distances are measured")
    surface: bool = Field(description="samples on a bent sheet of two dimensions, not in the cube")

    @model_validator(mode="after")
    def _falls_can_be_measured(self) -> Params:
        if not self.cells <= self.samples < self.cells ** (self.dimensions - 1):
            raise ValueError(
                "samples must be at least cells and fewer than cells ** (dimensions - 1), so that "
                "there are dimensions with fewer and with more cells than samples"
            )
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Count occupied cells and companions and take distances in the first 1, 2, … features."""
    dimensions = np.arange(1, params.dimensions + 1)
    total = float(params.cells) ** dimensions
    occupied, companions, ratios = [], [], []
    for seed in seeds:
        points, queries = samples(params, seed)
        counts = [dimensionality.occupancy(points[:, :d], params.cells) for d in dimensions]
        occupied.append([count for count, _ in counts] / total)
        companions.append([others for _, others in counts])
        distances = dimensionality.distance_ratios(points, queries)
        ratios.append(np.exp(np.log(distances).mean(axis=0)))
    metrics = {
        "occupied_share": np.array(occupied),
        "companions": np.array(companions),
        "distance_ratio": np.array(ratios),
    }
    law = [
        dimensionality.expected_occupied_share(params.samples, params.cells, int(d))
        for d in dimensions
    ]
    far_law = [dimensionality.asymptotic_distance_ratio(params.samples, int(d)) for d in dimensions]
    curves = metrics | {
        "occupied_law": np.tile(law, (len(seeds), 1)),
        "distance_law": np.tile(far_law, (len(seeds), 1)),
    }
    scalars = summary(metrics, np.array(law), int((total <= params.samples).sum()))
    return Records(per_seed(scalars), table("dimension", dimensions, curves))


def samples(params: Params, seed: Seed) -> tuple[np.ndarray, np.ndarray]:
    """Return one seed's samples (n, d) and queries (m, d), from the same distribution."""
    count = (params.samples + params.queries, PLANE if params.surface else params.dimensions)
    points = seed.generator("data").random(count)
    if params.surface:
        shape = seed.generator("surface")
        directions = shape.uniform(0, np.pi, params.dimensions)
        phases = shape.uniform(0, np.pi, params.dimensions)
        points = dimensionality.bent_sheet(points, directions, phases)
    return points[: params.samples], points[params.samples :]


def summary(metrics: Mapping[str, np.ndarray], law: np.ndarray, full: int) -> dict[str, np.ndarray]:
    """Return each seed's falls in doublings and its agreement with the law.

    Args:
        metrics: name to (S, D) values in dimension 1, 2, … D.
        law: (D,) expected occupied shares.
        full: the last dimension with no more cells than samples; those after it have more.
    """
    occupied = np.log2(metrics["occupied_share"])
    with np.errstate(divide="ignore"):
        companions = np.log2(metrics["companions"])
    ratio = np.log2(metrics["distance_ratio"])
    return {
        "occupied_fall": (occupied[:, full] - occupied[:, -1]) / (len(law) - full - 1),
        "companions_fall": (companions[:, 0] - companions[:, full]) / full,
        "law_agreement": 1 - np.abs(metrics["occupied_share"] / law - 1).mean(axis=1),
        "distance_rise": ratio[:, -1] - ratio[:, PLANE - 1],
        "first_sparse_dimension": np.full(len(ratio), full + 1.0),
    }


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return how fast uniform samples thin out, by cells and by distances."""
    scalars = results["uniform"].scalars
    parts = {
        "occupied": scalars["occupied_fall"],
        "companions": scalars["companions_fall"],
        "law": scalars["law_agreement"],
        "distances": scalars["distance_rise"],
    }
    return {"5a": {name: values.to_numpy() for name, values in parts.items()}}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw occupied cells, companions and the distance ratio against the dimension."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    panels = {
        "occupied_share": ("Occupied cells", "share of all cells", "occupied_law"),
        "companions": ("Others in a sample's cell", "samples, mean", None),
        "distance_ratio": ("Nearest over farthest", "ratio of distances", "distance_law"),
    }
    arms = {"uniform": "uniform", "on_a_surface": "on a surface"}
    for metric, (title, name, law) in panels.items():
        panel = figure.panel(title)
        for variant, label in arms.items():
            wide = results[variant].curves.pivot(index="seed", columns="dimension", values=metric)
            shown = (wide.to_numpy() > 0).all(axis=0)  # a logarithmic axis has no zero
            panel.spread(wide.columns.to_numpy()[shown], wide.to_numpy()[:, shown], label=label)
        if law:
            curves = results["uniform"].curves
            exact = curves[(curves["seed"] == 0) & (curves[law] > 0)]
            panel.points(exact["dimension"].to_numpy(), exact[law].to_numpy(), label="law")
        panel.axes("features d", name, log=metric != "distance_ratio")
    return figure
