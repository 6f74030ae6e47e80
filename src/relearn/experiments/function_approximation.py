"""Section 4: what one hidden layer with an activation approximates, and its dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.learning.effective_dimension import (
    needed_components,
    participation_ratio,
    unit_variance,
)
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    import torch

    from relearn.figures.canvas import Figure

SEED_RUNS = False
# Curved functions on [-1, 1], none of them near a line.
TARGETS = {
    "smooth": lambda x: np.exp(-8 * x**2),
    "kinked": lambda x: np.abs(x - 0.2),
    "wiggly": lambda x: np.sin(3 * np.pi * x),
}
SHOWN = 1  # the target that the figure draws
LABELS = {
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "ReLU",
    "leaky_relu": "leaky ReLU",
    "identity": "none",
}


class Params(Parameters):
    """The networks, their start and their training."""

    activation: Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu"] = Field(
        description="the hidden units' function; identity: none"
    )
    alpha: float = Field(ge=0, le=1, description="leaky ReLU's slope below 0")
    widths: list[Count] = Field(min_length=1, description="hidden units of each network, rising")
    samples: int = Field(ge=3, description="training points, evenly spaced over [-1, 1], no noise")
    steepness: float = Field(ge=1, description="starting |input weight| is uniform from 1 to this")
    rate: float = Field(gt=0, description="Adam's learning rate at the start, 0 at the end")
    steps: int = Field(ge=1, description="full-batch updates")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Train every width on every target; test between the training points."""
    import torch

    from relearn.learning import width_stack

    x = np.linspace(-1, 1, params.samples)
    between = (x[1:] + x[:-1]) / 2
    functions = [standardised(function, x) for function in TARGETS.values()]
    # A seed's start is the same for each target and each activation.
    generators = [seed.torch_generator("start") for seed in seeds for _ in functions]
    stack = width_stack.WidthStack(
        params.widths, params.activation, params.alpha, generators, params.steepness
    )
    targets = np.stack([function(x) for function in functions] * len(seeds))
    shape = (len(seeds), len(functions), len(between), -1)

    def widest() -> np.ndarray:
        with torch.no_grad():
            hidden = stack.hidden(column(between)).double().numpy().reshape(shape)
        end = sum(params.widths)
        return hidden[..., end - params.widths[-1] : end]

    at_start = participation_ratio(unit_variance(widest()))
    width_stack.train(stack, column(x), column(targets), params.rate, params.steps)
    with torch.no_grad():
        output = stack(column(between)).double().numpy().reshape(shape)
    output = output[..., : len(params.widths)]
    truth = np.stack([function(between) for function in functions])
    error = ((output - truth[..., None]) ** 2).mean(2) / truth.var(1)[:, None]
    # Scaled: a ReLU unit's size is no property of the function, the read-out can take it back.
    layer = unit_variance(widest())

    curves = {f"{name}_unexplained": error[:, i] for i, name in enumerate(TARGETS)}
    curves["worst_unexplained"] = error.max(1)
    scalars = {f"{name}_unexplained": error[:, i, -1] for i, name in enumerate(TARGETS)}
    scalars["explained_digits"] = -np.log10(error[..., -1].max(1))
    scalars["least_dimension"] = participation_ratio(layer).min(1)
    scalars["start_dimension"] = at_start.min(1)
    scalars["unscaled_dimension"] = participation_ratio(widest()).min(1)
    scalars["least_components"] = needed_components(layer, 0.99).min(1).astype(float)
    fits = {"x": np.tile(between, (len(seeds), 1)), "fit": output[:, SHOWN, :, -1]}
    fits["target"] = np.tile(truth[SHOWN], (len(seeds), 1))
    return Records(per_seed(scalars), table("width", np.array(params.widths), curves), fits)


def standardised(function, x: np.ndarray):
    """Return the function, shifted and scaled to mean 0 and variance 1 over the points x."""
    values = function(x)
    return lambda points: (function(points) - values.mean()) / values.std()


def column(values: np.ndarray) -> torch.Tensor:
    """Return float32 values (…, n, 1) of an array (…, n)."""
    import torch

    return torch.from_numpy(values.astype(np.float32))[..., None]


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return each activation's worst fit over the targets, and its least dimension, widest net."""
    parts = {}
    for name in LABELS:
        if name != "identity":
            scalars = results[name].scalars
            parts[f"{name}_fit"] = scalars["explained_digits"].to_numpy()
            parts[f"{name}_dimension"] = np.log2(scalars["least_dimension"].to_numpy())
    return {"4b": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the error against the width, fits of one target, and the dimension."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3, widths=[1.1, 1, 0.9], height=3.5)
    panel = figure.panel("Worst of three targets")
    for name, label in LABELS.items():
        wide = results[name].curves.pivot(index="seed", columns="width", values="worst_unexplained")
        panel.spread(wide.columns.to_numpy(), wide.to_numpy(), label=label, marker=True)
    panel.axes("hidden units", "unexplained share of variance", log=True, log_x=True)
    panel = figure.panel("Widest network, kinked")
    arrays = results["relu"].arrays
    panel.line(arrays["x"][0], arrays["target"][0], label="target")
    for name in ("relu", "identity"):
        panel.line(arrays["x"][0], results[name].arrays["fit"][0], label=LABELS[name])
    panel.axes("x", "y (first seed)")
    panel = figure.panel("Dimension, widest layer")
    panel.intervals(
        {label: results[name].scalars["least_dimension"] for name, label in LABELS.items()}
    )
    panel.axes("effective dimension", "")
    return figure
