"""Section 3: the perceptron rule on separable data, its mistakes against Novikoff's bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from relearn.data.synthetic import separated_points
from relearn.experiments.parameters import Parameters, Rate
from relearn.learning import linear_separation
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False


class Params(Parameters):
    """The data and the rule's patience."""

    samples: int = Field(ge=2, description="points")
    features: int = Field(ge=1, description="dimension of the points, uniform in [−1, 1]^d")
    margins: list[Rate] = Field(
        min_length=1, description="no point is nearer than this to the true hyperplane"
    )
    flipped: float = Field(ge=0, le=1, description="share of the labels that are turned round")
    passes: int = Field(ge=1, description="stop after so many passes over the data")
    record_passes: int = Field(ge=1, description="passes in curves.csv")


def slug(margin: float) -> str:
    """Return a margin as a name: 0.05 as margin_0_05."""
    return f"margin_{margin:g}".replace(".", "_")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Run the rule at each margin until a pass without a mistake."""
    scalars, curves = {}, {}
    for margin in params.margins:
        found = [one(params, seed, margin) for seed in seeds]
        for name in found[0][0]:
            scalars[f"{name}_{slug(margin)}"] = np.array([each[name] for each, _ in found])
        curves[f"mistakes_{slug(margin)}"] = np.stack([mistakes for _, mistakes in found])
    steps = np.arange(1, params.record_passes + 1)
    return Records(per_seed(scalars), table("pass", steps, curves))


def one(params: Params, seed: Seed, margin: float) -> tuple[dict[str, float], np.ndarray]:
    """Return one seed's scalars at a margin, and its mistakes in each recorded pass."""
    x, y = separated_points(seed.generator("points"), params.samples, params.features, margin)
    turned = seed.generator("flips").permutation(params.samples)
    y[turned[: round(params.flipped * params.samples)]] *= -1
    x = linear_separation.augmented(x)
    # At most as many passes have a mistake as the bound has mistakes; the cap is only for data
    # that no hyperplane separates.
    rule = linear_separation.perceptron(x, y, seed.generator("order"), params.passes)
    best = linear_separation.widest(x, y)
    bound = linear_separation.novikoff_bound(x, best.margin) if best else np.nan
    mistakes, stopped = int(rule.mistakes.sum()), rule.mistakes[-1] == 0
    shown = np.zeros(params.record_passes, dtype=int)
    shown[: len(rule.mistakes)] = rule.mistakes[: params.record_passes]
    scalars = {
        "mistakes": mistakes,
        "passes": len(rule.mistakes),
        "stopped": float(stopped),
        "rises": float((np.diff(rule.mistakes) > 0).any()),
        "separable": float(best is not None),
        "bound": bound,
        "gamma": best.margin if best else np.nan,
        "gap": best.gap if best else np.nan,
        "left": (bound - mistakes) / bound if stopped and best else -1.0,
    }
    return scalars, shown


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of the bound that is left at each margin, −1 where the rule went on."""
    scalars = results["separable"].scalars
    columns = [name for name in scalars if name.startswith("left_")]
    return {"3a": {name.removeprefix("left_"): scalars[name].to_numpy() for name in columns}}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw mistakes and bound against the margin, and the mistakes of each pass."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2)
    left = figure.panel("Mistakes until the first pass without one")
    scalars = results["separable"].scalars
    slugs = [name.removeprefix("left_") for name in scalars if name.startswith("left_")]
    margins = [float(name.removeprefix("margin_").replace("_", ".")) for name in slugs]
    for column, label in (("bound", "Novikoff's bound"), ("mistakes", "mistakes")):
        values = scalars[[f"{column}_{name}" for name in slugs]].to_numpy()
        left.spread(margins, values, label=label, marker=True)
    left.axes("prescribed margin", "mistakes", log=True)
    right = figure.panel("Mistakes in each pass")
    passes = {
        variant: results[variant].curves.pivot(
            index="seed", columns="pass", values=f"mistakes_{slugs[-1]}"
        )
        for variant in ("separable", "flipped")
    }
    steps = passes["separable"].columns.to_numpy()
    right.spread(steps, passes["separable"].to_numpy(), label="separable")
    right.line(steps, passes["flipped"].median().to_numpy(), label="some labels turned round")
    right.axes(f"pass over the data (margin {margins[-1]:g})", "mistakes in the pass", zero=True)
    return figure
