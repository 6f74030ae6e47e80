"""Section 3: XOR and two circles, which no hyperplane separates and small networks learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.data.synthetic import circle_points, xor_points
from relearn.experiments.parameters import Count, Parameters
from relearn.learning import hidden_layer, linear_separation, plane_boundaries
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
# The fewest hidden units that can bound the class, and a net with room.
JUDGED = {"xor": (2, 8), "circles": (3, 8)}
EXTENT, CELLS = 1.4, 60  # the square that is drawn


class Params(Parameters):
    """The points, the networks and their training."""

    task: Literal["xor", "circles"] = Field(description="XOR's four points, or two circles")
    samples: int = Field(ge=3, description="points on each circle")
    inner: float = Field(
        gt=0,
        lt=1,
        description="the inner circle's radius, the outer's being 1; below 1/2 a "
        "triangle fits between them",
    )
    hidden: list[Count] = Field(min_length=1, description="widths of the hidden layer")
    activation: Literal["tanh", "sigmoid", "identity"] = Field(description="of the hidden units")
    spread: float = Field(gt=0, description="standard deviation of the normal start")
    rate: float = Field(gt=0, description="learning rate")
    steps: int = Field(ge=1, description="updates, each on all points")

    @model_validator(mode="after")
    def _judged_widths(self) -> Params:
        if missing := set(JUDGED[self.task]) - set(self.hidden):
            raise ValueError(f"hidden lacks {min(missing)}, a width that is judged: add it")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Look for a separating line, and train a network of each width from each seed's start."""
    x, y = xor_points() if params.task == "xor" else circle_points(params.samples, params.inner)
    errors, losses = [], []
    for width in params.hidden:
        generators = [seed.generator(f"start {width}") for seed in seeds]
        networks = hidden_layer.start(generators, x.shape[1], width, params.spread)
        networks = hidden_layer.descend(
            networks, x, y, params.activation, params.rate, params.steps
        )
        errors.append(hidden_layer.errors(networks, x, y, params.activation))
        losses.append(hidden_layer.loss(networks, x, y, params.activation))
        if width == JUDGED[params.task][0]:
            square = EXTENT * plane_boundaries.grid(CELLS)
            sides = hidden_layer.forward(networks, square, params.activation)[1] > 0
    errors = np.stack(errors, axis=1)
    curves = {
        "errors": errors,
        "solved": (errors == 0).astype(float),
        "loss": np.stack(losses, axis=1),
    }
    slack = np.full(len(seeds), linear_separation.slack(x, y))
    scalars = {"slack": slack, "points": np.full(len(seeds), len(x))}
    arrays = {
        "sides": sides.reshape(len(seeds), CELLS + 1, CELLS + 1),
        "x": np.tile(x, (len(seeds), 1, 1)),
        "y": np.tile(y, (len(seeds), 1)),
    }
    return Records(per_seed(scalars), table("hidden", np.array(params.hidden), curves), arrays)


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return minus the best line's slack, and whether each start came to zero errors (1 or 0)."""
    parts = {}
    for task, widths in JUDGED.items():
        parts[f"{task}_line"] = -results[task].scalars["slack"].to_numpy()
        curves = results[task].curves
        for width in widths:
            solved = curves.loc[curves["hidden"] == width, "solved"]
            parts[f"{task}_{width}_hidden"] = solved.to_numpy()
    return {"3b": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw one network's classes for each problem, and how many starts come to zero errors."""
    from relearn.figures.canvas import Figure
    from relearn.figures.plane import Plane

    figure = Figure(columns=3, widths=[1, 1, 1.5])
    for task, title in (("xor", "XOR"), ("circles", "Two circles")):
        records, width = results[task], JUDGED[task][0]
        panel = figure.panel(f"{title}, {width} hidden", Plane)
        # The first start that solves it; the first of all where none does.
        curves = records.curves
        solved = curves.loc[curves["hidden"] == width, "solved"].to_numpy()
        seed = int(solved.argmax())
        panel.regions(records.arrays["sides"][seed], EXTENT, label="network says 1")
        x, y = records.arrays["x"][seed], records.arrays["y"][seed]
        for side, label in ((1, "class 1"), (-1, "class −1")):
            panel.points(*x[y == side].T, label=label)
        panel.axes("x₁", "x₂")
    panel = figure.panel("Starts that come to zero errors")
    names = {"xor": "XOR", "xor_wide_start": "XOR, larger start", "circles": "circles"}
    for variant, label in names.items():
        share = results[variant].curves.groupby("hidden")["solved"].mean()
        panel.line(share.index.to_numpy(), share.to_numpy(), label=label, marker=True)
    panel.axes("hidden units", "share of starts", zero=True)
    return figure
