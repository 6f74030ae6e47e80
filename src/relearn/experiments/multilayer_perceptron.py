"""Listing 10.6: a 784-128-64-10 network on real MNIST, and the curve that the listing draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field, model_validator

from relearn.data.images import Images
from relearn.experiments.parameters import Count, TrainingParameters
from relearn.runs.record import Records, per_seed, table
from relearn.runs.seeds import Seed, groups

if TYPE_CHECKING:
    from relearn.figures.canvas import Figure

LISTING = "10.6"
SEED_RUNS = True


class Params(TrainingParameters):
    """The network and its training."""

    listing_seed: int | None = Field(description="train as the listing does, under this torch seed")
    epochs: int = Field(ge=1, description="passes over the training images")
    train_samples: Count | None = Field(
        description="first training images used, as many as there are at most; null: all"
    )
    mean: float | None = Field(description="pixel mean to subtract; null: as measured")
    std: float | None = Field(gt=0, description="pixel deviation to divide by; null: as measured")
    reset_every: int = Field(ge=1, description="batches after which the listing resets its sum")

    @model_validator(mode="after")
    def _both_or_none(self) -> Params:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std go together: give both, or null for both")
        return self


def run(params: Params, seeds: Sequence[Seed], inputs: Images) -> Records:
    """Train one network a seed and record what the listing draws beside the mean loss."""
    if params.mean is not None:
        inputs = replace(inputs, mean=params.mean, std=params.std)
    if params.listing_seed is not None:
        batch_loss, train_accuracy, test_accuracy = published(params, inputs)
    else:
        parts = [
            controlled(params, group, inputs) for group in groups(seeds, params.networks_at_once)
        ]
        batch_loss, train_accuracy, test_accuracy = map(np.concatenate, zip(*parts, strict=True))
    drawn = drawn_loss(batch_loss, params.reset_every)
    mean = batch_loss.astype(float).mean(-1)
    scalars = {
        "test_accuracy": test_accuracy,
        "final_train_accuracy": train_accuracy[:, -1],
        "final_mean_loss": mean[:, -1],
        "drawn_over_mean": (drawn / mean).mean(-1),
        "drawn_agreement": (1 - np.abs(drawn / mean - 1)).mean(-1),
    }
    curves = {
        "published_loss": drawn,
        "mean_loss": mean,
        "drawn_over_mean": drawn / mean,
        "train_accuracy": train_accuracy,
    }
    epochs = np.arange(1, params.epochs + 1)
    return Records(per_seed(scalars), table("epoch", epochs, curves), {"batch_loss": batch_loss})


def drawn_loss(batch_loss: np.ndarray, reset_every: int) -> np.ndarray:
    """Return what the listing plots for each epoch, (S, epochs), from losses (S, epochs, batches).

    It sets its sum to zero after every `reset_every` batches, to print, and at the epoch's end
    divides what has gathered since by the number of all batches.
    """
    batches = batch_loss.shape[-1]
    since = batches - batches % reset_every
    return batch_loss[..., since:].astype(float).sum(-1) / batches


def controlled(params: Params, seeds: Sequence[Seed], inputs: Images) -> tuple[np.ndarray, ...]:
    """Train the seeds side by side; each has its own start and order of the same images.

    Returns:
        Loss (S, epochs, batches), accuracies in percent while training (S, epochs) and on the
        test images (S,).
    """
    import torch

    from relearn.learning.batches import ImageBatches
    from relearn.learning.stack import perceptrons
    from relearn.learning.training import Recipe, accuracy, device, train

    place = device(params.device)
    count = params.train_samples or len(inputs.train_images)
    images = inputs.train_images[:count]
    sizes = [images[0].size, *params.hidden, 10]
    networks = perceptrons(sizes, [seed.torch_generator("start") for seed in seeds], place)
    shuffles = [seed.torch_generator("order") for seed in seeds]

    def orders(epoch: int) -> torch.Tensor:
        return torch.stack([torch.randperm(len(images), generator=g) for g in shuffles])

    history = train(
        networks,
        orders,
        ImageBatches(images, inputs.mean, inputs.std, place),
        torch.from_numpy(inputs.train_labels[:count].astype(np.int64)).to(place),
        Recipe(params.batch_size, params.epochs, params.learning_rate),
    )
    test = accuracy(
        networks,
        ImageBatches(inputs.test_images, inputs.mean, inputs.std, place),
        torch.from_numpy(inputs.test_labels.astype(np.int64)).to(place),
        torch.arange(len(inputs.test_images)).expand(len(seeds), -1),
    )
    return history.batch_loss, history.train_accuracy, test


def published(params: Params, inputs: Images) -> tuple[np.ndarray, ...]:
    """Train as the listing does, drawing from PyTorch's global generator in its order.

    Only the images' way to the loader differs: they are read from memory, already normalised,
    by the indices that the listing's own DataLoader hands out. Returns what `controlled` does.
    """
    import torch
    from torch.utils.data import DataLoader

    count = params.train_samples or len(inputs.train_images)
    train_images = torch.from_numpy(inputs.standardise(inputs.train_images[:count]))
    train_labels = torch.from_numpy(inputs.train_labels[:count].astype(np.int64))
    test_images = torch.from_numpy(inputs.standardise(inputs.test_images))
    test_labels = torch.from_numpy(inputs.test_labels.astype(np.int64))
    torch.manual_seed(params.listing_seed)
    loader = DataLoader(
        range(len(train_images)), params.batch_size, shuffle=True, collate_fn=torch.tensor
    )
    layers, width = [], train_images.shape[1]
    for units in params.hidden:
        layers += [torch.nn.Linear(width, units), torch.nn.ReLU()]
        width = units
    network = torch.nn.Sequential(*layers, torch.nn.Linear(width, 10))
    criterion = torch.nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(network.parameters(), lr=params.learning_rate)
    losses, accuracies = [], []
    for _ in range(params.epochs):
        epoch_losses, correct = [], 0
        for indices in loader:
            target = train_labels[indices]
            logits = network(train_images[indices])
            loss = criterion(logits, target)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            epoch_losses.append(loss.item())
            correct += (logits.argmax(1) == target).sum().item()
        losses.append(epoch_losses)
        accuracies.append(100 * correct / len(train_images))
    with torch.no_grad():
        right = sum(
            (network(part).argmax(1) == target).sum().item()
            for part, target in zip(
                test_images.split(params.batch_size),
                test_labels.split(params.batch_size),
                strict=True,
            )
        )
    return np.array([losses]), np.array([accuracies]), np.array([100 * right / len(test_labels)])


def publish(records: Records) -> dict[str, Any]:
    """Return the listing's numbers, an entry an epoch; the accuracy on the test images is one."""
    columns = ("published_loss", "mean_loss", "train_accuracy")
    numbers = {name: records.curves[name].tolist() for name in columns}
    return numbers | {"test_accuracy": records.scalars["test_accuracy"].iloc[0]}


def judge(results: Mapping[str, Records]) -> dict[str, dict[str, np.ndarray]]:
    """Return the test accuracy, and how far the drawn quantity agrees with the mean loss."""
    scalars = results["controlled"].scalars
    return {
        "10c": {"ten epochs": scalars["test_accuracy"].to_numpy()},
        "10d": {"mean over the epochs": scalars["drawn_agreement"].to_numpy()},
    }


def draw(results: Mapping[str, Records]) -> Figure:
    """Draw the published quantity beside the mean loss, and the accuracies."""
    from relearn.figures.canvas import Figure

    figure = Figure(columns=3)
    left = figure.panel("What the listing draws, and the loss")
    curves = results["controlled"].curves
    for metric, label in (("mean_loss", "mean training loss"), ("published_loss", "drawn")):
        wide = curves.pivot(index="seed", columns="epoch", values=metric)
        left.spread(wide.columns.to_numpy(), wide.to_numpy(), label=label, marker=True)
    left.axes("epoch", "cross-entropy", log=True)
    middle = figure.panel("Accuracy while training")
    wide = curves.pivot(index="seed", columns="epoch", values="train_accuracy")
    middle.spread(wide.columns.to_numpy(), wide.to_numpy(), label="training images", marker=True)
    middle.axes("epoch", "accuracy, %")
    right = figure.panel("Accuracy on the test images")
    right.intervals({"over seeds": results["controlled"].scalars["test_accuracy"]}, dots=True)
    right.axes("accuracy, %", "")
    return figure
