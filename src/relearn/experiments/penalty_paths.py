"""Section 7: what an L2 and an L1 penalty do to the weights, and L2 to a fitted curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import penalties, polynomials
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
SHOWN = 5  # weights of each kind in the figure: more would be a thicket
KINDS = {"true: ±1": slice(SHOWN), "true: 0": slice(SHOWN, None)}
DRAWN = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]  # λ at the slider's stops


class Params(Parameters):
    """The task, its data, and the λ to choose from."""

    task: Literal["weights", "curve", "orthonormal"] = Field(
        description="sparse weights on random features; a polynomial through noisy points of a "
        "sine; orthonormal columns, where both solutions are known"
    )
    samples: int = Field(ge=3, description="training rows")
    validation_samples: int = Field(ge=1, description="rows on which λ is chosen")
    features: Count = Field(description="columns; of a curve: the polynomial's degree")
    informative: Count = Field(description="weights that are 1 or −1; the others are 0")
    block: Count = Field(description="features that are correlated with each other")
    correlation: float = Field(ge=0, lt=1, description="their correlation within a block")
    basis: Literal["powers", "legendre"] = Field(description="columns of a curve")
    noise: float = Field(gt=0, description="standard deviation of the noise on y")
    strengths: int = Field(ge=2, description="number of λ, evenly spaced in log λ")
    weakest: float = Field(gt=0, description="the smallest λ")
    strongest: float = Field(gt=0, description="the largest λ")

    @model_validator(mode="after")
    def _possible(self) -> Params:
        if self.task == "weights" and self.informative > self.features:
            raise ValueError(f"informative: {self.informative} of {self.features} features")
        if self.weakest >= self.strongest:
            raise ValueError(f"weakest: {self.weakest} is not below strongest, {self.strongest}")
        return self

    @property
    def grid(self) -> np.ndarray:
        """All λ, growing."""
        return np.geomspace(self.weakest, self.strongest, self.strengths)


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Follow both penalties over λ (a curve: L2 alone), and choose λ on validation rows."""
    replicate = {"weights": weights, "curve": curve, "orthonormal": orthonormal}[params.task]
    rows = [replicate(params, seed) for seed in seeds]
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    scalars = {name: value for name, value in columns.items() if value.ndim == 1}
    arrays = {name: value for name, value in columns.items() if value.ndim > 1}
    return Records(per_seed(scalars), arrays=arrays)


def weights(params: Params, seed: Seed) -> dict[str, float | np.ndarray]:
    """Return what both penalties do to weights of which most are truly zero."""
    generator = seed.generator("weights")
    truth = np.zeros(params.features)
    places = generator.permutation(params.features)
    informative, others = places[: params.informative], places[params.informative :]
    truth[informative] = generator.choice([-1.0, 1.0], params.informative)
    X, y = rows(params, truth, params.samples, seed.generator("train"))
    X_valid, y_valid = rows(params, truth, params.validation_samples, seed.generator("validation"))
    shown = np.concatenate([informative[:SHOWN], others[:SHOWN]])
    found = {"strengths": params.grid}
    for name, follow in (("l2", penalties.ridge_path), ("l1", penalties.lasso_path)):
        path = follow(X, y, params.grid)
        best = chosen(path, X_valid, y_valid)
        zero = path[best] == 0
        found[f"{name}_strength"] = params.grid[best]
        found[f"{name}_zeros"] = np.mean(zero)
        found[f"{name}_true_kept"] = 1 - np.mean(zero[informative])
        found[f"{name}_others_kept"] = 1 - np.mean(zero[others])
        found[f"{name}_error"] = np.sum((path[best] - truth) ** 2)
        found[f"{name}_most_zeros"] = np.mean(path == 0, axis=1).max()
        found[f"{name}_largest_rise"] = np.diff(np.linalg.norm(path, axis=1)).max()
        found[f"{name}_growing"] = np.mean((np.diff(np.abs(path), axis=0) > 1e-12).any(axis=0))
        found[f"{name}_path"] = path[:, shown]
        found[f"{name}_drawn"] = follow(X, y, DRAWN)[:, shown]
    return found


def rows(
    params: Params, truth: np.ndarray, count: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw features (count, d) of unit variance, correlated in blocks, and y = X w + noise."""
    blocks = -(-params.features // params.block)
    shared = np.repeat(generator.normal(size=(count, blocks)), params.block, axis=1)
    own = generator.normal(size=(count, params.features))
    X = np.sqrt(params.correlation) * shared[:, : params.features]
    X += np.sqrt(1 - params.correlation) * own
    return X, X @ truth + generator.normal(0, params.noise, count)


def chosen(path: np.ndarray, X: np.ndarray, y: np.ndarray) -> int:
    """Return the index of the λ whose weights (L, d) predict the validation rows best."""
    return int(np.mean((path @ X.T - y) ** 2, axis=1).argmin())


def curve(params: Params, seed: Seed) -> dict[str, float | np.ndarray]:
    """Return how much less rough an L2 penalty makes a polynomial through noisy points."""

    def points(count: int, stream: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        generator = seed.generator(stream)
        x = generator.uniform(-1, 1, count)
        x[:2] = -1, 1  # no validation point lies beyond the training points
        columns = polynomials.basis_columns(x, params.features, params.basis)
        return x, columns, sine(x) + generator.normal(0, params.noise, count)

    x, X, y = points(params.samples, "train")
    _, X_valid, y_valid = points(params.validation_samples, "validation")
    # Centring both leaves the constant out of the penalty.
    centre, level = X.mean(axis=0), y.mean()
    path = penalties.ridge_path(X - centre, y - level, np.append(0.0, params.grid))
    best = 1 + chosen(path[1:], X_valid - centre, y_valid - level)
    rough = np.log2(polynomials.roughness(path[[0, best]], params.basis))
    drawn = penalties.ridge_path(X - centre, y - level, np.append(0.0, DRAWN))
    return {
        "smoother": rough[0] - rough[1],
        "above_truth_without": rough[0] - np.log2(np.pi**4),  # ∫ (π² sin)² over a period of 2
        "above_truth_with": rough[1] - np.log2(np.pi**4),
        "strength": params.grid[best - 1],
        "norm_ratio": np.linalg.norm(path[best]) / np.linalg.norm(path[0]),
        "x": x,
        "y": y,
        "weights": drawn,
        "constants": level - drawn @ centre,
    }


def sine(x: np.ndarray) -> np.ndarray:
    """Return one period of the sine over [−1, 1]."""
    return np.sin(np.pi * (x + 1))


def orthonormal(params: Params, seed: Seed) -> dict[str, float | np.ndarray]:
    """Return the largest differences to the closed forms, where XᵀX = n I."""
    generator = seed.generator("rows")
    n, grid = params.samples, params.grid[:, None]
    X = np.sqrt(n) * np.linalg.qr(generator.normal(size=(n, params.features)))[0]
    y = generator.normal(size=n) + X.sum(axis=1)
    least_squares = X.T @ y / n
    divided = least_squares / (1 + grid)
    moved = np.sign(least_squares) * np.maximum(np.abs(least_squares) - grid, 0)
    return {
        "l2_difference": np.abs(penalties.ridge_path(X, y, params.grid) - divided).max(),
        "l1_difference": np.abs(penalties.lasso_path(X, y, params.grid) - moved).max(),
    }


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return norms, zeros, roughness and the closed forms."""
    independent, correlated = (results[name].scalars for name in ("independent", "correlated"))
    closed = results["orthonormal"].scalars
    parts = {
        "l2_norm_independent": -independent["l2_largest_rise"],
        "l2_norm_correlated": -correlated["l2_largest_rise"],
        "smoother_powers": results["powers"].scalars["smoother"],
        "smoother_legendre": results["legendre"].scalars["smoother"],
        "smoother_many_points": results["many_points"].scalars["smoother"],
        "l1_zeros_independent": independent["l1_zeros"],
        "l1_zeros_correlated": correlated["l1_zeros"],
        "l2_zeros_independent": -independent["l2_most_zeros"],
        "l2_zeros_correlated": -correlated["l2_most_zeros"],
        "l2_closed_form": -closed["l2_difference"],
        "l1_closed_form": -closed["l1_difference"],
    }
    return {"7b": {name: values.to_numpy() for name, values in parts.items()}}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw both paths of the first seed, and its curves in two bases at each λ."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2, rows=2)
    independent = results["independent"].arrays
    paths = {"l2": figure.panel("L2, first seed"), "l1": figure.panel("L1, first seed")}
    for name, panel in paths.items():
        for label, own in KINDS.items():
            path = independent[f"{name}_path"][0, :, own]
            panel.paths(independent["strengths"][0], path.T, label=label)
        panel.axes("λ", "weight", zero=True, log_x=True)
    x = np.linspace(-1, 1, 100)
    curves = {}
    for variant, basis, title in (
        ("powers", "powers", "L2, curve in powers of x"),
        ("legendre", "legendre", "L2, curve in orthonormal polynomials"),
    ):
        panel, arrays = figure.panel(title), results[variant].arrays
        weights, constants = arrays["weights"][0], arrays["constants"][0]
        columns = polynomials.basis_columns(x, weights.shape[1], basis)
        curves[panel] = columns @ weights.T + constants
        panel.points(arrays["x"][0], arrays["y"][0], label="training points")
        panel.line(x, sine(x), label="truth")
        panel.line(x, curves[panel][:, 0], label="without")
        panel.axes("x", "y", ends=(-2.5, 4.5))
    stops = [f"{strength:g}" for strength in DRAWN]
    for frame in figure.frames("penalty λ", stops, shown=len(stops) // 2):
        for name, panel in paths.items():
            for label, own in KINDS.items():
                here = independent[f"{name}_drawn"][0, frame, own]
                panel.points(np.full(len(here), DRAWN[frame]), here, label=label)
        for panel, values in curves.items():
            panel.line(x, values[:, 1 + frame], label="with L2")
    return figure
