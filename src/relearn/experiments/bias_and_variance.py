"""Section 7: bias and variance against capacity, for polynomials and for random features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import polynomials, refits
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, tuning_seeds

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
PARTS = {
    "polynomials": ("bias", "variance", "too_low", "too_high", "adds_up"),
    "random_features": (
        *("bias", "variance", "variance_beyond"),
        *("too_low", "too_high", "adds_up"),
    ),
}


class Params(Parameters):
    """The sine, its samples, and the family that is fitted to them again and again."""

    family: Literal["polynomials", "random_features"] = Field(
        description="polynomials of one input, or ReLU units of random weights with least-norm "
        "least squares on top"
    )
    capacities: list[Count] = Field(
        min_length=3, description="degrees or numbers of units, growing; degrees below samples"
    )
    inputs: int = Field(ge=1, description="inputs; the sine is of the first; polynomials: 1")
    bias_spread: float = Field(
        ge=0, description="standard deviation of a random unit's bias; its weights' is 1"
    )
    samples: int = Field(ge=3, description="training points of each refit")
    noise: float = Field(gt=0, description="standard deviation of the noise on the sine")
    refits: int = Field(ge=2, description="fits of each capacity to samples of their own, a seed")
    shared_points: int = Field(
        ge=2, description="points at which the predictions of a seed's refits are compared"
    )
    fresh_points: int = Field(ge=2, description="noisy test points of each refit's own")
    tuning_seeds: int = Field(
        ge=1, description="replicates of their own on which the best capacity is chosen"
    )

    turn: int = Field(
        description="one of the capacities, where the variance is read on the way: as many units "
        "as samples; polynomials: the highest degree"
    )

    @model_validator(mode="after")
    def _turn_is_a_capacity(self) -> Params:
        if self.turn not in self.capacities:
            raise ValueError(f"turn {self.turn} is none of capacities; name one of them")
        if sorted(set(self.capacities)) != self.capacities:
            raise ValueError(f"capacities: {self.capacities} do not grow; sort them")
        if self.family == "polynomials" and (
            self.inputs != 1 or self.capacities[-1] >= self.samples
        ):
            raise ValueError("polynomials: take inputs: 1 and degrees below samples")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Refit every capacity to fresh samples; a seed is one independent group of refits."""
    others = tuning_seeds(seeds[0], params.tuning_seeds)
    tuning = np.stack([group(params, seed, "tuning ") for seed in others])
    # A few fits near the turn carry a mean; and an end of the range is no inner minimum.
    sums = np.median(np.log2(tuning[:, 0] + tuning[:, 1]), axis=0)
    turn = params.capacities.index(params.turn)
    best, best_below = 1 + int(sums[1:-1].argmin()), int(sums[: turn + 1].argmin())
    bias, variance, measured = np.moveaxis([group(params, seed, "") for seed in seeds], 1, 0)
    total = bias + variance
    log, log_variance = np.log2(total), np.log2(variance)
    noisy = np.log2(total + params.noise**2)
    ratio = measured / (total + params.noise**2)
    agreement = 1 - np.abs(ratio - 1)
    scalars = {
        "bias": 1 - bias[:, -1] / bias[:, 0],
        "variance": log_variance[:, turn] - log_variance[:, 0],
        "variance_beyond": log_variance[:, -1] - log_variance[:, turn],
        "too_low": log[:, 0] - log[:, best],
        "too_high": log[:, -1] - log[:, best],
        "at_turn": log[:, turn] - log[:, best],
        "best_below": log[:, best_below] - log[:, best],
        "too_low_with_noise": noisy[:, 0] - noisy[:, best],
        "too_high_with_noise": noisy[:, -1] - noisy[:, best],
        "adds_up": np.median(agreement, axis=1),
        "least_agreement": agreement.min(axis=1),
        "best_capacity": np.full(len(seeds), params.capacities[best]),
        "best_capacity_below": np.full(len(seeds), params.capacities[best_below]),
    }
    metrics = {"squared_bias": bias, "variance": variance, "test_mse": measured}
    return Records(per_seed(scalars), table("capacity", np.array(params.capacities), metrics))


def group(params: Params, seed: Seed, prefix: str) -> np.ndarray:
    """Return one group's squared bias, variance and measured test error, (3, capacities).

    The test error is on fresh noisy points that no prediction of the other two is made at.
    `prefix` names streams of their own for the tuning replicates.
    """
    generators = {
        name: seed.generator(prefix + name) for name in ("train", "shared", "fresh", "units")
    }
    x, y = draw_points(params, generators["train"], params.refits, params.samples)
    shared, _ = draw_points(params, generators["shared"], 1, params.shared_points)
    fresh, answers = draw_points(params, generators["fresh"], params.refits, params.fresh_points)
    found = []
    for predictions, tested in fits(params, x, y, shared[0], fresh, generators["units"]):
        squared_bias, variance = refits.decomposition(predictions, sine(shared[0, :, 0]))
        found.append((squared_bias, variance, np.mean((tested - answers) ** 2)))
    return np.array(found).T


def fits(params, x, y, shared, fresh, units):
    """Yield each capacity's predictions at the shared and at each refit's fresh points."""
    if params.family == "polynomials":
        points = np.concatenate([np.tile(shared[:, 0], (len(x), 1)), fresh[..., 0]], axis=1)
        _, all_values = polynomials.nested_predictions(x[..., 0], y, points, params.capacities)
        for values in np.moveaxis(all_values, -1, 0):
            yield values[:, : len(shared)], values[:, len(shared) :]
    else:
        for width in params.capacities:
            weights = units.normal(size=(len(x), params.inputs + 1, width))
            weights[:, -1] *= params.bias_spread
            yield refits.relu_predictions(x, y, [shared, fresh], weights)


def draw_points(
    params: Params, generator: np.random.Generator, sets: int, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs (sets, count, inputs) in [-1, 1] and noisy targets (sets, count).

    Inputs of random features are uniform. Those of polynomials lie denser towards both ends, one at
    random in each of `count` cells of the angle arccos x: then no degree has a wide gap to cross.
    """
    place = generator.random((sets, count, params.inputs))
    if params.family == "polynomials":
        x = -np.cos(np.pi * (np.arange(count)[:, None] + place) / count)
    else:
        x = 2 * place - 1
    return x, sine(x[..., 0]) + generator.normal(0, params.noise, (sets, count))


def sine(x: np.ndarray) -> np.ndarray:
    """Return the target of listing 10.4, its [0, 2π] mapped to [-1, 1]."""
    return np.sin(np.pi * (x + 1))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return each family's effects."""
    return {
        "7a": {
            f"{family}_{part}": results[family].scalars[part].to_numpy()
            for family, parts in PARTS.items()
            for part in parts
        }
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw both decompositions with the measured error, and the effects on the sum."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3, widths=[1, 1, 0.8])
    panels = {
        "polynomials": ("Polynomials", "degree"),
        "random_features": ("Random ReLU features", "units"),
    }
    curves = {"squared_bias": "bias²", "variance": "variance", "test_mse": "test error"}
    for family, (title, axis) in panels.items():
        panel = figure.panel(title)
        for metric, label in curves.items():
            wide = results[family].curves.pivot(index="seed", columns="capacity", values=metric)
            # Where there is next to no bias, its unbiased estimate may be below zero.
            values = np.maximum(wide.to_numpy(), 1e-4)
            panel.spread(wide.columns.to_numpy(), values, label=label, marker=True)
        panel.axes(axis, "mean square", log=True, log_x=family == "random_features")
    panel = figure.panel("Sum against its least")
    rows = {
        "polynomials, lowest degree": ("polynomials", "too_low"),
        "polynomials, highest degree": ("polynomials", "too_high"),
        "features, fewest units": ("random_features", "too_low"),
        "features, best of the narrow": ("random_features", "best_below"),
        "features, as many as points": ("random_features", "at_turn"),
        "features, most units": ("random_features", "too_high"),
    }
    panel.intervals({name: results[v].scalars[column] for name, (v, column) in rows.items()})
    panel.axes("doublings of bias² + variance", "", zero=True)
    return figure
