"""Section 8: copies of the digits flipped and turned, those that stay themselves and all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from relearn.data.images import Images
from relearn.experiments import small_sets
from relearn.experiments.small_sets import Digits, Setting, SmallSetParameters
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = True
TRANSFORMS = {
    "horizontal_flip": "left-right flip",
    "vertical_flip": "upside-down flip",
    "quarter_turn": "turn by 90°",
    "half_turn": "turn by 180°",
}


class Params(SmallSetParameters):
    """What is done to the copies, and of which digits."""

    transform: Literal["horizontal_flip", "vertical_flip", "quarter_turn", "half_turn"] = Field(
        description="how the copies are moved; the quarter turn is anticlockwise"
    )
    digits: list[Annotated[int, Field(ge=0, le=9)]] = Field(
        description="digits whose copies are moved; the others' copies are equal to the originals"
    )


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train a network a seed on its images and a copy of each."""
    tasks = [small_sets.task(params, seed, inputs) for seed in seeds]
    doubled = [replace(task, train=with_copies(task.train, params)) for task in tasks]
    found = small_sets.chosen(params, doubled, [Setting()], inputs)
    copies = [examples(with_copies(task.train, params)) for task in tasks]
    return Records(
        per_seed({name: found[name] for name in ("test_accuracy", "train_accuracy")}),
        arrays={"confusion": found["confusion"], "copies": np.stack(copies)},
    )


def examples(doubled: Digits) -> np.ndarray:
    """Return the copy (10, height, width) of the first image of each digit; empty if there is none.

    Args:
        doubled: the images and then their copies.
    """
    half = len(doubled.labels) // 2
    images, labels = doubled.images[half:], doubled.labels[half:]
    return np.stack(
        [images[(labels == digit).argmax()] * np.any(labels == digit) for digit in range(10)]
    )


def with_copies(train: Digits, params: Params) -> Digits:
    """Return the images and a copy of each under its label, moved if its digit is one of them."""
    copies = train.images.copy()
    moved = np.isin(train.labels, params.digits)
    copies[moved] = transformed(train.images[moved], params.transform)
    return Digits(
        np.concatenate([train.images, copies]), np.concatenate([train.labels, train.labels])
    )


def transformed(images: np.ndarray, transform: str) -> np.ndarray:
    """Return images (n, side, side), flipped or turned."""
    if transform == "horizontal_flip":
        return images[:, :, ::-1]
    if transform == "vertical_flip":
        return images[:, ::-1]
    return np.rot90(images, 1 if transform == "quarter_turn" else 2, axes=(1, 2))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return what copies of all digits cost, against none and against valid ones alone."""

    def accuracy(variant: str) -> np.ndarray:
        return results[variant].scalars["test_accuracy"].to_numpy()

    parts = {}
    for name in TRANSFORMS:
        parts[f"{name}_harm"] = accuracy("as_they_are") - accuracy(name)
        parts[f"{name}_labels"] = accuracy(f"{name}_valid") - accuracy(name)
    return {"8b": parts}


def added_errors(results: Mapping[str, Records], transform: str) -> np.ndarray:
    """Return (10, 10) errors a thousand test images of a label that the copies add, mean."""
    shares = []
    for variant in (transform, "as_they_are"):
        counts = results[variant].arrays["confusion"].mean(0)
        shares.append(1000 * counts / counts.sum(1, keepdims=True))
    return shares[0] - shares[1]


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the accuracies lost, and which digits are taken for which after a half turn."""
    from relearn.figures.canvas import Figure
    from relearn.figures.pictures import Pictures

    figure = Figure(columns=2, rows=2, widths=[1.35, 1], height=4.4)
    sheet = figure.panel("Copies of a digit", Pictures)
    rows = {"as it is": "as_they_are"} | {label: name for name, label in TRANSFORMS.items()}
    digits = [str(digit) for digit in range(10)]
    sheet.images(
        np.stack([results[name].arrays["copies"][0] for name in rows.values()]) / 255,
        {label: (digits, np.arange(10)) for label in rows},
        ("digit", "label of its copy"),
        rows=list(rows),
        columns=digits,
    )
    left = figure.panel("Accuracy against unmoved copies")
    plain = results["as_they_are"].scalars["test_accuracy"]
    left.intervals(
        {
            f"{label}, {who}": results[f"{name}{suffix}"].scalars["test_accuracy"] - plain
            for name, label in TRANSFORMS.items()
            for suffix, who in (("", "all digits"), ("_valid", "valid ones"))
        }
    )
    left.axes("change of test accuracy, points", "", zero=True)
    right = figure.panel("Copies turned by 180°: added confusions per 1,000 images of a digit")
    added = added_errors(results, "half_turn")
    right.grid(range(10), {str(label): added[label] for label in range(9, -1, -1)}, 0, 40)
    right.axes("predicted digit", "true digit")
    return figure
