"""Section 8: five learners on more and more digits: the learner's lead against the data's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments import small_sets
from relearn.experiments.parameters import Count, Rate, TrainingParameters
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, groups

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure
    from relearn.learning.stack import Stack

SEED_RUNS = True
PLAIN = "logistic_regression"
OTHERS = {
    "nearest_neighbours": "k nearest neighbours",
    "boosting": "boosted trees",
    "perceptron": "multilayer perceptron",
    "convolutional": "convolutional network",
}
LEARNERS = {PLAIN: "logistic regression"} | OTHERS
STEPS = ("first", "second")
# Those that lead it with as many images, if barely, on seeds of another base.
BETTER = {"first": ("perceptron", "convolutional"), "second": tuple(OTHERS)}


class Params(TrainingParameters):
    """The learner and the sizes of its training sets."""

    learner: Literal[
        "logistic_regression", "nearest_neighbours", "boosting", "perceptron", "convolutional"
    ] = Field(description="what learns; the first and the last two by Adam on the cross-entropy")
    train_samples: list[Count] = Field(
        min_length=3, max_length=3, description="training images, each number ten times the last"
    )
    steps: list[Count] = Field(description="updates of a network, by size")
    neighbours: Count = Field(description="nearest training images that vote")
    channels: list[Count] = Field(description="channels of each convolution")
    trees: Count = Field(description="rounds of boosting, each a tree a class")
    leaves: int = Field(ge=2, description="most leaves of a tree")
    tree_rate: Rate = Field(description="share of each tree that is added")
    shrink: Count = Field(description="side of the squares of pixels averaged for the trees")

    @model_validator(mode="after")
    def _tenfold(self) -> Params:
        if any(10 * few != many for few, many in pairwise(self.train_samples)):
            raise ValueError("train_samples: each number must be ten times the one before")
        if self.neighbours > self.train_samples[0]:
            raise ValueError(f"neighbours: {self.neighbours}, of {self.train_samples[0]} images")
        if len(self.steps) != len(self.train_samples):
            raise ValueError("steps: give one for each of train_samples")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train a learner a seed on each size; a smaller set is a part of a larger one.

    Raises:
        DataError: there are not so many images.
    """
    wanted = {"train_samples": params.train_samples[-1]}
    drawn = [params.shuffled(seed, inputs, wanted) for seed in seeds]
    if params.learner == "boosting":
        # Trees look at one pixel after another: a quarter of them takes a quarter of the time.
        inputs = small_sets.coarser(inputs, params.shrink)
    accuracy = np.empty((len(seeds), len(params.train_samples)))
    for at, (size, steps) in enumerate(zip(params.train_samples, params.steps, strict=True)):
        picked = np.stack([each[:size] for each in drawn])
        if params.learner in ("nearest_neighbours", "boosting"):
            pairs = zip(seeds, picked, strict=True)
            accuracy[:, at] = [fitted(params, seed, own, inputs) for seed, own in pairs]
        else:
            most = params.networks_at_once
            rows = [slice(first, first + most) for first in range(0, len(seeds), most)]
            for part, group in zip(rows, groups(seeds, most), strict=True):
                accuracy[part, at] = trained(params, group, picked[part], steps, inputs)
    scalars = {
        "smallest_test_accuracy": accuracy[:, 0],
        "largest_test_accuracy": accuracy[:, -1],
    }
    curves = table("train_samples", np.array(params.train_samples), {"test_accuracy": accuracy})
    return Records(per_seed(scalars), curves)


def fitted(params: Params, seed: Seed, picked: np.ndarray, inputs: Images) -> float:
    """Fit scikit-learn's classifier to one seed's images; return its test accuracy in percent."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.neighbors import KNeighborsClassifier

    train, test = inputs.train_images[picked], inputs.test_images
    if params.learner == "boosting":
        learner = HistGradientBoostingClassifier(
            max_iter=params.trees,
            max_leaf_nodes=params.leaves,
            learning_rate=params.tree_rate,
            min_samples_leaf=5,
            early_stopping=False,
            random_state=seed.integer("trees") % 2**32,
        )
    else:
        learner = KNeighborsClassifier(params.neighbours, algorithm="brute")
    rows = [each.reshape(len(each), -1).astype(np.float32) for each in (train, test)]
    learner.fit(rows[0], inputs.train_labels[picked])
    return 100 * learner.score(rows[1], inputs.test_labels)


def trained(
    params: Params, seeds: Sequence[Seed], picked: np.ndarray, steps: int, inputs: Images
) -> np.ndarray:
    """Train the networks of several seeds side by side; return their test accuracy in percent."""
    import torch

    from relearn.learning.batches import ImageBatches
    from relearn.learning.training import Recipe, accuracy, device, train

    place = device(params.device)
    count = steps * params.batch_size
    shuffles = [seed.torch_generator("order") for seed in seeds]
    orders = torch.stack(
        [
            torch.from_numpy(own)[small_sets.passes(len(own), count, shuffle)]
            for own, shuffle in zip(picked, shuffles, strict=True)
        ]
    )
    labels, test_labels = (
        torch.from_numpy(each.astype(np.int64)).to(place)
        for each in (inputs.train_labels, inputs.test_labels)
    )
    networks = network(params, inputs.train_images.shape[1], seeds)
    facts = inputs.mean, inputs.std, place
    train(
        networks,
        lambda _: orders,
        ImageBatches(inputs.train_images, *facts),
        labels,
        Recipe(params.batch_size, epochs=1, learning_rate=params.learning_rate),
    )
    everyone = torch.arange(len(test_labels)).expand(len(seeds), -1)
    return accuracy(networks, ImageBatches(inputs.test_images, *facts), test_labels, everyone)


def network(params: Params, side: int, seeds: Sequence[Seed]) -> Stack:
    """Return untrained networks of images of side² pixels; logistic regression is one layer."""
    from relearn.learning.stack import convolutional, perceptrons
    from relearn.learning.training import device

    starts, place = [seed.torch_generator("start") for seed in seeds], device(params.device)
    if params.learner == "convolutional":
        return convolutional(side, params.channels, 10, starts, place)
    hidden = params.hidden if params.learner == "perceptron" else []
    return perceptrons([side**2, *hidden, 10], starts, place)


def accuracies(results: Mapping[str, Records], learner: str) -> np.ndarray:
    """Return a learner's test accuracy (S, sizes), percent."""
    curves = results[learner].curves
    return curves.pivot(index="seed", columns="train_samples", values="test_accuracy").to_numpy()


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return what ten times the data give each learner, and the plainest over each better one."""
    found = {learner: accuracies(results, learner) for learner in LEARNERS}
    parts = {}
    for at, step in enumerate(STEPS):
        for learner, own in found.items():
            parts[f"{learner}_{step}"] = own[:, at + 1] - own[:, at]
        for learner in BETTER[step]:
            parts[f"over_{learner}_{step}"] = lead(results, learner, at)
    return {"8d": parts}


def lead(results: Mapping[str, Records], learner: str, at: int) -> np.ndarray:
    """Return by how many points (S,) logistic regression with tenfold images leads a learner."""
    return accuracies(results, PLAIN)[:, at + 1] - accuracies(results, learner)[:, at]


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the learning curves on one axis, and the weakest lead by tenfold data."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3, widths=[1.4, 1, 1])
    left = figure.panel("Learning curves")
    sizes = results[PLAIN].curves["train_samples"].unique()
    for learner, label in LEARNERS.items():
        left.spread(sizes, accuracies(results, learner), label=label, marker=True)
    left.axes("training images", "accuracy on the test images, %", log_x=True)
    for at, _ in enumerate(STEPS):
        panel = figure.panel(f"Logistic regression with {sizes[at + 1]:,} against {sizes[at]:,}")
        panel.intervals({label: lead(results, name, at) for name, label in OTHERS.items()})
        panel.axes("its lead, points", "", zero=True)
    return figure
