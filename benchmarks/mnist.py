"""MNIST and listing 10.6's training loop, for the benchmarks that compare with it."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader

from relearn.data import images
from relearn.learning.batches import ImageBatches
from relearn.learning.stack import Linear, Stack, perceptrons
from relearn.learning.training import Recipe, accuracy, train
from relearn.runs.seeds import Seed

SIZES = [784, 128, 64, 10]
BATCH, RATE, EPOCHS = 64, 0.001, 10
RAW = {
    "train_images": "train-images-idx3-ubyte",
    "train_labels": "train-labels-idx1-ubyte",
    "test_images": "t10k-images-idx3-ubyte",
    "test_labels": "t10k-labels-idx1-ubyte",
}


@cache
def load() -> images.Images:
    """Return MNIST as the pipeline keeps it. Raises DataError if it was not fetched yet."""
    return images.load(Path("data/mnist"))


def labels(split: np.ndarray) -> torch.Tensor:
    """Return labels (n,) as PyTorch wants them."""
    return torch.from_numpy(np.array(split).astype(np.int64))


def seeds(count: int) -> list[Seed]:
    """Return the benchmarks' own replicates, none of which a verdict rests on."""
    return [Seed(10, "benchmarks", index) for index in range(count)]


def stack(replicates: list[Seed]) -> Stack:
    """Return the listing's network, one a seed."""
    return perceptrons(SIZES, [seed.torch_generator("start") for seed in replicates])


def shuffles(replicates: list[Seed], samples: int):
    """Return what draws each seed's order of the samples, epoch by epoch."""
    generators = [seed.torch_generator("order") for seed in replicates]
    return lambda epoch: torch.stack([torch.randperm(samples, generator=g) for g in generators])


def torchvision_datasets():
    """Import torchvision's datasets and transforms, also beside a torch that it was not built for.

    Beside a CPU build of torch the index's wheel fails at import because two operators of its
    compiled part are not declared; neither is needed here.
    """
    try:
        from torchvision import datasets, transforms
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        from torchvision import datasets, transforms
    return datasets, transforms


def listing_loader(folder: Path) -> DataLoader:
    """Return the listing's own loader: torchvision's MNIST, two transforms an image, no workers."""
    datasets, transforms = torchvision_datasets()
    raw = folder / "torchvision" / "MNIST" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    for key, name in RAW.items():
        shutil.copy(f"data/mnist/raw/{key}.idx", raw / name)
    steps = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
    data = datasets.MNIST(folder / "torchvision", transform=transforms.Compose(steps))
    return DataLoader(data, BATCH, shuffle=True)


def plain_network(seed: Seed) -> torch.nn.Sequential:
    """Return the listing's network with the start that the stack gives this seed."""
    layers: list[torch.nn.Module] = [torch.nn.Flatten()]
    start = [layer for layer in stack([seed]).layers if isinstance(layer, Linear)]
    for mine, (inputs, outputs) in zip(start, pairwise(SIZES), strict=True):
        layer = torch.nn.Linear(inputs, outputs)
        layer.weight.data.copy_(mine.values[0][0, :inputs, :outputs].T)
        layer.bias.data.copy_(mine.values[1][0, 0, :outputs])
        layers += [layer, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def listing_epoch(
    network: torch.nn.Module, optimiser: torch.optim.Optimizer, batches: Iterable
) -> float:
    """Train for one epoch, statement by statement what the listing does; return the mean loss."""
    criterion = torch.nn.CrossEntropyLoss()
    network.train()
    running, correct, total, count = 0.0, 0, 0, 0
    for pictures, target in batches:
        outputs = network(pictures)
        loss = criterion(outputs, target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        running += loss.item()
        _, predicted = torch.max(outputs.data, 1)
        total += target.size(0)
        correct += (predicted == target).sum().item()
        count += 1
    return running / count


def engine(
    replicates: list[Seed], data: images.Images, epochs: int = 1, samples: int | None = None
) -> Callable[[], Stack]:
    """Return what trains the listing's network for each seed by our engine, and returns them.

    As for the listing, the images are in memory and the networks made before the training begins.

    Args:
        replicates: the seeds, trained side by side.
        data: the data set.
        epochs: how often all images are seen.
        samples: how many of the training images there are, from the first; all if absent.
    """
    networks = stack(replicates)
    order = shuffles(replicates, samples or len(data.train_images))
    batches = ImageBatches(data.train_images, data.mean, data.std)
    known = labels(data.train_labels)

    def training() -> Stack:
        train(networks, order, batches, known, Recipe(BATCH, epochs, RATE))
        return networks

    return training


def test_accuracy(networks: Stack, data: images.Images) -> np.ndarray:
    """Return each network's accuracy on the test images, in percent."""
    everyone = torch.arange(len(data.test_images)).expand(len(networks.values), -1)
    pictures = ImageBatches(data.test_images, data.mean, data.std)
    return accuracy(networks, pictures, labels(data.test_labels), everyone)


def standard_error(values: np.ndarray) -> float:
    """Return the standard error of the mean."""
    return statistics.stdev(values) / len(values) ** 0.5
