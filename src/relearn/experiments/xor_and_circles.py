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
EXTENT, CELLS = 1.4, 40  # the square that is drawn


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
    errors, losses, scores = [], [], []
    for width in params.hidden:
        generators = [seed.generator(f"start {width}") for seed in seeds]
        networks = hidden_layer.start(generators, x.shape[1], width, params.spread)
        networks = hidden_layer.descend(
            networks, x, y, params.activation, params.rate, params.steps
        )
        errors.append(hidden_layer.errors(networks, x, y, params.activation))
        losses.append(hidden_layer.loss(networks, x, y, params.activation))
        scores.append(coarse_scores(networks, params.activation))
    errors = np.stack(errors, axis=1)
    curves = {
        "errors": errors,
        "solved": (errors == 0).astype(float),
        "loss": np.stack(losses, axis=1),
    }
    slack = np.full(len(seeds), linear_separation.slack(x, y))
    scalars = {"slack": slack, "points": np.full(len(seeds), len(x))}
    arrays = {
        "scores": np.stack(scores, axis=1),
        "x": np.tile(x, (len(seeds), 1, 1)),
        "y": np.tile(y, (len(seeds), 1)),
    }
    return Records(per_seed(scalars), table("hidden", np.array(params.hidden), curves), arrays)


def coarse_scores(networks: hidden_layer.Networks, activation: str) -> np.ndarray:
    """Return each network's scores on the drawn square, (S, CELLS + 1, CELLS + 1).

    Whole 127ths, cut off at ±1: enough to draw where they cross zero.
    """
    square = EXTENT * plane_boundaries.grid(CELLS)
    found = np.empty((len(networks.c), CELLS + 1, CELLS + 1), dtype=np.int8)
    for place, own in enumerate(found):  # one at a time, or a thousand starts fill the memory
        network = hidden_layer.Networks(*(part[[place]] for part in networks))
        score = hidden_layer.forward(network, square, activation)[1]
        own[:] = np.rint(127 * np.clip(score, -1, 1)).reshape(own.shape)
    return found


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
    """Draw one network's classes for each width, and how many starts come to zero errors."""
    from relearn.figures.canvas import Figure
    from relearn.figures.plane import Plane

    figure = Figure(columns=3, widths=[1, 1, 1.5])
    planes = {
        "xor": figure.panel("XOR, one network", Plane),
        "circles": figure.panel("Two circles, one network", Plane),
    }
    for task, panel in planes.items():
        arrays = results[task].arrays
        x, y = arrays["x"][0], arrays["y"][0]
        for side, label in ((1, "class 1"), (-1, "class −1")):
            panel.points(*x[y == side].T, label=label)
        panel.axes("x₁", "x₂")
    shares = figure.panel("Starts that come to zero errors")
    names = {"xor": "XOR", "xor_wide_start": "XOR, larger start", "circles": "circles"}
    share = {}
    for variant, label in names.items():
        share[label] = results[variant].curves.groupby("hidden")["solved"].mean()
        shares.line(share[label].index.to_numpy(), share[label].to_numpy(), label, marker=True)
    shares.axes("hidden units", "share of starts", zero=True)
    widths = {task: results[task].curves["hidden"].unique().tolist() for task in planes}
    both = [width for width in widths["xor"] if width in widths["circles"]]
    stops = [str(width) for width in both]
    for frame in figure.frames("hidden units", stops, shown=len(stops) // 2):
        width = both[frame]
        for task, panel in planes.items():
            # The first start that solves it; the first of all where none does.
            curves = results[task].curves
            first = curves.loc[curves["hidden"] == width, "solved"].to_numpy().argmax()
            scores = results[task].arrays["scores"][first, widths[task].index(width)]
            panel.regions(scores.astype(float), EXTENT, label="network says 1", like="class 1")
        for label, values in share.items():
            if width in values:
                shares.points([width], [values[width]], label=label)
    return figure
