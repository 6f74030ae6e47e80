"""Section 5: the accuracy of a linear classifier against the number of features that it sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from relearn.experiments.parameters import Count, Parameters
from relearn.learning import discriminant
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, tuning_seeds

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
CONDITIONS = (
    "informative_first",
    "random_order",
    "weak_features",
    "regularised",
    "more_samples",
)


class Params(Parameters):
    """Two Gaussian classes, the order of their features, and the classifier."""

    samples: int = Field(ge=4, description="training samples, half of each class")
    counts: list[Count] = Field(
        min_length=3, description="numbers of features, rising from 1 to all that there are"
    )
    means: Literal["block", "trunk"] = Field(
        description="class means ±strength in the first `informative` features and 0 in the rest, "
        "or ±strength / √i in feature i (Trunk 1979)"
    )
    informative: int = Field(ge=1, description="features that tell the classes apart (block)")
    strength: float = Field(gt=0, description="mean of the first feature, in standard deviations")
    order: Literal["best_first", "shuffled"] = Field(
        description="features added from the strongest, or in an order drawn for each seed"
    )
    penalties: list[Annotated[float, Field(ge=0)]] = Field(
        min_length=1, description="ridge penalties, one chosen for each number of features"
    )
    validation_samples: int = Field(ge=2, description="samples on which the penalty is chosen")
    tuning_seeds: int = Field(
        ge=1, description="replicates of their own on which the peak is found"
    )

    @property
    def class_mean(self) -> np.ndarray:
        """The positive class's mean (d,), strongest feature first; the other's is its negative."""
        place = np.arange(1, max(self.counts) + 1)
        if self.means == "trunk":
            return self.strength / np.sqrt(place)
        return np.where(place <= self.informative, self.strength, 0.0)


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Measure each seed's accuracy curve; read it at the peak of the tuning seeds' mean curve.

    The peak is sought before the last count, so that a curve which rises to its end falls by less
    than nothing.
    """
    tuning = tuning_seeds(seeds[0], params.tuning_seeds)
    tuned = np.array([replicate(params, seed, "tuning ")[1] for seed in tuning]).mean(0)
    peak = int(tuned[:-1].argmax())  # the last count is what the peak is compared with
    found = np.array([replicate(params, seed, "") for seed in seeds])
    training, accuracy = 100 * found[:, 0], 100 * found[:, 1]
    dip = int(np.abs(np.array(params.counts) - params.samples).argmin())
    scalars = {
        "peak_features": np.full(len(seeds), float(params.counts[peak])),
        "one_accuracy": accuracy[:, 0],
        "peak_accuracy": accuracy[:, peak],
        "dip_accuracy": accuracy[:, dip],
        "all_accuracy": accuracy[:, -1],
        "rise": accuracy[:, peak] - accuracy[:, 0],
        "fall": accuracy[:, peak] - accuracy[:, -1],
    }
    curves = {"accuracy": accuracy, "train_accuracy": training}
    return Records(per_seed(scalars), table("features", np.array(params.counts), curves))


def replicate(params: Params, seed: Seed, prefix: str) -> tuple[list[float], list[float]]:
    """Return training and true accuracy, shares, at each number of features.

    `prefix` names streams of their own for the tuning replicates.
    """
    mean = params.class_mean
    if params.order == "shuffled":
        mean = seed.generator(f"{prefix}order").permutation(mean)
    x, y = draw_classes(params.samples, mean, seed.generator(f"{prefix}samples"))
    held_x, held_y = draw_classes(
        params.validation_samples, mean, seed.generator(f"{prefix}validation")
    )
    training, accuracy = [], []
    for count in params.counts:
        w, b = discriminant.least_squares_rules(x[:, :count], y, params.penalties)
        agreement = np.sign(held_x[:, :count] @ w.T + b) == held_y[:, None]
        best = int(agreement.mean(0).argmax())
        training.append(np.mean(np.sign(x[:, :count] @ w[best] + b[best]) == y))
        accuracy.append(discriminant.gaussian_accuracy(w[best], b[best], mean[:count]))
    return training, accuracy


def draw_classes(
    samples: int, mean: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return samples (n, d) of unit variance about ±mean and their labels (n,), half of each."""
    y = np.where(np.arange(samples) % 2, 1.0, -1.0)
    return generator.normal(size=(samples, len(mean))) + y[:, None] * mean, y


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return each condition's rise to the peak and its fall from there, in percentage points."""
    return {
        "5c": {
            f"{name}_{side}": results[name].scalars[side].to_numpy()
            for name in CONDITIONS
            for side in ("rise", "fall")
        }
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the accuracy curves."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3, height=3.6)
    groups = {
        "The order of the features": {
            "informative_first": "best first",
            "random_order": "random",
        },
        "All features weak": {"weak_features": "least squares"},
        "What softens the fall": {
            "informative_first": "best first",
            "regularised": "regularised",
            "more_samples": "more samples",
        },
    }
    for title, curves in groups.items():
        panel = figure.panel(title)
        for name, label in curves.items():
            wide = results[name].curves.pivot(index="seed", columns="features", values="accuracy")
            panel.spread(wide.columns.to_numpy(), wide.to_numpy(), label=label)
        panel.axes("number of features", "accuracy in %", log_x=True)
    return figure
