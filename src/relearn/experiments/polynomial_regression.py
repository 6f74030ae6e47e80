"""Listing 10.4: polynomials of growing degree on a noisy sine, in two bases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import polynomials
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, tuning_seeds

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure
    from relearn.figures.panel import Panel

LISTING = "10.4"
SEED_RUNS = False


class Params(Parameters):
    """The data and the polynomials."""

    listing_seed: int | None = Field(description="draw as the listing does, from this legacy seed")
    split_seed: int = Field(description="the listing's random_state of the split")
    samples: int = Field(ge=4, description="points, evenly spaced on [0, 2π]")
    test_share: float = Field(gt=0, lt=1, description="share of the points held out")
    noise: float = Field(gt=0, description="standard deviation of the noise on sin x")
    degrees: list[Count] = Field(min_length=2, description="polynomial degrees, growing")
    tuning_seeds: int = Field(
        ge=1, description="replicates of their own on which the best degree is chosen"
    )
    cutoff: float | None = Field(
        description="relative singular value below which directions are dropped; null: solver's own"
    )
    keep_ends: bool = Field(
        description="train on both end points, so that no test point lies beyond"
    )
    basis: Literal["monomial", "chebyshev"] = Field(description="columns of the design matrix")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit every degree on every seed's noise and split; find the best degree on other draws."""
    values, arrays = fits(params, seeds, "")
    metrics = {
        name: values[..., index]
        for index, name in enumerate(("train_mse", "test_mse", "rank", "columns", "condition"))
    }
    last = {f"{name}_last": value[:, -1] for name, value in metrics.items()}
    rise = np.diff(metrics["train_mse"], axis=1).max(axis=1)
    tuning, _ = fits(
        params.model_copy(update={"listing_seed": None}),
        tuning_seeds(seeds[0], params.tuning_seeds),
        "tuning ",
    )
    best = int(np.log2(tuning[..., 1]).mean(axis=0).argmin())
    train, test = np.log2(metrics["train_mse"]), np.log2(metrics["test_mse"])
    noise = 2 * np.log2(params.noise)
    scalars = last | {
        "largest_train_rise": rise,
        "best_degree": np.full(len(seeds), params.degrees[best]),
        "noise_variance": np.full(len(seeds), params.noise**2),
        "train_below_noise": noise - train[:, -1],
        "test_above_best": test[:, -1] - test[:, best],
        "straight_train_above_noise": train[:, 0] - noise,
        "straight_test_above_noise": test[:, 0] - noise,
    }
    curves = table("degree", np.array(params.degrees), metrics)
    return Records(per_seed(scalars), curves, arrays)


def fits(
    params: Params, seeds: Sequence[Seed], prefix: str
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return what each fit gave, (S, degrees, 5), in the order of `polynomials.Fit`; and arrays.

    The arrays are each seed's points (S, n) and weights (S, degrees, highest degree + 1), zero
    beyond a fit's own degree. `prefix` names streams of their own for the tuning replicates.
    """
    from sklearn.model_selection import train_test_split

    x = np.linspace(0, 2 * np.pi, params.samples)
    fit = polynomials.FITS[params.basis]
    names = ("x_train", "y_train", "x_test", "y_test")
    points, found = [], []
    for seed in seeds:
        if params.listing_seed is not None:
            noise = np.random.RandomState(params.listing_seed).randn(params.samples) * params.noise
            state = params.split_seed
        else:
            noise = seed.generator(f"{prefix}noise").normal(0, params.noise, params.samples)
            state = seed.integer(f"{prefix}split") % 2**32
        y = np.sin(x) + noise
        inner = slice(1, -1) if params.keep_ends else slice(None)
        x_train, x_test, y_train, y_test = train_test_split(
            x[inner], y[inner], test_size=params.test_share, random_state=state
        )
        if params.keep_ends:
            x_train, y_train = np.append(x_train, x[[0, -1]]), np.append(y_train, y[[0, -1]])
        points.append((x_train, y_train, x_test, y_test))
        found.append([fit(*points[-1], degree, params.cutoff) for degree in params.degrees])
    arrays = dict(zip(names, map(np.stack, zip(*points, strict=True)), strict=True))
    widest = max(params.degrees) + 1
    arrays["weights"] = np.array(
        [[np.pad(one.weights, (0, widest - one.columns)) for one in row] for row in found]
    )
    return np.array([[one[:-1] for one in row] for row in found], dtype=float), arrays


def publish(records: Records) -> dict[str, Any]:
    """Return the listing's numbers."""
    curves = records.curves
    return {
        "degrees": curves["degree"].tolist(),
        "train_mse": curves["train_mse"].tolist(),
        "test_mse": curves["test_mse"].tolist(),
    }


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return both errors at the two ends of the degrees, in doublings, and the largest rise."""
    few = results["few_samples"].scalars
    parts = {
        "overfitted_training": few["train_below_noise"],
        "overfitted_test": few["test_above_best"],
        "underfitted_training": few["straight_train_above_noise"],
        "underfitted_test": few["straight_test_above_noise"],
        "few_samples_never_rises": -few["largest_train_rise"],
        "listing_samples_never_rises": -results["chebyshev"].scalars["largest_train_rise"],
    }
    return {"6a": {name: values.to_numpy() for name, values in parts.items()}}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw fits of each degree beside their errors; and what the listing's solver does."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2, rows=2)
    few = results["few_samples"]
    fitted = figure.panel("Chebyshev, fewer points: fits")
    errors = figure.panel("Chebyshev, fewer points: errors")
    medians = draw_errors(errors, few)
    weights = few.arrays["weights"]
    x = np.linspace(0, 2 * np.pi, 120)
    columns = polynomials.chebyshev_columns(x, weights.shape[-1] - 1)
    for kind, label in (("train", "training points"), ("test", "test points")):
        fitted.points(few.arrays[f"x_{kind}"][0], few.arrays[f"y_{kind}"][0], label=label)
    fitted.line(x, np.sin(x), label="truth")
    degrees = few.curves["degree"].unique()
    stops = [str(degree) for degree in degrees]
    for frame in figure.frames("degree", stops, shown=len(stops) // 2):
        fits_of_all = weights[:, frame] @ columns.T
        fitted.line(x, fits_of_all[0], label="first seed's fit")
        fitted.spread(x, fits_of_all, label="all seeds' fits")
        for label, values in medians.items():
            errors.points(degrees[[frame]], values[[frame]], label=label)
    fitted.axes("x", "y", ends=(-2.5, 4.5))
    draw_errors(figure.panel("Powers of x, as in the listing"), results["monomial"])
    panel = figure.panel("Rank that the solver kept")
    for variant, label in (
        ("monomial", "powers of x"),
        ("machine_precision", "the same, finer cutoff"),
        ("chebyshev", "Chebyshev"),
    ):
        wide = results[variant].curves.pivot(index="seed", columns="degree", values="rank")
        panel.spread(wide.columns.to_numpy(), wide.to_numpy(), label=label, marker=True)
    panel.axes("degree", "numerical rank", zero=True)
    return figure


def draw_errors(panel: Panel, records: Records) -> dict[str, np.ndarray]:
    """Draw both errors against the degree, and the noise variance; return both errors' medians."""
    medians = {}
    for metric, label in (("train_mse", "training error"), ("test_mse", "test error")):
        wide = records.curves.pivot(index="seed", columns="degree", values=metric)
        panel.spread(wide.columns.to_numpy(), wide.to_numpy(), label=label, marker=True)
        medians[label] = np.median(wide, axis=0)
    noise = records.scalars["noise_variance"].iloc[0]
    panel.line(wide.columns[[0, -1]].to_numpy(), [noise, noise], label="noise variance")
    panel.axes("degree", "mean squared error", log=True)
    return medians
