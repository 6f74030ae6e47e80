"""Listing 10.5: ridge against least squares: as published, with more noise, α validated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Parameters, Rate
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

LISTING = "10.5"
SEED_RUNS = False


class Params(Parameters):
    """The data and the strength."""

    listing_seed: int | None = Field(description="the listing's random_state, else a fresh one")
    samples: int = Field(ge=4, description="rows")
    features: int = Field(ge=1, description="columns, of which scikit-learn makes ten informative")
    noise: float = Field(ge=0, description="standard deviation of the noise on y")
    test_share: float = Field(gt=0, lt=1, description="share of the rows held out")
    alpha: float = Field(gt=0, description="ridge strength")
    alphas: list[Rate] = Field(
        description="strengths to choose from on the training rows, leaving out one row at a time; "
        "none: alpha"
    )


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit both on the same rows; measure both on the same held-out rows."""
    from sklearn.datasets import make_regression
    from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
    from sklearn.model_selection import train_test_split

    errors = {"ols": [], "ridge": []}
    coefficients = {"ols": [], "ridge": []}
    distances = {"ols": [], "ridge": []}
    strengths = []
    for seed in seeds:
        data_state = split_state = params.listing_seed
        if params.listing_seed is None:
            data_state = seed.integer("data") % 2**32
            split_state = seed.integer("split") % 2**32
        X, y, truth = make_regression(
            n_samples=params.samples,
            n_features=params.features,
            noise=params.noise,
            random_state=data_state,
            coef=True,
        )
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=params.test_share, random_state=split_state
        )
        ridge = RidgeCV(params.alphas) if params.alphas else Ridge(alpha=params.alpha)
        for name, model in (("ols", LinearRegression()), ("ridge", ridge)):
            model.fit(X_train, y_train)
            errors[name].append(np.mean((model.predict(X_test) - y_test) ** 2))
            coefficients[name].append(model.coef_)
            distances[name].append(np.sqrt(np.mean((model.coef_ - truth) ** 2)))
        strengths.append(getattr(ridge, "alpha_", params.alpha))
    scalars = {f"{name}_test_mse": np.array(values) for name, values in errors.items()}
    scalars["log2_ratio"] = np.log2(scalars["ridge_test_mse"] / scalars["ols_test_mse"])
    scalars |= {f"{name}_coef_rmse": np.array(values) for name, values in distances.items()}
    scalars["alpha"] = np.array(strengths)
    arrays = {f"{name}_coef": np.array(values) for name, values in coefficients.items()}
    return Records(per_seed(scalars), arrays=arrays)


def publish(records: Records) -> dict[str, Any]:
    """Return the listing's numbers: it prints coefficients without their signs."""
    numbers = {
        f"{name}_coef": np.abs(records.arrays[f"{name}_coef"][0]) for name in ("ols", "ridge")
    }
    last = records.scalars.iloc[0]
    return {name: value.tolist() for name, value in numbers.items()} | {
        f"{name}_test_mse": last[f"{name}_test_mse"] for name in ("ols", "ridge")
    }


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Judge nothing yet: claim 7c needs a grid of noise and sample sizes."""
    return {}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the published bars on a scale that shows both, and the ratio over seeds."""
    from relearn.figures.canvas import Figure

    published = results["published"].scalars.iloc[0]
    figure = Figure(columns=3, widths=[1, 0.9, 1])
    left = figure.panel("As published")
    left.points(
        ["least squares", "ridge"],
        [published["ols_test_mse"], published["ridge_test_mse"]],
        label="test error",
    )
    left.axes("", "test mean squared error", log=True)
    panels = {
        "Listing's noise, over seeds": {"listing_noise": "listing's α"},
        "Strong noise, over seeds": {
            "strong_noise": "listing's α",
            "cross_validated": "α by cross-validation",
        },
    }
    for title, variants in panels.items():
        panel = figure.panel(title)
        panel.intervals(
            {name: results[variant].scalars["log2_ratio"] for variant, name in variants.items()}
        )
        panel.axes("ridge's test error over least squares', doublings", "", zero=True)
    return figure
