"""Section 8: wrong labels taken out in steps, and images of three resolutions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from relearn.data.images import Images
from relearn.experiments import small_sets
from relearn.experiments.parameters import Count, Share
from relearn.experiments.small_sets import Setting, SmallSetParameters
from relearn.runs.record import Records, per_seed
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

SEED_RUNS = True
WRONG = ("most_wrong", "more_wrong", "some_wrong", "clean")
COARSE = ("coarse", "medium", "clean")
STEPS = {
    "labels_first": WRONG[:2],
    "labels_second": WRONG[1:3],
    "labels_last": WRONG[2:],
    "resolution_first": COARSE[:2],
    "resolution_last": COARSE[1:],
}

SHOWN = 6  # training images in the figure


class Params(SmallSetParameters):
    """How good the data are, and the stopping points to choose from."""

    shrink: Count = Field(description="side of the squares of pixels that are averaged to one")
    stops: list[Share] = Field(
        min_length=1, description="shares of the steps after which to stop, to choose from"
    )


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train a network a seed for each stopping point and keep what the validated one does."""
    inputs = small_sets.coarser(inputs, params.shrink)
    tasks = [small_sets.task(params, seed, inputs) for seed in seeds]
    settings = small_sets.stopped(params, [Setting()], params.stops)
    found = small_sets.chosen(params, tasks, settings, inputs)
    del found["confusion"]
    found["steps"] = np.array([setting.steps for setting in settings])[found["setting"]]
    found["side"] = np.full(len(seeds), inputs.train_images.shape[1])
    found["wrong_labels"] = np.full(len(seeds), params.wrong_labels)
    shown = {
        "shown": np.stack([each.train.images[:SHOWN] for each in tasks]),
        "shown_label": np.stack([each.train.labels[:SHOWN] for each in tasks]),
    }
    return Records(per_seed(found), arrays=shown)


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the accuracy gained with each step to better data."""
    accuracy = {name: each.scalars["test_accuracy"].to_numpy() for name, each in results.items()}
    return {
        "8e": {name: accuracy[after] - accuracy[before] for name, (before, after) in STEPS.items()}
    }


def pixels(records: Records) -> str:
    """Return the size of a variant's images in words."""
    side = records.scalars["side"].iloc[0]
    return f"{side} × {side} pixels"


def enlarged(images: np.ndarray, size: int) -> np.ndarray:
    """Return images (n, h, w) with each pixel as a square of `size` pixels."""
    return images.repeat(size, 1).repeat(size, 2)


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the test accuracy by the share of wrong labels and by the resolution."""
    from relearn.figures.canvas import Figure
    from relearn.figures.pictures import Pictures

    figure = Figure(columns=3, widths=[1.3, 1, 1])
    sheet = figure.panel("Training images", Pictures)
    rows = {pixels(results[each]): results[each].arrays for each in reversed(COARSE)}
    images = [arrays["shown"][0] for arrays in rows.values()]
    side = max(each.shape[-1] for each in images)
    places = np.arange(1, SHOWN + 1).astype(str)
    sheet.images(
        np.stack([enlarged(each, side // each.shape[-1]) for each in images]) / 255,
        {name: (places, arrays["shown_label"][0]) for name, arrays in rows.items()},
        ("training image", "label"),
        rows=list(rows),
    )
    panels = {
        "Training labels": (WRONG, lambda of: f"{of.scalars['wrong_labels'].mean():.0%} wrong"),
        "Resolution": (COARSE, pixels),
    }
    for title, (variants, name) in panels.items():
        panel = figure.panel(title)
        panel.intervals(
            {name(results[each]): results[each].scalars["test_accuracy"] for each in variants}
        )
        panel.axes("accuracy on the test images, %", "")
    return figure
