"""Section 9: how the gradient, and what training achieves, depend on the depth of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments import deep_training as deep
from relearn.experiments.parameters import Count
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
ACTIVATIONS = {"sigmoid": "sigmoid", "tanh": "tanh", "relu": "ReLU"}


class Params(deep.DeepParameters):
    """The networks and their training."""

    activation: Literal["sigmoid", "tanh", "relu"] = Field(
        description="what follows each hidden layer"
    )
    start: Literal["default", "xavier", "he"] = Field(
        description="random start, as in learning.deep_networks; default: PyTorch's"
    )
    depths: list[Count] = Field(
        min_length=2, description="hidden layers, growing; the first is the reference"
    )
    adam: bool = Field(description="take Adam's steps instead of plain gradient descent's")

    @model_validator(mode="after")
    def _depths_grow(self) -> Params:
        if sorted(set(self.depths)) != self.depths:
            raise ValueError(f"depths: {self.depths} do not grow; sort them")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Measure the gradients at the start and the loss after training, at each depth."""
    from relearn.learning import deep_networks

    data = deep.digits(params, seeds, inputs)
    design = deep_networks.Design(params.activation)
    first, loss, rate, layers = [], [], [], np.empty(0)
    for depth in params.depths:
        sizes = [data.x.shape[2], *[params.width] * depth, deep_networks.CLASSES]
        generators = [seed.torch_generator(f"start {depth}") for seed in seeds]
        start = deep_networks.start(sizes, generators, params.start)
        known = slice(data.known)
        norms, _ = deep_networks.gradient_norms(
            start, data.x[:, known], data.labels[:, known], design
        )
        layers = deep.doublings(norms)
        first.append(layers[:, 0])
        found = deep.chosen(start, data, params.rates, design, params.adam)
        loss.append(found["loss"])
        rate.append(found["rate"])
    first, loss = np.stack(first, axis=1), np.stack(loss, axis=1)
    added = params.depths[-1] - params.depths[0]
    learned = data.idle[:, None] - loss
    shallow, deepest = learned[:, 0], learned[:, -1]
    # Where the shallow network learns nothing, the deepest cannot fall behind it.
    kept = np.divide(deepest, shallow, out=np.ones_like(deepest), where=shallow > 0)
    scalars = {
        "halvings_per_layer": (first[:, 0] - first[:, -1]) / added,
        "within_deepest": (layers[:, -1] - layers[:, 0]) / params.depths[-1],
        "stalled": 1 - kept,
        "idle_loss": data.idle,
        "shallow_loss": loss[:, 0],
        "deep_loss": loss[:, -1],
    }
    curves = {"first_gradient": first, "train_loss": loss, "rate": np.stack(rate, axis=1)}
    records = table("depth", np.array(params.depths), curves)
    return Records(per_seed(scalars), records, {"layer_gradients": layers})


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return, for each activation, the gradient's halvings a layer and the share not learned."""
    columns = {"gradient": "halvings_per_layer", "stall": "stalled"}
    return {
        "9a": {
            f"{name}_{part}": results[name].scalars[column].to_numpy()
            for name in ACTIVATIONS
            for part, column in columns.items()
        }
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the gradient within the deepest network, and gradient and loss against the depth."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    within = figure.panel("Deepest network, by layer")
    first = figure.panel("Gradient of the first layer")
    loss = figure.panel("Training loss after training")
    for name, label in ACTIVATIONS.items():
        layers = results[name].arrays["layer_gradients"]
        within.spread(np.arange(1, layers.shape[1] + 1), 2.0**layers, label=label)
        for panel, metric in ((first, "first_gradient"), (loss, "train_loss")):
            wide = results[name].curves.pivot(index="seed", columns="depth", values=metric)
            values = wide.to_numpy()
            shown = 2.0**values if panel is first else values
            panel.spread(wide.columns.to_numpy(), shown, label=label, marker=True)
    within.axes("layer of weights, from the inputs", "norm of its gradient", log=True)
    first.axes("hidden layers", "norm of its gradient", log=True)
    loss.axes("hidden layers", "cross-entropy, nats")
    return figure
