"""Test error over the number of points and the degree of the polynomial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import polynomials
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, tuning_seeds

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
EFFECTS = ("data", "too_low", "too_high")


class Params(Parameters):
    """The sine, its points and the polynomials."""

    tuning_seeds: int = Field(
        ge=1, description="replicates of their own on which the best degree is chosen"
    )
    samples: list[Annotated[int, Field(ge=3)]] = Field(
        min_length=2,
        description="training points, growing, above the highest degree; x is uniform in [0, 2π), "
        "but both ends are always among them",
    )
    degrees: list[Count] = Field(min_length=2, description="polynomial degrees, growing")
    noise: float = Field(gt=0, description="standard deviation of the noise on sin x")
    test_points: int = Field(ge=2, description="points on [0, 2π] at which a fit is tested")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit every degree to every number of points; the smaller sets are parts of the larger."""
    others = tuning_seeds(seeds[0], params.tuning_seeds)
    _, tuning = surfaces(params, others, "tuning ")
    best = np.log2(tuning).mean(axis=0).argmin(axis=-1)
    train, test = surfaces(params, seeds, "")
    log = np.log2(test)
    few, many = log[:, 0], log[:, -1]
    gain = few - many
    scalars = {
        "data": gain.mean(axis=1),
        "data_from_second_fewest": (log[:, 1] - many).mean(axis=1),
        "data_lowest_degree": gain[:, 0],
        "data_highest_degree": gain[:, -1],
        "too_low": many[:, 0] - many[:, best[-1]],
        "too_high": few[:, -1] - few[:, best[0]],
        "highest_with_most": many[:, -1] - many[:, best[-1]],
        "best_degree_fewest": np.full(len(seeds), params.degrees[best[0]]),
        "best_degree_most": np.full(len(seeds), params.degrees[best[-1]]),
    }
    metrics = {f"test_mse_{d}": test[..., i] for i, d in enumerate(params.degrees)}
    metrics |= {f"train_mse_{d}": train[..., i] for i, d in enumerate(params.degrees)}
    chosen = np.array(params.degrees)[best]
    metrics["best_degree"] = np.tile(chosen, (len(seeds), 1))
    # In doublings above what the truth itself would score.
    arrays = {"above_noise": log - 2 * np.log2(params.noise)}
    return Records(per_seed(scalars), table("samples", np.array(params.samples), metrics), arrays)


def surfaces(params: Params, seeds: Sequence[Seed], prefix: str) -> tuple[np.ndarray, np.ndarray]:
    """Return training and test errors, both (S, samples, degrees), on each seed's data.

    The test error is the distance to the sine plus the noise variance: what fresh noisy points
    would give on average. `prefix` names streams of their own for the tuning replicates.
    """
    most = params.samples[-1]
    x = np.stack([seed.generator(f"{prefix}x").uniform(-1, 1, most) for seed in seeds])
    x[:, 0], x[:, 1] = -1, 1  # inside the training range, so that no test extrapolates
    noise = [seed.generator(f"{prefix}noise").normal(0, params.noise, most) for seed in seeds]
    y = sine(x) + np.stack(noise)
    x_test = np.linspace(-1, 1, params.test_points)
    found = [
        polynomials.nested_errors(x[:, :n], y[:, :n], x_test, sine(x_test), params.degrees)
        for n in params.samples
    ]
    train, distance = (np.stack(errors, axis=1) for errors in zip(*found, strict=True))
    return train, distance + params.noise**2


def sine(x: np.ndarray) -> np.ndarray:
    """Return the listing's target, its [0, 2π] mapped to [-1, 1]."""
    return np.sin(np.pi * (x + 1))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return what data, too low and too high a degree change, in doublings, at each noise."""
    return {
        "6b": {
            f"{variant}_{effect}": results[variant].scalars[effect].to_numpy()
            for variant in ("listing_noise", "strong_noise")
            for effect in EFFECTS
        }
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the error surface at both noises, and the effects."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3, widths=[1, 1, 0.9])
    titles = {
        "listing_noise": "Doublings above the listing's noise",
        "strong_noise": "Doublings above strong noise",
    }
    for variant, title in titles.items():
        panel = figure.panel(title)
        curves = results[variant].curves
        degrees = [int(name.rsplit("_", 1)[1]) for name in curves if name.startswith("test_mse")]
        middle = np.median(results[variant].arrays["above_noise"], axis=0)
        names = [f"{n} points" for n in curves["samples"].unique()]
        panel.grid(degrees, dict(zip(names, middle, strict=True)), low=0.0, high=5.0)
        panel.axes("degree", "")
    panel = figure.panel("Effects, listing's noise")
    scalars = results["listing_noise"].scalars
    names = {
        "data": "fewest points, all degrees",
        "data_lowest_degree": "fewest points, lowest degree",
        "too_low": "degree too low, most points",
        "too_high": "degree too high, fewest points",
    }
    panel.intervals({name: scalars[column] for column, name in names.items()})
    panel.axes("doublings of the test error", "", zero=True)
    return figure
