"""What experiments on a few images of a seed's own share: the images, the training, the choice.

Each arm of such an experiment tries as many settings, and the one that does best on validation
images counts, so that no arm has more tries than another. An arm that has nothing to set tries as
many starts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.errors import DataError
from relearn.experiments.parameters import Count, TrainingParameters
from relearn.runs.record import Records
from relearn.runs.seeds import Seed, groups

if TYPE_CHECKING:
    import torch

    from relearn.learning import augmentation
    from relearn.learning.batches import ImageBatches
    from relearn.learning.stack import Stack


SIZES = ("few", "some", "many")
Samples = Annotated[int, Field(ge=10)]


class SmallSetParameters(TrainingParameters):
    """Parameters of an experiment that trains on a few images of a seed's own."""

    size: str = Field(description="which of the sizes of training sets this is")
    train_samples: dict[str, Samples] = Field(
        description="training images of a seed, drawn at random, by size"
    )
    steps: dict[str, Count] = Field(
        description="updates of a network, the same in every arm, by size"
    )
    validation_samples: Samples = Field(
        description="other training images, on which a seed's setting is chosen"
    )

    wrong_labels: float = Field(
        ge=0, lt=1, description="share of training and validation labels that are another digit"
    )

    @model_validator(mode="after")
    def _size_is_known(self) -> SmallSetParameters:
        for name in ("train_samples", "steps"):
            if self.size not in getattr(self, name):
                known = ", ".join(getattr(self, name))
                raise ValueError(f"size '{self.size}' is not in {name} ({known}): add it there")
        return self


class Digits(NamedTuple):
    """Images (n, height, width) uint8 and their labels (n,)."""

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, eq=False)
class Task:
    """What one seed's networks learn, and where they are chosen and tested."""

    seed: Seed
    train: Digits
    validation: Digits
    test: Digits


@dataclass(frozen=True)
class Setting:
    """One way to train.

    Attributes:
        dropout: share of each hidden layer's outputs that is zeroed.
        l2, weight_decay: strengths, as in learning.training.Recipe.
        transforms: random transforms of the training images; absent, none.
        steps: updates; absent, as many as everywhere.
        order: (images, count, generator) -> (count,) indices of the training images in the order
            in which a network sees them; absent, one shuffled pass after another.
    """

    dropout: float = 0.0
    l2: float = 0.0
    weight_decay: float = 0.0
    transforms: augmentation.Recipe | None = None
    steps: int | None = None
    order: Callable[[int, int, torch.Generator], torch.Tensor] | None = None


def stopped(
    params: SmallSetParameters, settings: Sequence[Setting], stops: Sequence[float]
) -> list[Setting]:
    """Return each setting with each share of the steps after which to stop."""
    most = params.steps[params.size]
    return [
        replace(setting, steps=math.ceil(stop * most)) for setting in settings for stop in stops
    ]


def task(params: SmallSetParameters, seed: Seed, inputs: Images) -> Task:
    """Draw a seed's images; a smaller training set is a part of a larger one.

    Raises:
        DataError: there are not so many.
    """
    count = params.train_samples[params.size]
    wanted = {"train_samples": count, "validation_samples": params.validation_samples}
    drawn = params.shuffled(seed, inputs, wanted)
    train, validation = (
        Digits(inputs.train_images[picked], inputs.train_labels[picked])
        for picked in (drawn[:count], drawn[-params.validation_samples :])
    )
    clean = Task(seed, train, validation, Digits(inputs.test_images, inputs.test_labels))
    return mislabelled(clean, params.wrong_labels)


def chosen(
    params: SmallSetParameters, tasks: Sequence[Task], settings: Sequence[Setting], inputs: Images
) -> dict[str, np.ndarray]:
    """Train a network a seed for each setting; return what the best on validation images does.

    A seed's networks of the same number have the same start and order in every arm of an
    experiment, unless images of another size or a setting's own order forbid it, so its arms are
    paired. The test images are seen by the chosen networks only.

    Returns:
        By name, with the seed as first axis: `test_accuracy`, `validation_accuracy` and
        `train_accuracy` (S,) in percent, the last on the training images as they are; `confusion`
        (S, 10, 10), counts of test images by label and prediction; `weight_rms` (S,), the root mean
        square of the weights; `parameters` (S,), weights and biases; `train_samples` (S,); and
        `setting` (S,), the number of the one chosen, from 0.
    """
    parts = [
        _chosen(params, group, settings, inputs) for group in groups(tasks, params.networks_at_once)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _chosen(
    params: SmallSetParameters, tasks: Sequence[Task], settings: Sequence[Setting], inputs: Images
) -> dict[str, np.ndarray]:
    import torch

    from relearn.learning.roots import square_root
    from relearn.learning.stack import Linear

    def confusion(sets: Sequence[Digits]) -> torch.Tensor:
        return confusions(params, networks, sets, inputs)

    tries, validated = [], []
    for number, setting in enumerate(settings):
        networks = trained(params, tasks, number, setting, inputs)
        tries.append(networks.values)
        validated.append(percent_right(confusion([each.validation for each in tasks])))
    best, seeds = torch.stack(validated).argmax(0), torch.arange(len(tasks))
    networks.values.copy_(torch.stack(tries)[best.to(networks.values.device), seeds])
    tested = confusion([tasks[0].test])
    layers = [layer for layer in networks.layers if isinstance(layer, Linear)]
    weights = sum(layer.inputs * layer.outputs for layer in layers)
    squares = sum(layer.values[0].double().square().sum((1, 2)) for layer in layers)
    found = {
        "test_accuracy": percent_right(tested),
        "validation_accuracy": torch.stack(validated)[best, seeds],
        "train_accuracy": percent_right(confusion([each.train for each in tasks])),
        "confusion": tested,
        "weight_rms": square_root(squares / weights).cpu(),
        "parameters": torch.full((len(tasks),), weights + sum(each.outputs for each in layers)),
        "train_samples": torch.full((len(tasks),), len(tasks[0].train.labels)),
        "setting": best,
    }
    return {name: values.numpy() for name, values in found.items()}


def trained(
    params: SmallSetParameters, tasks: Sequence[Task], number: int, setting: Setting, inputs: Images
) -> Stack:
    """Train the networks of several seeds side by side, each on its own images."""
    import torch

    from relearn.learning.stack import perceptrons
    from relearn.learning.training import Recipe, device, train

    def generators(name: str) -> list[torch.Generator]:
        return [each.seed.torch_generator(f"{name} {number}") for each in tasks]

    networks = perceptrons(
        [tasks[0].train.images[0].size, *params.hidden, 10],
        generators("start"),
        device(params.device),
        dropout=setting.dropout,
        masks=generators("masks"),
    )
    size, order = len(tasks[0].train.labels), setting.order or passes
    count = (setting.steps or params.steps[params.size]) * params.batch_size
    orders = torch.stack(
        [
            index * size + order(size, count, shuffle)
            for index, shuffle in enumerate(generators("order"))
        ]
    )
    recipe = Recipe(
        params.batch_size,
        epochs=1,
        learning_rate=params.learning_rate,
        l2=setting.l2,
        weight_decay=setting.weight_decay,
    )
    batches, labels = together(
        params,
        [each.train for each in tasks],
        inputs,
        recipe=setting.transforms,
        generators=generators("transforms"),
    )
    train(networks, lambda _: orders, batches, labels, recipe)
    return networks


def together(
    params: SmallSetParameters, sets: Sequence[Digits], inputs: Images, **transforms: Any
) -> tuple[ImageBatches, torch.Tensor]:
    """Lay several seeds' images one after another; return their batches and labels."""
    import torch

    from relearn.learning.batches import ImageBatches
    from relearn.learning.training import device

    place = device(params.device)
    images, labels = (np.concatenate(each) for each in zip(*sets, strict=True))
    batches = ImageBatches(images, inputs.mean, inputs.std, place, **transforms)
    return batches, torch.from_numpy(labels.astype(np.int64)).to(place)


def confusions(
    params: SmallSetParameters, networks: Stack, sets: Sequence[Digits], inputs: Images
) -> torch.Tensor:
    """Count (S, 10, 10) images by label and prediction, of a set a network or of one for all."""
    import torch

    from relearn.learning.training import predictions

    batches, labels = together(params, sets, inputs)
    indices = torch.arange(len(labels)).view(len(sets), -1).expand(len(networks.values), -1)
    cells = labels[indices.to(labels.device)] * 10 + predictions(networks, batches, indices)
    return torch.stack([torch.bincount(each, minlength=100).view(10, 10) for each in cells]).cpu()


def percent_right(confusion: torch.Tensor) -> torch.Tensor:
    """Return accuracies (S,), in percent, from counts (S, 10, 10)."""
    return 100 * confusion.diagonal(dim1=1, dim2=2).sum(1).double() / confusion.sum((1, 2))


def shrunk(images: np.ndarray, size: int) -> np.ndarray:
    """Average images (n, h, w) uint8 over squares of `size` pixels, rounded: (n, h / size, …).

    Raises:
        DataError: the images cannot be cut into such squares.
    """
    count, height, width = images.shape
    if height % size or width % size:
        raise DataError(
            f"shrink: {size} does not divide the sides of the images, {height} × {width}; take a "
            "divisor of both"
        )
    cut = images.reshape(count, height // size, size, width // size, size)
    return cut.mean((2, 4)).round().astype(np.uint8)


def coarser(inputs: Images, size: int) -> Images:
    """Return the data set with all images averaged over squares of `size` pixels."""
    train, test = (shrunk(each, size) for each in (inputs.train_images, inputs.test_images))
    return replace(inputs, train_images=train, test_images=test)


def mislabelled(task: Task, share: float) -> Task:
    """Return the task with about this share of its labels, not the test's, another digit."""
    sets = {}
    for name in ("train", "validation"):
        images, labels = getattr(task, name)
        draws = task.seed.generator(f"wrong labels, {name}")
        wrong, shift = draws.random(len(labels)) < share, draws.integers(1, 10, len(labels))
        sets[name] = Digits(images, np.where(wrong, (labels + shift) % 10, labels))
    return replace(task, **sets)


def errors_removed(before: ArrayLike, after: ArrayLike) -> np.ndarray:
    """Return the share (S,) of the test errors that are gone, of test accuracies (S,) in percent.

    It is not finite where there were none.
    """
    first, second = 100 - np.asarray(before), 100 - np.asarray(after)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (first - second) / first


def title(records: Records) -> str:
    """Return the number of training images in words, for a panel."""
    return f"{records.scalars['train_samples'].iloc[0]:,} images"


def passes(size: int, count: int, generator: torch.Generator) -> torch.Tensor:
    """Return (count,) indices: shuffled passes over `size` images, one after another."""
    import torch

    whole = [torch.randperm(size, generator=generator) for _ in range(-(-count // size))]
    return torch.cat(whole)[:count]
