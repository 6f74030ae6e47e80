"""Section 9: when repeated products outgrow a number format, and whether anything is raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
FORMATS = ("float16", "bfloat16", "float32", "float64")
RAISED = {
    "numpy_product": "products in NumPy",
    "torch_product": "products in PyTorch",
    "training": "training in PyTorch",
    "python_product": "products of Python's floats",
    "python_power": "powers of Python's floats",
}


class Params(Parameters):
    """The products, and a training run that diverges."""

    layers: Literal["permuted", "dense"] = Field(
        description="orthogonal matrices: reorder units and flip signs, or mix all units"
    )
    checked: bool = Field(description="ask for an error: check every product and every loss")
    width: int = Field(ge=2, description="units of each layer")
    gains: list[Annotated[float, Field(gt=1)]] = Field(
        min_length=1, description="factors by which a layer multiplies a signal's size, above 1"
    )
    train_layers: Count = Field(description="layers of the linear network that is trained")
    train_gain: float = Field(gt=0, description="gain of each of its layers at the start")
    train_rate: float = Field(gt=0, description="its learning rate")
    train_steps: int = Field(ge=2, description="its updates")
    samples: int = Field(ge=1, description="training samples, normal inputs and targets")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Find each format's deepest finite product; count what is raised beyond it."""
    found = [_seed(params, seed) for seed in seeds]
    scalars = {name: np.array([each[name] for each, _ in found]) for name in found[0][0]}
    losses = np.stack([losses for _, losses in found])
    for index, name in enumerate(FORMATS):
        scalars[f"{name}_finite_updates"] = np.isfinite(losses[:, index]).sum(1)
        scalars[f"{name}_nan_updates"] = np.isnan(losses[:, index]).sum(1)
    curves = {f"{name}_loss": losses[:, index] for index, name in enumerate(FORMATS)}
    gains = np.tile(params.gains, (len(seeds), 1))
    updates = table("update", np.arange(params.train_steps), curves)
    return Records(per_seed(scalars), updates, {"gains": gains})


def _seed(params: Params, seed: Seed) -> tuple[dict[str, float], np.ndarray]:
    """Return one seed's scalars and the losses (formats, steps) of its training."""
    from relearn.learning import number_overflow as overflow

    bounds = {
        name: [overflow.depth_bounds(gain, name) for gain in params.gains] for name in FORMATS
    }
    # Mixed layers spread a vector's length over its units and so go deeper, by less than that much.
    count = 2 * max(most for each in bounds.values() for *_, most in each)
    permuted = params.layers == "permuted"
    layers = overflow.orthogonal_layers(count, params.width, permuted, seed.generator("layers"))
    start = seed.generator("signal").choice([-1.0, 1.0], params.width)
    start = start if permuted else start / np.sqrt(params.width)

    scalars: dict[str, float] = {}
    calls: dict[str, list[Callable[[], float]]] = {
        name: [] for name in RAISED if name != "training"
    }
    for name in FORMATS:
        outside = []
        for index, (gain, (bound, least, most)) in enumerate(
            zip(params.gains, bounds[name], strict=True)
        ):
            depth = overflow.finite_depth(layers, start, gain, name)
            scalars |= {f"{name}_depth_{index}": depth, f"{name}_bound_{index}": bound}
            outside.append(max(least - depth, depth - most, 0))
            beyond, checked = most + 1, params.checked
            call = partial(overflow.torch_product, layers[:beyond], gain, name, checked)
            calls["torch_product"].append(call)
            if name != "bfloat16":
                call = partial(overflow.numpy_product, gain, beyond, name, checked)
                calls["numpy_product"].append(call)
            if name == "float64":
                call = partial(overflow.python_product, gain, beyond, checked)
                calls["python_product"].append(call)
                calls["python_power"].append(partial(pow, gain, beyond))
        scalars[f"{name}_outside"] = max(outside)
    extra = [
        scalars[f"{name}_depth_{index}"] - scalars[f"{name}_bound_{index}"]
        for name in FORMATS
        for index in range(len(params.gains))
    ]
    scalars |= {"least_extra": min(extra), "most_extra": max(extra)}
    for name, each in calls.items():
        raised, not_finite, warned = np.mean([overflow.attempt(call) for call in each], axis=0)
        scalars |= {f"{name}_raised": raised, f"{name}_not_finite": not_finite}
        scalars[f"{name}_warned"] = warned

    data = seed.generator("samples").normal(size=(2, params.samples, params.width))
    weights = overflow.orthogonal_layers(
        params.train_layers, params.width, False, seed.generator("network")
    )
    trained = [
        overflow.descend(
            params.train_gain * weights,
            *data,
            rate=params.train_rate,
            steps=params.train_steps,
            name=name,
            checked=params.checked,
        )
        for name in FORMATS
    ]
    scalars["training_raised"] = np.mean([raised for _, raised in trained])
    return scalars, np.stack([losses for losses, _ in trained])


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return minus the layers outside the allowed depths, and the shares that raised an error."""
    scalars = results["silent"].scalars
    parts = {f"{name}_depth": -scalars[f"{name}_outside"].to_numpy() for name in FORMATS}
    parts |= {f"{name}_raises": scalars[f"{name}_raised"].to_numpy() for name in RAISED}
    return {"9b": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the depth against the gain, and the shares of overflows that raised an error."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2)
    silent = results["silent"]
    panel = figure.panel("Deepest finite product")
    gains = silent.arrays["gains"][0]
    for name in ("float16", "float32", "float64"):
        depths = silent.scalars[[f"{name}_depth_{index}" for index in range(len(gains))]]
        panel.spread(gains, depths.to_numpy(), label=name, marker=True)
    panel.axes("gain of a layer", "layers", log=True)
    panel = figure.panel("Overflows that raise an error")
    panel.intervals({label: silent.scalars[f"{name}_raised"] for name, label in RAISED.items()})
    panel.axes("share of overflows", "", zero=True)
    return figure
