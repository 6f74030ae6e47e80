"""Section 9: what normalised inputs, and other remedies, do against three kinds of trouble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.data.images import Images
from relearn.experiments import deep_training as deep
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
TROUBLES = {
    "shallow": "shallow",
    "vanishing_sigmoid": "sigmoid",
    "vanishing_relu": "ReLU",
    "exploding_relu": "large",
}
REMEDIES = {
    "normalised": "normalised inputs",
    "start": "+ suitable start",
    "batch_norm": "+ batch norm",
    "clipping": "+ clipping",
    "residual": "+ residual paths",
}
ARMS = {"raw": "raw inputs"} | REMEDIES
SUITABLE = {"sigmoid": "xavier", "relu": "he"}


class Params(deep.DeepParameters):
    """The trouble, and the strength of the remedies."""

    activation: Literal["sigmoid", "relu"] = Field(description="what follows each hidden layer")
    start: Literal["default", "unit"] = Field(
        description="random start, as in learning.deep_networks; default: PyTorch's"
    )
    remedy: Literal["normalised", "start", "batch_norm", "clipping", "residual"] = Field(
        description="the arm that is judged against raw inputs"
    )
    depth: int = Field(ge=1, description="hidden layers")
    clip: float = Field(gt=0, description="largest norm of the gradient, in the arm with clipping")


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Measure the gradient's growth a layer at the start, and the loss after training, by arm."""
    from relearn.learning import deep_networks

    plain = {"activation": params.activation}
    designs = {
        "batch_norm": plain | {"batch_norm": True},
        "clipping": plain | {"clip": params.clip},
        "residual": plain | {"residual": True},
    }
    standardised = deep.digits(params, seeds, inputs)
    sizes = [standardised.x.shape[2], *[params.width] * params.depth, deep_networks.CLASSES]
    scalars = {"idle_loss": standardised.idle}
    for arm in ARMS:
        data = deep.digits(params, seeds, inputs, raw=True) if arm == "raw" else standardised
        design = deep_networks.Design(**designs.get(arm, plain))
        kind = SUITABLE[params.activation] if arm == "start" else params.start
        generators = [seed.torch_generator("start") for seed in seeds]
        start = deep_networks.start(sizes, generators, kind)
        known = slice(data.known)
        _, norms = deep_networks.gradient_norms(
            start, data.x[:, known], data.labels[:, known], design
        )
        size = deep.doublings(norms)
        found = deep.chosen(start, data, params.rates, design)
        scalars[f"{arm}_growth"] = (size[:, 0] - size[:, -1]) / params.depth
        scalars |= {f"{arm}_{name}": values for name, values in found.items()}
    for arm in REMEDIES:
        growth, raw = np.abs(scalars[f"{arm}_growth"]), np.abs(scalars["raw_growth"])
        scalars[f"{arm}_growth_removed"] = 1 - growth / raw
        scalars[f"{arm}_loss_removed"] = 1 - scalars[f"{arm}_loss"] / scalars["raw_loss"]
    for effect in ("growth_removed", "loss_removed"):
        scalars[effect] = scalars[f"{params.remedy}_{effect}"]
    return Records(per_seed(scalars))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the share of the growth a layer, and of the loss, that normalised inputs remove."""
    parts = {"shallow_loss": results["shallow"].scalars["loss_removed"].to_numpy()}
    for trouble in ("vanishing_sigmoid", "vanishing_relu", "exploding_relu"):
        for part in ("growth", "loss"):
            parts[f"{trouble}_{part}"] = results[trouble].scalars[f"{part}_removed"].to_numpy()
    return {"9c": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw what each arm makes of each trouble, and the judged effects."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3, widths=[0.75, 1.15, 0.8])
    many_layered = [trouble for trouble in TROUBLES if trouble != "shallow"]
    for title, metric, troubles, high in (
        ("Doublings a layer", "growth", many_layered, 3.0),
        ("Training loss, nats", "loss", list(TROUBLES), 2.3),
    ):
        panel = figure.panel(title)
        rows = {
            label: np.array([results[t].scalars[f"{arm}_{metric}"].abs().mean() for t in troubles])
            for arm, label in reversed(ARMS.items())
        }
        panel.grid([TROUBLES[t] for t in troubles], rows, low=0.0, high=high)
    panel = figure.panel("Normalised inputs")
    series = {}
    for part, values in judge(results)["9c"].items():
        trouble, effect = part.rsplit("_", 1)
        series[f"{TROUBLES[trouble]}, {effect}"] = 100 * values
    panel.intervals(series)
    panel.axes("removed, %", "", zero=True)
    return figure
