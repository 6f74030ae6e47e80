"""Listing 10.5: ridge against least squares, as published and over noise and numbers of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters, Rate
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

LISTING = "10.5"
SEED_RUNS = False
NOISES = {
    "listing_noise": "Listing's noise",
    "middle_noise": "Middle noise",
    "strong_noise": "Strong noise",
}
ALPHAS = {"ridge": "listed α", "validated": "chosen α"}


class Params(Parameters):
    """The data and the strengths."""

    listing_seed: int | None = Field(description="the listing's random_state, else a fresh one")
    rows: list[Count] = Field(min_length=1, description="training rows, each a data set of its own")
    test_rows: Count = Field(description="rows held out of each data set")
    features: int = Field(ge=1, description="columns, of which scikit-learn makes ten informative")
    noise: float = Field(ge=0, description="standard deviation of the noise on y")
    alpha: float = Field(
        gt=0, description="ridge strength, beside the sum of squares over the rows"
    )
    alphas: list[Rate] = Field(
        min_length=1,
        description="strengths to choose from on the training rows, leaving out one row at a time",
    )


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit all three on the same rows; measure all three on the same held-out rows."""
    found = [[replicate(params, seed, rows) for rows in params.rows] for seed in seeds]
    metrics = {
        name: np.array([[fit[name] for fit in row] for row in found])
        for name, value in found[0][0].items()
        if np.ndim(value) == 0
    }
    # The listing has one data set, whose numbers and coefficients `publish` reads.
    scalars = {name: values[:, 0] for name, values in metrics.items()}
    coefficients = {
        name: np.array([row[0][name] for row in found]) for name in ("ols_coef", "ridge_coef")
    }
    curves = table("rows", np.array(params.rows), metrics)
    return Records(per_seed(scalars), curves, arrays=coefficients)


def replicate(params: Params, seed: Seed, rows: int) -> dict[str, float | np.ndarray]:
    """Draw one data set; return test errors, coefficients and their distances to the truth."""
    from sklearn.datasets import make_regression
    from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
    from sklearn.model_selection import train_test_split

    data_state = split_state = params.listing_seed
    if params.listing_seed is None:
        data_state = seed.integer(f"data {rows}") % 2**32
        split_state = seed.integer(f"split {rows}") % 2**32
    X, y, truth = make_regression(
        n_samples=rows + params.test_rows,
        n_features=params.features,
        noise=params.noise,
        random_state=data_state,
        coef=True,
    )
    X_train, X_test, y_train, y_test = train_test_split(
        X, y, test_size=params.test_rows, random_state=split_state
    )
    models = {
        "ols": LinearRegression(),
        "ridge": Ridge(alpha=params.alpha),
        "validated": RidgeCV(params.alphas),
    }
    found: dict[str, Any] = {}
    for name, model in models.items():
        model.fit(X_train, y_train)
        found[f"{name}_test_mse"] = np.mean((model.predict(X_test) - y_test) ** 2)
        found[f"{name}_coef"] = model.coef_
        found[f"{name}_coef_rmse"] = np.sqrt(np.mean((model.coef_ - truth) ** 2))
        found[f"{name}_avoidable_mse"] = np.mean((model.predict(X_test) - X_test @ truth) ** 2)
    for name in ALPHAS:
        for gain, error in (("gain", "test_mse"), ("avoidable_gain", "avoidable_mse")):
            found[f"{name}_{gain}"] = np.log2(found[f"ols_{error}"] / found[f"{name}_{error}"])
    return found | {"validated_alpha": models["validated"].alpha_}


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
    """Return how far ridge's test error lies below least squares', in doublings, everywhere."""
    return {
        "7c": {
            f"{variant}_{rows}_{name}": results[variant]
            .curves.query("rows == @rows")[f"{name}_gain"]
            .to_numpy()
            for variant in NOISES
            for rows in results[variant].curves["rows"].unique()
            for name in ALPHAS
        }
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the published bars on a scale that shows both, and the gains over seeds."""
    from relearn.figures.canvas import Figure

    published = results["published"].scalars.iloc[0]
    figure = Figure(columns=3, widths=[0.7, 1, 1])
    left = figure.panel("As published")
    left.points(
        ["least squares", "ridge"],
        [published["ols_test_mse"], published["ridge_test_mse"]],
        label="test error",
    )
    left.axes("", "test mean squared error", log=True)
    for variant in ("listing_noise", "strong_noise"):
        panel = figure.panel(NOISES[variant])
        curves = results[variant].curves
        panel.intervals(
            {
                f"{rows} rows, {label}": curves.loc[curves["rows"] == rows, f"{name}_gain"]
                for rows in curves["rows"].unique()
                for name, label in ALPHAS.items()
            }
        )
        panel.axes("doublings of the test error that ridge removes", "", zero=True)
    return figure
