"""Section 1: exponential, count, positive and binary targets, with a link and without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.data.synthetic import LinkedTarget
from relearn.experiments.parameters import Parameters
from relearn.learning import generalized_linear
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
EXPONENTIAL = ("multiplicative", "additive")
TARGETS = ("count", "positive", "binary")
PLACES = 101


class Params(Parameters):
    """The target, its mean and how much of it is seen."""

    family: Literal["lognormal", "normal", "poisson", "gamma", "binary"] = Field(
        description="how the target lies about its mean"
    )
    samples: int = Field(ge=10, description="training points, x uniform in [0, 1)")
    held_out: int = Field(ge=10, description="held-out points of the same distribution")
    intercept: float = Field(description="a of the linear predictor a + b x")
    slope: float = Field(description="b: the mean grows e^b-fold over x (odds, for binary)")
    noise: float = Field(
        gt=0,
        description="deviation of ln y (lognormal), y (normal) or y over its mean (gamma)",
    )

    @property
    def target(self) -> LinkedTarget:
        """The target."""
        return LinkedTarget(self.family, self.intercept, self.slope, self.noise)


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit a line, a log-linear model (exponential targets) and a GLM to each seed's data."""
    rows, curves = [], []
    places = np.linspace(0, 1, PLACES)
    for seed in seeds:
        x, y = params.target.draw(seed.generator("data"), params.samples)
        at, seen = params.target.draw(seed.generator("held-out data"), params.held_out)
        everywhere = np.append(at, places)
        fits, dropped, smearing = predictions(params.family, x, y, everywhere)
        row = measured(fits, params.target.mean(at), seen, params.family)
        rows.append(row | {"dropped": dropped, "smearing": smearing})
        curves.append({name: fit[len(at) :] for name, fit in fits.items()})
    scalars = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    drawn = {name: np.stack([curve[name] for curve in curves]) for name in curves[0]}
    drawn["truth"] = np.tile(params.target.mean(places), (len(seeds), 1))
    return Records(per_seed(scalars), table("percent_of_range", np.arange(PLACES), drawn))


def predictions(
    family: str, x: np.ndarray, y: np.ndarray, at: np.ndarray
) -> tuple[dict[str, np.ndarray], int, float]:
    """Return each fit's predictions at `at` by name, and what the log-linear fit took.

    That is the number of points that it had to leave out because they are not positive, and
    Duan's smearing factor (1 where there is no such fit).
    """
    fits = {
        "identity": generalized_linear.identity_fit(x, y, at),
        "link": generalized_linear.link_fit(x, y, at, family),
    }
    if family not in ("lognormal", "normal"):
        return fits, 0, 1.0
    positive = y > 0
    naive, smearing = generalized_linear.log_linear_fit(x[positive], y[positive], at)
    fits |= {"log_linear": naive, "smeared": smearing * naive}
    return fits, int((~positive).sum()), smearing


def measured(
    fits: Mapping[str, np.ndarray], mean: np.ndarray, seen: np.ndarray, family: str
) -> dict[str, float]:
    """Return each fit's errors on the held-out points, where their true mean is `mean` (m,).

    `excess` is the mean squared distance to the true mean, which a better fit could avoid; `mse`
    is that to the held-out y, noise included; `bias` the mean of prediction over true mean, less 1.
    """
    row = {"noise": np.mean((seen - mean) ** 2), "spread": np.var(mean)}
    for name, fit in fits.items():
        guess = fit[: len(mean)]
        row[f"{name}_excess"] = np.mean((guess - mean) ** 2)
        row[f"{name}_mse"] = np.mean((guess - seen) ** 2)
        row[f"{name}_bias"] = np.mean(guess / mean) - 1
        row[f"{name}_invalid"] = np.mean(invalid(guess, family))
        row[f"{name}_removed"] = 1 - row[f"{name}_excess"] / row["identity_excess"]
    row["identity_missed"] = row["identity_excess"] / row["spread"]
    return row


def invalid(guess: np.ndarray, family: str) -> np.ndarray:
    """Return which predictions cannot be the target's mean."""
    if family == "binary":
        return (guess < 0) | (guess > 1)
    if family == "normal":
        return np.zeros(len(guess), dtype=bool)
    return guess < 0 if family == "poisson" else guess <= 0


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return shares of avoidable error, and of predictions that are no valid value."""

    def column(variant: str, name: str) -> np.ndarray:
        return results[variant].scalars[name].to_numpy()

    growth, others = {}, {}
    for noise in EXPONENTIAL:
        growth[f"{noise}_log_linear"] = column(f"exponential_{noise}", "log_linear_removed")
        growth[f"{noise}_linear"] = column(f"exponential_{noise}", "identity_missed")
    for target in TARGETS:
        others[f"{target}_error"] = column(target, "link_removed")
        others[f"{target}_invalid"] = column(target, "identity_invalid")
    return {"1a": growth, "1b": others}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the fits of the two exponential targets and of the binary one over their range."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    panels = {
        "exponential_multiplicative": ("Multiplicative noise", "y"),
        "exponential_additive": ("Additive noise", "y"),
        "binary": ("Binary target", "probability of 1"),
    }
    labels = {"identity": "line", "link": "GLM", "log_linear": "log-linear"}
    for variant, (title, name) in panels.items():
        panel, curves = figure.panel(title), results[variant].curves
        for fit in (each for each in labels if each in curves):
            wide = curves.pivot(index="seed", columns="percent_of_range", values=fit)
            panel.spread(wide.columns.to_numpy() / 100, wide.to_numpy(), label=labels[fit])
        truth = curves[curves["seed"] == 0].iloc[::10]
        places = truth["percent_of_range"].to_numpy() / 100
        panel.points(places, truth["truth"].to_numpy(), label="true mean")
        panel.axes("x", name, zero=True)
    return figure
