"""Section 5: random labels, which enough features separate perfectly and nothing predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import linear_separation, plane_boundaries
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
DIAGONAL = 8**0.5  # the longest straight line in [−1, 1]²


class Params(Parameters):
    """The points, their labels and the separators."""

    labels: Literal["drawn", "every"] = Field(
        description="draw one labelling, or count the separable ones among all"
    )
    samples: int = Field(ge=3, description="training points")
    test_samples: int = Field(ge=1, description="fresh points for the test accuracy")
    features: list[Count] = Field(
        min_length=1, description="numbers of features, growing; normal, the first ones of the last"
    )
    noise: float = Field(
        ge=0, le=1, description="share of labels that are coin flips; others: sign of Σ features"
    )
    degree: int = Field(ge=1, description="largest total degree of the polynomials in the plane")
    cells: int = Field(ge=2, description="cells along a side of the grid on the plane's square")


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Separate each seed's points in growing dimension, and others in the plane."""
    features = np.array(params.features)
    law = [linear_separation.separable_share(params.samples, d) for d in params.features]
    curves = {"law": np.tile(law, (len(seeds), 1))}
    if params.labels == "every":
        counts = np.array([[count(params, seed, d) for d in params.features] for seed in seeds])
        curves |= {"separable": counts / 2**params.samples, "labellings": counts}
        stated = [linear_separation.separable_labellings(params.samples, d) for d in features]
        scalars = {"difference": np.abs(counts - stated).max(axis=1)}
        return Records(per_seed(scalars), table("features", features, curves))
    lines = np.array([separators(params, seed) for seed in seeds])
    curves |= {"separable": lines[..., 0], "test_accuracy": lines[..., 1]}
    planes = [plane(params, seed) for seed in seeds]
    scalars = {
        "turned": lines[:, -1, 0] * (1 - lines[:, 0, 0]),
        "test_accuracy": lines[:, -1, 1],
        # Training accuracy is 100 % wherever there is a separator.
        "gap": 100 - lines[:, -1, 1],
    }
    for name in ("length", "regions", "accuracy", "degree"):
        scalars[f"plane_{name}"] = np.array([each[name] for each in planes])
        scalars[f"least_{name}"] = np.array([each[f"least_{name}"] for each in planes])
    arrays = {name: np.stack([each[name] for each in planes]) for name in ("x", "y", "positive")}
    return Records(per_seed(scalars), table("features", features, curves), arrays)


def labelled(params: Params, x: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return labels (n,) of x (n, d): the sign of each row's sum, or a coin's for some of them."""
    coins = generator.choice([-1.0, 1.0], len(x))
    flipped = generator.random(len(x)) < params.noise
    return np.where(flipped, coins, np.sign(x.sum(axis=1)))


def separators(params: Params, seed: Seed) -> list[tuple[float, float]]:
    """Return for each number of features whether the points are separable, and if so how well
    the widest separator does on fresh points, in percent."""
    total = params.features[-1]
    x = seed.generator("points").normal(size=(params.samples, total))
    y = labelled(params, x, seed.generator("labels"))
    x_test = seed.generator("test points").normal(size=(params.test_samples, total))
    y_test = labelled(params, x_test, seed.generator("test labels"))
    found = []
    for d in params.features:
        separable, accuracy = linear_separation.separable(x[:, :d], y), np.nan
        best = linear_separation.widest(linear_separation.augmented(x[:, :d]), y)
        if separable and best:
            score = linear_separation.augmented(x_test[:, :d]) @ best.weights
            accuracy = 100 * np.mean(y_test * score > 0)
        found.append((float(separable), accuracy))
    return found


def plane(params: Params, seed: Seed) -> dict[str, np.ndarray]:
    """Return points in the square and the polynomials that separate their labels most widely:
    the one of the full degree, and (`least_…`) the one of the least degree that can."""
    x = seed.generator("plane points").uniform(-1, 1, (params.samples, 2))
    y = labelled(params, x, seed.generator("plane labels"))
    x_test = seed.generator("plane test points").uniform(-1, 1, (params.test_samples, 2))
    y_test = labelled(params, x_test, seed.generator("plane test labels"))
    side = params.cells + 1
    missing = {"length": np.nan, "regions": np.nan, "accuracy": np.nan, "degree": np.nan}
    found = {"x": x, "y": y, "positive": np.zeros((side, side), dtype=bool)}
    found |= missing | {f"least_{name}": value for name, value in missing.items()}
    for degree in range(1, params.degree + 1):
        best = linear_separation.widest(plane_boundaries.polynomial_features(x, degree), y)
        least = best is not None and np.isnan(found["least_degree"])
        if best is None or not (least or degree == params.degree):
            continue
        square = plane_boundaries.grid(params.cells)
        score = plane_boundaries.polynomial_features(square, degree) @ best.weights
        values = score.reshape(side, side)
        score = plane_boundaries.polynomial_features(x_test, degree) @ best.weights
        one = {
            "length": plane_boundaries.zero_length(values, 2 / params.cells),
            "regions": plane_boundaries.sign_regions(values),
            "accuracy": 100 * np.mean(y_test * score > 0),
            "degree": degree,
        }
        if least:
            found |= {f"least_{name}": value for name, value in one.items()}
        if degree == params.degree:
            found |= one | {"positive": values > 0}
    return found


def count(params: Params, seed: Seed, features: int) -> int:
    """Return how many of all labellings of a seed's points a hyperplane separates."""
    x = seed.generator("points").normal(size=(params.samples, params.features[-1]))[:, :features]
    # Turning every label round turns the hyperplane round: half of them are enough.
    halves = ((1.0, *rest) for rest in product((-1.0, 1.0), repeat=params.samples - 1))
    return 2 * sum(linear_separation.separable(x, np.array(y)) for y in halves)


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return what random labels show: separable or not, Cover's law, the gap, the boundary."""
    scalars = results["random"].scalars
    with np.errstate(divide="ignore"):
        longer, least_longer = (
            np.log2(scalars[f"{name}_length"].to_numpy() / DIAGONAL) for name in ("plane", "least")
        )
    parts = {
        "easy": scalars["turned"].to_numpy(),
        "law": -results["every_labelling"].scalars["difference"].to_numpy(),
        "illusion": scalars["gap"].to_numpy(),
        "contorted": longer,
        "contorted_least": least_longer,
    }
    return {"5b": parts}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the law and the shares, the test accuracy, and the boundary back in the plane."""
    from relearn.figures.canvas import Figure
    from relearn.figures.plane import Plane

    figure = Figure(columns=3, height=3.4)
    left = figure.panel("Share that a hyperplane separates")
    right = figure.panel("Test accuracy of the separator")
    means = {name: results[name].curves.groupby("features").mean() for name in ("random", "signal")}
    steps = means["random"].index.to_numpy()
    left.points(steps, means["random"]["separable"].to_numpy(), label="random labels")
    left.line(
        steps, means["signal"]["separable"].to_numpy(), label="labels with signal", marker=True
    )
    left.line(steps, means["random"]["law"].to_numpy(), label="Cover's law")
    for name, label in (("random", "random labels"), ("signal", "labels with signal")):
        # Fewer than one seed in twenty say little, and are no fair sample of all.
        seen = means[name].loc[means[name]["separable"] >= 0.05, "test_accuracy"]
        right.line(seen.index.to_numpy(), seen.to_numpy(), label=label, marker=True)
    left.axes("features", "share of seeds", zero=True)
    right.axes("features", "accuracy on fresh points (%)")
    below = figure.panel("The first seed's random labels, back in the plane", Plane)
    arrays = results["random"].arrays
    x, y = arrays["x"][0], arrays["y"][0]
    for side, label in ((1, "class 1"), (-1, "class −1")):
        below.points(*x[y == side].T, label=label)
    positive = arrays["positive"][0] - 0.5
    below.regions(positive, 1.0, label="polynomial says 1", like="class 1")
    below.axes("x₁", "x₂")
    return figure
