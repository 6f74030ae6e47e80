"""Section 2: one linear score read out by the unit step, the logistic function and a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from relearn.data.synthetic import TwoClouds
from relearn.experiments.parameters import Parameters
from relearn.learning import descent, readouts
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = False
LOGISTIC = 1.0  # the width at which the readout is the logistic function itself
READOUTS = {"step": "unit step", "logistic": "logistic function", "squares": "least squares"}


class Params(Parameters):
    """The two classes, the step and the descent."""

    samples: int = Field(ge=10, description="training points, both classes together")
    held_out: int = Field(ge=10, description="held-out points of the same distribution")
    separation: float = Field(gt=0, description="distance of the class centres, in deviations")
    far_share: float = Field(ge=0, lt=1, description="share of class 1 that lies far beyond")
    far_distance: float = Field(gt=0, description="how far beyond its centre, in deviations")
    width: float = Field(ge=0, description="0: the unit step; above: a logistic step of that width")
    rate: float = Field(gt=0, description="learning rate of the descent on the squared loss")
    iterations: int = Field(ge=1, description="updates of the descent, on all training points")
    bins: int = Field(ge=2, description="equal bins of the output, to compare with frequencies")

    @property
    def clouds(self) -> TwoClouds:
        """The two classes."""
        return TwoClouds(self.separation, self.far_share, self.far_distance)


def run(params: Params, seeds: Sequence[Seed], inputs: None) -> Records:
    """Fit a score to each seed's data, read it out three ways, and descend through two of them."""
    drawn = [params.clouds.draw(seed.generator("data"), params.samples) for seed in seeds]
    rows, observed = [], []
    for seed, (points, labels) in zip(seeds, drawn, strict=True):
        held_out = params.clouds.draw(seed.generator("held-out data"), params.held_out)
        row, frequencies = read_out(params, points, labels, *held_out)
        rows.append(row)
        observed.append(frequencies)
    scalars = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    arrays = {name: np.stack([frequencies[name] for frequencies in observed]) for name in READOUTS}

    points, labels = (np.stack(parts) for parts in zip(*drawn, strict=True))
    start = np.stack([seed.generator("start").normal(size=3) for seed in seeds])
    losses = {}
    for name, width in (("step", params.width), ("logistic", LOGISTIC)):
        path = readouts.descend(points, labels, start, width, params.rate, params.iterations)
        loss = [
            readouts.squared_loss(path[:, step], points, labels, width)
            for step in range(params.iterations + 1)
        ]
        losses[f"{name}_loss"] = np.stack(loss, axis=1)
        scalars[f"{name}_moved"] = (path[:, -1] != start).any(-1).astype(float)
        scalars[f"{name}_fall"] = losses[f"{name}_loss"][:, 0] - losses[f"{name}_loss"][:, -1]
    curves = table("iteration", np.arange(params.iterations + 1), losses)
    return Records(per_seed(scalars), curves, arrays)


def read_out(
    params: Params,
    points: np.ndarray,
    labels: np.ndarray,
    held_points: np.ndarray,
    held_labels: np.ndarray,
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Return what each readout scores on held-out points, and how often 1 came at its outputs.

    The score is fitted once, by logistic regression without penalty; all readouts share it. The
    least-squares readout is the line through the labels at the training scores.
    """
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=np.inf, max_iter=1000).fit(points, labels)
    score, seen = model.decision_function(held_points), model.decision_function(points)
    line = descent.least_squares(seen[None], labels[None].astype(float))[0]
    outputs = {
        "step": readouts.readout(score, params.width),
        "logistic": readouts.readout(score, LOGISTIC),
        "squares": line[0] * score + line[1],
    }
    classes = {name: output >= 0.5 for name, output in outputs.items()}
    row = {
        "majority_accuracy": max(held_labels.mean(), 1 - held_labels.mean()),
        "centre_accuracy": np.mean((held_points[:, 0] >= 0) == held_labels),
        "different_classes": np.mean(classes["step"] != classes["logistic"]),
        "distinct": len(np.unique(outputs["step"])) / len(np.unique(score)),
        "squares_invalid": np.mean((outputs["squares"] < 0) | (outputs["squares"] > 1)),
    }
    frequencies = {}
    for name, output in outputs.items():
        row[f"{name}_accuracy"] = np.mean(classes[name] == held_labels)
        row[f"{name}_brier"] = np.mean((output - held_labels) ** 2)
        frequencies[name], row[f"{name}_calibration"] = readouts.reliability(
            output, held_labels, params.bins
        )
    # Without far points the line midway between the centres is the best classifier.
    gain = row["centre_accuracy"] - row["majority_accuracy"]
    row["step_share"] = (row["step_accuracy"] - row["majority_accuracy"]) / gain
    return row, frequencies


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return what the step does as a classifier, as a probability and as a link."""
    scalars = results["overlapping"].scalars
    parts = {
        "classifies": scalars["step_share"],
        "same_classes": -scalars["different_classes"],
        "probabilities": scalars["logistic_brier"] - scalars["step_brier"],
        "descent_moves": scalars["step_moved"],
        "invertible": scalars["distinct"],
    }
    return {"2a": {name: values.to_numpy() for name, values in parts.items()}}


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw frequencies against outputs, descent through both readouts, and the far points' harm."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    left = figure.panel("How often the class was 1")
    for name, label in READOUTS.items():
        frequencies = results["overlapping"].arrays[name]
        found = np.isfinite(frequencies).all(axis=(0, 1))  # in every seed, so that none is lost
        means, shares = frequencies[..., found].mean(axis=0)
        left.line(means, shares, label=label, marker=True)
    left.line(np.array([0.0, 1.0]), np.array([0.0, 1.0]), label="calibrated")
    left.axes("output of the readout", "share of held-out points")
    middle = figure.panel("Descent through the readout")
    for name in ("step", "logistic"):
        curves = results["overlapping"].curves
        wide = curves.pivot(index="seed", columns="iteration", values=f"{name}_loss")
        middle.spread(wide.columns.to_numpy(), wide.to_numpy(), label=READOUTS[name])
    middle.axes("update", "squared loss")
    right = figure.panel("Accuracy with far points")
    far = results["far_points"].scalars
    right.intervals({READOUTS[name]: far[f"{name}_accuracy"] for name in READOUTS})
    right.axes("share of held-out points classified correctly", "")
    return figure
