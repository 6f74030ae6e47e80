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
    return Records(per_seed(found))


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the accuracy gained with each step to better data."""
    accuracy = {name: each.scalars["test_accuracy"].to_numpy() for name, each in results.items()}
    return {
        "8e": {name: accuracy[after] - accuracy[before] for name, (before, after) in STEPS.items()}
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the test accuracy by the share of wrong labels and by the resolution."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=2)
    panels = {
        "Training labels": (WRONG, lambda of: f"{of['wrong_labels'].mean():.0%} wrong"),
        "Resolution": (COARSE, lambda of: f"{of['side'].iloc[0]} × {of['side'].iloc[0]} pixels"),
    }
    for title, (variants, name) in panels.items():
        panel = figure.panel(title)
        panel.intervals(
            {
                name(results[each].scalars): results[each].scalars["test_accuracy"]
                for each in variants
            }
        )
        panel.axes("accuracy on the test images, %", "")
    return figure
