"""Section 4: a network without activations, at several depths, against one linear map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import linear_network as nets
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False


class Params(Parameters):
    """The networks, the curved target and the training."""

    activation: Literal["identity", "tanh", "relu"] = Field(
        description="what stands between two layers; identity: nothing"
    )
    depths: list[Count] = Field(min_length=1, description="layers of weights")
    width: int = Field(ge=1, description="units of each hidden layer")
    samples: int = Field(ge=10, description="training points, uniform in the square [-1, 1]²")
    rate: float = Field(
        gt=0, description="learning rate of a network of one layer, else over depth"
    )
    momentum: float = Field(ge=0, lt=1, description="share of the last step that is kept")
    steps: int = Field(ge=1, description="full-batch updates")


def target(x: np.ndarray) -> np.ndarray:
    """Return sin(2 x1) + x2² (…, 1) of points (…, 2): part of it is linear, part is not."""
    return np.sin(2 * x[..., :1]) + x[..., 1:] ** 2


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Collapse each start into one map; then train it and compare with the best affine fit."""
    x = np.stack([seed.generator("points").uniform(-1, 1, (params.samples, 2)) for seed in seeds])
    y = target(x)
    best = nets.affine_least_squares(x, y)
    gaps, ratios = [], []
    for depth in params.depths:
        sizes = [2, *[params.width] * (depth - 1), 1]
        start = nets.orthogonal_start(sizes, [seed.generator(f"start {depth}") for seed in seeds])
        trained = nets.train(
            start, x, y, params.activation, params.rate / depth, params.momentum, params.steps
        )
        gaps.append(np.maximum(gap(start, x, params), gap(trained, x, params)))
        output = nets.forward(trained, x, params.activation)[-1]
        ratios.append(((output - y) ** 2).mean((-1, -2)) / best)
    gaps, ratios = np.stack(gaps, axis=1), np.stack(ratios, axis=1)
    scalars = {
        "collapse_gap": gaps.max(1),
        "least_ratio": ratios.min(1),
        "largest_ratio": ratios.max(1),
        "affine_mse": best,
        "target_variance": y.var((-1, -2)),
    }
    curves = {"collapse_gap": gaps, "error_ratio": ratios}
    return Records(per_seed(scalars), table("depth", np.array(params.depths), curves))


def gap(network: nets.Network, x: np.ndarray, params: Params) -> np.ndarray:
    """Return the largest difference (S,) between the layers' output and the collapsed map's."""
    weight, bias = nets.collapse(network)
    output = nets.forward(network, x, params.activation)[-1]
    return np.abs(output - (x @ weight + bias)).max((-1, -2))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return how well the map is one, and where training ends, over the worst of the depths."""
    scalars = results["without"].scalars
    return {
        "4a": {
            "collapsed": -scalars["collapse_gap"].to_numpy(),
            "never_below": scalars["least_ratio"].to_numpy() - 1,
            "reaches": 1 - scalars["largest_ratio"].to_numpy(),
        }
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the trained error over the affine fit's, and the gap to the collapsed map."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2)
    left = figure.panel("Error after training, over the linear fit's")
    right = figure.panel("Largest difference to the collapsed map")
    for variant, label in (("without", "no activation"), ("with_tanh", "tanh between layers")):
        for panel, metric in ((left, "error_ratio"), (right, "collapse_gap")):
            wide = results[variant].curves.pivot(index="seed", columns="depth", values=metric)
            # A network of one layer is its own collapse: no difference, and no logarithm of it.
            values = np.maximum(wide.to_numpy(), 1e-17)
            panel.spread(wide.columns.to_numpy(), values, label=label, marker=True)
    left.axes("layers of weights", "ratio of mean squared errors", log=True)
    right.axes("layers of weights", "difference in the output", log=True)
    return figure
