"""Section 3: the worked forward pass, and the gradients that it leaves to the reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters
from relearn.learning import backpropagation
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
WEIGHTS = ["w1", "w2", "w3", "w4", "w5", "w6"]


class Params(Parameters):
    """The network and the step."""

    random: bool = Field(description="draw inputs, target and weights anew for each seed")
    inputs: list[float] = Field(min_length=2, max_length=2, description="x1, x2")
    target: float = Field(description="y")
    weights: list[float] = Field(min_length=6, max_length=6, description="w1 … w6")
    rate: float = Field(gt=0, description="learning rate of the steps")
    steps: int = Field(ge=1, description="descent steps")
    width: float = Field(gt=0, description="half-width of the central differences")
    stated: dict[str, float] = Field(description="what the article gives for the forward pass")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Take the forward pass, the gradients three ways, and the descent."""
    count = len(seeds)
    if params.random:
        draws = np.stack([seed.generator("network").normal(size=9) for seed in seeds])
        x, y, w = draws[:, :2], draws[:, 2], draws[:, 3:]
    else:
        x = np.tile(params.inputs, (count, 1))
        y = np.full(count, params.target)
        w = np.tile(params.weights, (count, 1))
    hidden, prediction, loss = backpropagation.forward(x, y, w)
    gradient = backpropagation.gradient(x, y, w)
    by_autograd = backpropagation.autograd(x, y, w)
    by_differences = backpropagation.finite_differences(x, y, w, params.width)
    path, losses = w, [loss]
    for _ in range(params.steps):
        path = path - params.rate * backpropagation.gradient(x, y, path)
        losses.append(backpropagation.forward(x, y, path).loss)
    scalars = {"h1": hidden[:, 0], "h2": hidden[:, 1], "prediction": prediction, "loss": loss}
    scalars |= {f"d_{name}": gradient[:, i] for i, name in enumerate(WEIGHTS)}
    scalars |= {
        "autograd_difference": np.abs(gradient - by_autograd).max(-1),
        "finite_difference": np.abs(gradient - by_differences).max(-1),
        "loss_after_step": losses[1],
    }
    for name, value in params.stated.items():
        scalars[f"{name}_difference"] = np.abs(scalars[name] - value)
    curves = table("step", np.arange(params.steps + 1), {"loss": np.stack(losses, axis=1)})
    return Records(per_seed(scalars), curves, {"gradient": gradient, "autograd": by_autograd})


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return minus the largest absolute difference of each part of the example."""
    example = results["worked_example"].scalars
    drawn = results["random_networks"].scalars
    stated = [f"{name}_difference" for name in ("h1", "h2", "prediction", "loss")]
    parts = {"forward_pass": -example[stated].max(axis=1).to_numpy()}
    for frame, which in ((example, "worked_example"), (drawn, "random_networks")):
        parts[f"{which}_autograd"] = -frame["autograd_difference"].to_numpy()
        parts[f"{which}_finite_differences"] = -frame["finite_difference"].to_numpy()
    return {"3c": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the six gradients and the loss over the descent that follows."""
    from relearn.figures.canvas import Figure

    example = results["worked_example"]
    figure = Figure(columns=2)
    left = figure.panel("Gradient of the loss, by hand and by autograd")
    left.bars(WEIGHTS, example.arrays["gradient"][0], label="chain rule by hand")
    left.points(np.arange(6), example.arrays["autograd"][0], label="autograd")
    left.axes("weight", "∂ loss / ∂ weight")
    right = figure.panel("Loss of the worked example over the descent")
    right.line(example.curves["step"], example.curves["loss"], label="loss", marker=True)
    right.axes("descent step", "loss")
    return figure
