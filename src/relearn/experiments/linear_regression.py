"""Listing 10.1: gradient descent on a line, against the least-squares solution of the same data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import LineParameters
from relearn.learning import descent
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

LISTING = "10.1"
SEED_RUNS = True


class Params(LineParameters):
    """The data and the descent."""

    rate: float = Field(gt=0, description="learning rate")
    iterations: int = Field(ge=1, description="full-batch updates")
    record_every: int = Field(ge=1, description="updates between two rows of curves.csv")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Descend from a random start; measure how far from the best line it stops."""
    if params.listing_seed is not None:
        x, y, path, loss = published(params)
    else:
        x, y = params.line.draw([seed.generator("data") for seed in seeds])
        start = np.stack([seed.generator("start").normal(size=2) for seed in seeds])
        path = descent.descend(x, y, start, params.rate, params.iterations)
        loss = descent.mean_squared_error(x, y, path)[:, :-1]
    best = descent.least_squares(x, y)
    truth = np.array([params.slope, params.intercept])
    first, second = x.mean(-1), (x**2).mean(-1)
    hessian = 2 * np.stack([second, first, first, np.ones_like(first)], axis=-1).reshape(-1, 2, 2)
    curvature = np.linalg.eigvalsh(hessian)
    scalars = {
        "w": path[:, -1, 0],
        "b": path[:, -1, 1],
        "least_squares_w": best[:, 0],
        "least_squares_b": best[:, 1],
        "start_b": path[:, 0, 1],
        "final_mse": loss[:, -1],
        "descent_distance": np.linalg.norm(path[:, -1] - best, axis=-1),
        "noise_distance": np.linalg.norm(best - truth, axis=-1),
        "truth_distance": np.linalg.norm(path[:, -1] - truth, axis=-1),
        # Each step shrinks the error along a direction by 1 - rate × its curvature.
        "slow_direction_left": (1 - params.rate * curvature[:, 0]) ** params.iterations,
        "fast_direction_left": (1 - params.rate * curvature[:, 1]) ** params.iterations,
    }
    kept = np.arange(0, params.iterations, params.record_every)
    curves = {"mse": loss[:, kept], "w": path[:, kept, 0], "b": path[:, kept, 1]}
    return Records(per_seed(scalars), table("iteration", kept, curves), {"loss": loss})


def published(params: Params) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Run the listing's own draws and arithmetic; the loss is taken before each update."""
    draws = np.random.RandomState(params.listing_seed)
    x, y = params.line.draw_as_listed(draws)
    w, b = draws.randn(1), draws.randn(1)
    path, loss = [(w[0], b[0])], []
    for _ in range(params.iterations):
        error = w * x + b - y
        loss.append(np.mean(error**2))
        step_w, step_b = 2 * np.mean(error * x), 2 * np.mean(error)
        w, b = w - params.rate * step_w, b - params.rate * step_b
        path.append((w[0], b[0]))
    return x.T, y.T, np.array([path]), np.array([loss])


def publish(records: Records) -> dict[str, Any]:
    """Return the listing's numbers: the line that it prints and the loss that it draws."""
    last = records.scalars.iloc[0]
    return {"w": last["w"], "b": last["b"], "loss": records.arrays["loss"][0].tolist()}


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return how many times smaller descent's error is than the noise's, as a power of two."""
    scalars = results["listing_settings"].scalars
    ratio = scalars["noise_distance"] / scalars["descent_distance"]
    return {"10a": {"listing's settings": np.log2(ratio.to_numpy())}}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the intercept's way to its least-squares value, and both distances."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2)
    left = figure.panel("Intercept minus its least-squares value")
    for variant, label in (("listing_settings", "listing's rate"), ("larger_rate", "larger rate")):
        curves, scalars = results[variant].curves, results[variant].scalars
        wide = curves.pivot(index="seed", columns="iteration", values="b")
        gap = wide.to_numpy() - scalars["least_squares_b"].to_numpy()[:, None]
        left.spread(wide.columns.to_numpy(), gap, label=label)
    left.axes("iteration", "difference in b", zero=True)
    right = figure.panel("Distance in (w, b) after the last iteration")
    settings, larger = results["listing_settings"].scalars, results["larger_rate"].scalars
    right.intervals(
        {
            "descent, listing's rate": settings["descent_distance"],
            "descent, larger rate": larger["descent_distance"],
            "noise alone": settings["noise_distance"],
        }
    )
    right.axes("distance to the least-squares line, or from it to (3, 2)", "", zero=True)
    return figure
