"""Listing 10.2: batch, stochastic and mini-batch descent, and which comes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.experiments.parameters import LineParameters, Rate
from relearn.learning import descent, quadratics
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, tuning_seeds

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

LISTING = "10.2"
SEED_RUNS = False
METHODS = {"bgd": "batch", "sgd": "stochastic", "mbgd": "mini-batch"}
EVERY = 10  # updates between two stops of the figure's slider
LEVELS = (3, 10, 30, 100, 300)  # mean squared errors of the figure's rings
CONDITIONS = ("as_published", "one_side", "equal_starts", "equal_budgets", "tuned_rates")


class Params(LineParameters):
    """The data, the three methods and how they are compared."""

    rates: dict[Literal["bgd", "sgd", "mbgd"], Rate] = Field(
        min_length=3, description="learning rate of each method"
    )
    rate_grid: list[Rate] = Field(description="rates to choose from for each method; none: rates")
    tuning_seeds: int = Field(ge=1, description="replicates of their own on which rates are chosen")
    batch_size: int = Field(ge=1, description="samples a mini-batch, drawn without replacement")
    iterations: int = Field(ge=1, description="updates, or passes over the data with `budget`")
    starts: Literal["own", "equal"] = Field(description="a start for each method, or one for all")
    batch_loss: Literal["before", "after"] = Field(
        description="side of the update on which batch descent's loss is taken; others: after"
    )
    budget: Literal["iterations", "samples"] = Field(description="what is counted to the level")
    level: float = Field(gt=0, description="the loss to come down to")
    record_every: int = Field(ge=1, description="iterations between two rows of curves.csv")

    @model_validator(mode="after")
    def _a_batch_is_a_part(self) -> Params:
        if self.batch_size >= self.samples:
            raise ValueError("batch_size is not below samples: a mini-batch is a part of the data")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Run the three methods and count what each needs to come down to the level."""
    kept = {}
    if params.listing_seed is not None:
        losses, kept = published(params)
        rates = params.rates
    else:
        rates = tuned(params, seeds[0]) if params.rate_grid else params.rates
        losses = {name: replicate(params, seeds, name, rates[name], "") for name in METHODS}
    counts = {name: reached(loss, params.level) for name, loss in losses.items()}
    if params.budget == "samples":
        seen = {"bgd": params.samples, "sgd": 1, "mbgd": params.batch_size}
        counts = {name: count * seen[name] for name, count in counts.items()}
        losses = {
            name: loss[:, (params.samples // seen[name]) - 1 :: params.samples // seen[name]]
            for name, loss in losses.items()
        }
    scalars = {f"{name}_count": count for name, count in counts.items()}
    others = np.maximum(counts["bgd"], counts["mbgd"])
    scalars["sgd_last"] = (counts["sgd"] > others).astype(float)
    scalars["bgd_mbgd_tie"] = (counts["bgd"] == counts["mbgd"]).astype(float)
    scalars |= {f"{name}_start_mse": loss[:, 0] for name, loss in losses.items()}
    scalars |= {f"{name}_final_mse": loss[:, -1] for name, loss in losses.items()}
    scalars |= {f"{name}_rate": np.full(len(seeds), rates[name]) for name in METHODS}
    steps = np.arange(0, params.iterations, params.record_every)
    curves = table(
        "iteration", steps, {f"{name}_mse": loss[:, steps] for name, loss in losses.items()}
    )
    return Records(per_seed(scalars), curves, losses | kept)


def replicate(
    params: Params, seeds: Sequence[Seed], method: str, rate: float, prefix: str
) -> np.ndarray:
    """Return one method's loss (S, T) on each seed's data, after the update unless told before.

    `prefix` names streams of their own for the tuning replicates.
    """
    x, y = params.line.draw([seed.generator(f"{prefix}data") for seed in seeds])
    stream = "start" if params.starts == "equal" else f"start {method}"
    start = np.stack([seed.generator(prefix + stream).normal(size=2) for seed in seeds])
    size = {"bgd": params.samples, "sgd": 1, "mbgd": params.batch_size}[method]
    passes = params.samples // size if params.budget == "samples" else 1
    steps = params.iterations * passes
    batches = None
    if method != "bgd":
        batches = np.stack(
            [
                batch_indices(
                    seed.generator(f"{prefix}order {method}"), steps, params.samples, size
                )
                for seed in seeds
            ]
        )
    path = descent.descend(x, y, start, rate, steps, batches)
    loss = descent.mean_squared_error(x, y, path)
    before = method == "bgd" and params.batch_loss == "before"
    return loss[:, :-1] if before else loss[:, 1:]


def batch_indices(
    generator: np.random.Generator, steps: int, samples: int, size: int
) -> np.ndarray:
    """Return (steps, size) sample indices, each row drawn without replacement."""
    if size == 1:
        return generator.integers(samples, size=(steps, 1))
    return generator.random((steps, samples)).argpartition(size, axis=1)[:, :size]


def reached(loss: np.ndarray, level: float) -> np.ndarray:
    """Return the first update (from 1) after which each row of loss (S, T) is at most the level.

    Infinite where the level is never reached; a diverged loss does not reach it.
    """
    below = loss <= level
    return np.where(below.any(-1), below.argmax(-1) + 1.0, np.inf)


def tuned(params: Params, seed: Seed) -> dict[str, float]:
    """Return, for each method, the rate with the least median count on the tuning replicates."""
    others = tuning_seeds(seed, params.tuning_seeds)
    chosen = {}
    for name in METHODS:
        with np.errstate(over="ignore", invalid="ignore"):
            medians = [
                np.median(reached(replicate(params, others, name, rate, "tuning "), params.level))
                for rate in params.rate_grid
            ]
        chosen[name] = params.rate_grid[int(np.argmin(medians))]
    return chosen


def published(params: Params) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Run the listing's draws and arithmetic; a method draws on where the last one stopped.

    Returns:
        The losses (1, T) of the methods; the data x and y, (1, n), and the methods' paths,
        (1, T + 1, 2), slope and intercept from the start on.
    """
    draws = np.random.RandomState(params.listing_seed)
    x, y = params.line.draw_as_listed(draws)
    losses, kept = {}, {"x": x.T, "y": y.T}
    for method in METHODS:
        w, b = draws.randn(1, 1), draws.randn(1, 1)
        loss, path = [], [np.ravel([w, b])]
        for _ in range(params.iterations):
            if method == "bgd":
                seen = slice(None)
            elif method == "sgd":
                seen = [draws.randint(params.samples)]
            else:
                seen = draws.choice(params.samples, params.batch_size, replace=False)
            error = x[seen].dot(w) + b - y[seen]
            if method == "bgd":
                loss.append(np.mean(error**2))
            share = 2 / len(error)
            step_w, step_b = share * x[seen].T.dot(error), share * np.sum(error)
            w, b = w - params.rates[method] * step_w, b - params.rates[method] * step_b
            path.append(np.ravel([w, b]))
            if method != "bgd":
                loss.append(np.mean((x.dot(w) + b - y) ** 2))
        losses[method], kept[f"{method}_path"] = np.array([loss]), np.array([path])
    return losses, kept


def publish(records: Records) -> dict[str, Any]:
    """Return the three loss curves that the listing draws."""
    return {name: records.arrays[name][0].tolist() for name in METHODS}


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return, for each seed and condition, whether the figure's order came out again (1 or 0).

    A tie is no order: it counts as 0.
    """
    columns = [f"{name}_count" for name in METHODS]
    shown = results["published"].scalars[columns].to_numpy()[0]
    order = np.argsort(shown)
    parts = {}
    for variant in CONDITIONS:
        counts = results[variant].scalars[columns].to_numpy()[:, order]
        with np.errstate(invalid="ignore"):
            parts[variant] = (np.diff(counts, axis=1) > 0).all(axis=1).astype(float)
    return {"10b": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the published paths and curves, the same over seeds, and equal starts and budgets."""
    from relearn.figures.canvas import Figure
    from relearn.figures.plane import Plane

    figure = Figure(columns=2, rows=2)
    plane = figure.panel("Paths of the listing", Plane)
    panels = {}
    titles = {
        "published": "As published, one seed",
        "as_published": "The same listing over seeds",
        "equal_budgets": "Equal starts and equal data",
    }
    for variant, title in titles.items():
        panel = panels[variant] = figure.panel(title)
        arrays = results[variant].arrays
        for name, label in METHODS.items():
            steps = np.arange(1, arrays[name].shape[1] + 1)
            panel.spread(steps, arrays[name], label=label)
        panel.axes(
            "passes over the data" if variant == "equal_budgets" else "update",
            "mean squared error",
            log=True,
        )

    arrays = results["published"].arrays
    best = descent.least_squares(arrays["x"], arrays["y"])
    least = descent.mean_squared_error(arrays["x"], arrays["y"], best[None])[0, 0]
    hessian = descent.hessian(arrays["x"])[0]
    paths = {name: arrays[f"{name}_path"][0] for name in METHODS}
    for name, label in METHODS.items():
        plane.line(*paths[name].T, label=label)
    plane.line(*best.T, label="least squares", marker=True)
    stops = range(0, len(paths["bgd"]), EVERY)
    for at in figure.frames("updates", [str(stop) for stop in stops], shown=0):
        for name, label in METHODS.items():
            plane.points(*paths[name][[stops[at]]].T, label=label)
            if at:
                loss = arrays[name][0, [stops[at] - 1]]
                panels["published"].points([stops[at]], loss, label=label)
    plane.rings(
        {
            f"{level}": best + quadratics.level_set(hessian, level - least)
            for level in LEVELS
            if level > least
        },
        x=(-0.6, 4.2),
        y=(-0.8, 3.9),
        name="mean squared error",
    )
    plane.axes("slope w", "intercept b")
    return figure
