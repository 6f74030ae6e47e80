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
    from relearn.figures.pictures import Pictures

LISTING = "10.6"
SEED_RUNS = True
SHEET = (4, 6)  # rows and columns of images in the figure
MISREAD = SHEET[0] * SHEET[1]  # test images kept
WITHIN = 0.99  # of the shown weights, inside the scale of colours
MOST = 10  # of 1,000 images, from which on a cell of the confusions is as dark as can be


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
        found = published(params, inputs)
    else:
        parts = [
            controlled(params, group, inputs) for group in groups(seeds, params.networks_at_once)
        ]
        found = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    batch_loss, train_accuracy = found["batch_loss"], found.pop("train_accuracy")
    predictions, labels = found.pop("predictions"), inputs.test_labels.astype(int)
    drawn = drawn_loss(batch_loss, params.reset_every)
    mean = batch_loss.astype(float).mean(-1)
    scalars = {
        "test_accuracy": 100 * (predictions == labels).sum(1) / len(labels),
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
    counts = [np.bincount(10 * labels + own, minlength=100) for own in predictions]
    found["confusion"] = np.reshape(counts, (-1, 10, 10))
    found |= misread(predictions, inputs)
    return Records(per_seed(scalars), table("epoch", epochs, curves), found)


def misread(predictions: np.ndarray, inputs: Images) -> dict[str, np.ndarray]:
    """Return the first test images that each seed's network misreads, from predictions (S, m).

    Returns:
        By name: `misread_images` (S, MISREAD, height, width), and (S, MISREAD) each their
        `misread_number` in the test set, `misread_label` and what they are `misread_as`; where a
        network misreads fewer, −1 and an empty image.
    """
    wrong = predictions != inputs.test_labels
    numbers = np.full((len(predictions), MISREAD), -1)
    for own, row in zip(wrong, numbers, strict=True):
        first = own.nonzero()[0][:MISREAD]
        row[: len(first)] = first
    there = numbers >= 0
    return {
        "misread_number": numbers,
        "misread_label": np.where(there, inputs.test_labels[numbers].astype(int), -1),
        "misread_as": np.where(there, np.take_along_axis(predictions, numbers, axis=1), -1),
        "misread_images": inputs.test_images[numbers] * there[..., None, None],
    }


def drawn_loss(batch_loss: np.ndarray, reset_every: int) -> np.ndarray:
    """Return what the listing plots for each epoch, (S, epochs), from losses (S, epochs, batches).

    It sets its sum to zero after every `reset_every` batches, to print, and at the epoch's end
    divides what has gathered since by the number of all batches.
    """
    batches = batch_loss.shape[-1]
    since = batches - batches % reset_every
    return batch_loss[..., since:].astype(float).sum(-1) / batches


def controlled(params: Params, seeds: Sequence[Seed], inputs: Images) -> dict[str, np.ndarray]:
    """Train the seeds side by side; each has its own start and order of the same images.

    Returns:
        By name: `batch_loss` (S, epochs, batches); `train_accuracy` (S, epochs), percent, while
        training; `predictions` (S, m) for the test images; and the networks, float32, under the
        names that torch.nn.Sequential gives their parameters after `model.`.
    """
    import torch

    from relearn.learning.batches import ImageBatches
    from relearn.learning.stack import Linear, perceptrons
    from relearn.learning.training import Recipe, device, predictions, train

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
    test = predictions(
        networks,
        ImageBatches(inputs.test_images, inputs.mean, inputs.std, place),
        torch.arange(len(inputs.test_images)).expand(len(seeds), -1),
    )
    found = {
        "batch_loss": history.batch_loss,
        "train_accuracy": history.train_accuracy,
        "predictions": test.cpu().numpy(),
    }
    for index, layer in enumerate(networks.layers):
        if isinstance(layer, Linear):
            for name, values in zip(("weight", "bias"), layer.unpadded(), strict=True):
                found[f"model.{index}.{name}"] = values.cpu().numpy()
    return found


def published(params: Params, inputs: Images) -> dict[str, np.ndarray]:
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
        test = [network(part).argmax(1) for part in test_images.split(params.batch_size)]
    model = {f"model.{name}": values.numpy() for name, values in network.state_dict().items()}
    found = {
        "batch_loss": losses,
        "train_accuracy": accuracies,
        "predictions": torch.cat(test).numpy(),
    }
    return {name: np.array(values)[None] for name, values in (found | model).items()}


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
    """Draw the published quantity beside the mean loss, the accuracies, and what a network does."""
    from relearn.figures.canvas import Figure
    from relearn.figures.pictures import Pictures

    figure = Figure(columns=3, rows=2, height=3.6)
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
    arrays = results["published"].arrays
    draw_weights(figure.panel("Weights of the first units", Pictures), arrays)
    draw_misread(figure.panel("Misread images: label → answer", Pictures), arrays)
    last = figure.panel("Answers per 1,000 test images of a digit")
    counts = results["controlled"].arrays["confusion"].mean(0)
    shares = 1000 * counts / counts.sum(1, keepdims=True)
    rows = {str(label): shares[label] for label in range(9, -1, -1)}
    last.grid(range(10), rows, 0, MOST, digits=0)
    last.axes("answer", "label")
    return figure


def draw_weights(panel: Pictures, arrays: Mapping[str, np.ndarray]) -> None:
    """Draw the first units' weights as images of the size of a digit."""
    rows, columns = SHEET
    units = arrays["model.0.weight"][0, : rows * columns]
    side = int(units.shape[1] ** 0.5)
    empty = np.zeros((rows * columns - len(units), side, side))
    images = np.concatenate([units.reshape(-1, side, side), empty])
    numbers = np.arange(1, len(units) + 1)
    panel.images(
        images.reshape(rows, columns, side, side),
        {"least weight": (numbers, units.min(1)), "greatest weight": (numbers, units.max(1))},
        ("unit", "weight"),
        scale=float(np.quantile(np.abs(units), WITHIN)),
    )


def draw_misread(panel: Pictures, arrays: Mapping[str, np.ndarray]) -> None:
    """Draw the first misread test images, with their labels and what they were taken for."""
    numbers, labels, answers = (arrays[f"misread_{name}"][0] for name in ("number", "label", "as"))
    images = arrays["misread_images"][0] / 255
    there = numbers >= 0
    places = [str(number) for number in numbers[there]]
    panel.images(
        images.reshape(SHEET[0], -1, *images.shape[1:]),
        {"label": (places, labels[there]), "answer": (places, answers[there])},
        ("number of the test image", "digit"),
        captions=[f"{a} → {b}" for a, b in zip(labels[there], answers[there], strict=True)],
    )
