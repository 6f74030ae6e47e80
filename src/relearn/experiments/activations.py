"""Listing 10.3: four activation functions, their values and their derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters
from relearn.learning import activations
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

LISTING = "10.3"
SEED_RUNS = False
NAMES = {"sigmoid": "Sigmoid", "tanh": "tanh", "relu": "ReLU", "leaky_relu": "leaky ReLU"}


class Params(Parameters):
    """Where the functions are taken."""

    random: bool = Field(description="draw the points anew for each seed, else space them evenly")
    points: int = Field(ge=2, description="points a seed")
    bound: float = Field(gt=0, description="points lie in [-bound, bound]")
    alpha: float = Field(gt=0, lt=1, description="slope of the leaky ReLU below 0, as drawn")
    stated_alpha: float = Field(gt=0, lt=1, description="the slope that the article states")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Take values and derivatives, and their distance to PyTorch's in float64."""
    grid = np.linspace(-params.bound, params.bound, params.points)
    x = np.stack(
        [
            seed.generator("points").uniform(-params.bound, params.bound, params.points)
            if params.random
            else grid
            for seed in seeds
        ]
    )
    values = activations.curves(x, params.alpha)
    slopes = activations.derivatives(x, params.alpha)
    reference = autograd(x, params.stated_alpha)
    scalars = {}
    for name in values:
        scalars[f"{name}_difference"] = np.abs(values[name] - reference[name][0]).max(-1)
        scalars[f"{name}_slope_difference"] = np.abs(slopes[name] - reference[name][1]).max(-1)
    arrays = {"x": x} | values | {f"{name}_slope": slope for name, slope in slopes.items()}
    return Records(per_seed(scalars), arrays=arrays)


def autograd(x: np.ndarray, alpha: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return PyTorch's values and derivatives at x, by name, as the independent reference."""
    import torch
    from torch.nn import functional

    functions = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "relu": torch.relu,
        "leaky_relu": lambda z: functional.leaky_relu(z, alpha),
    }
    found = {}
    for name, function in functions.items():
        z = torch.from_numpy(x.copy()).requires_grad_()
        value = function(z)
        value.sum().backward()
        found[name] = (value.detach().numpy(), z.grad.numpy())
    return found


def publish(records: Records) -> dict[str, Any]:
    """Return the listing's numbers."""
    return {name: records.arrays[name][0].tolist() for name in ("x", *NAMES)}


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return minus the largest absolute difference to PyTorch, values and derivatives."""
    parts = {}
    for variant in ("published", "random_points"):
        scalars = results[variant].scalars
        for name in NAMES:
            parts[f"{variant}_{name}"] = -scalars[f"{name}_difference"].to_numpy()
            parts[f"{variant}_{name}_slope"] = -scalars[f"{name}_slope_difference"].to_numpy()
    return {"4c": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw each function with its derivative."""
    from relearn.figures.canvas import Figure

    arrays = results["published"].arrays
    figure = Figure(columns=4)
    for name, title in NAMES.items():
        panel = figure.panel(title)
        panel.line(arrays["x"][0], arrays[name][0], label="function")
        panel.line(arrays["x"][0], arrays[f"{name}_slope"][0], label="derivative")
        panel.axes("input", "value")
    return figure
