"""Training a stack of networks on data in memory, without a synchronisation inside the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from relearn.learning.perceptron_stack import PerceptronStack


@dataclass(frozen=True)
class History:
    """What training leaves behind.

    Attributes:
        batch_loss: (S, epochs, batches) mean cross-entropy of each batch before its update.
        train_accuracy: (S, epochs) percent of the epoch's samples right before their updates.
    """

    batch_loss: np.ndarray
    train_accuracy: np.ndarray


def train(
    networks: PerceptronStack,
    orders: Callable[[int], torch.Tensor],
    images_of: Callable[[torch.Tensor], torch.Tensor],
    labels: torch.Tensor,
    batch_size: int,
    epochs: int,
    learning_rate: float,
) -> History:
    """Train all networks at once with Adam (Kingma and Ba, 2015) on the cross-entropy.

    Args:
        networks: the stack, trained in place.
        orders: epoch -> (S, n) sample indices in the order in which each network sees them.
        images_of: (S, B) indices -> (S, B, inputs) images.
        labels: (samples,) classes.
        batch_size: samples an update; the last batch of an epoch may be smaller.
        epochs: passes over the order.
        learning_rate: Adam's step size.
    """
    optimiser = torch.optim.Adam(networks.parameters(), lr=learning_rate, fused=True)
    losses, accuracies = [], []
    for epoch in range(epochs):
        order = orders(epoch)
        epoch_losses = []
        correct = torch.zeros(len(order), dtype=torch.long)
        for indices in order.split(batch_size, dim=1):
            target = labels[indices]
            logits = networks(images_of(indices))
            loss = functional.cross_entropy(
                logits.flatten(0, 1), target.flatten(), reduction="none"
            )
            loss = loss.view(target.shape).mean(1)
            optimiser.zero_grad()
            # The sum's gradient for one network is that of its own mean: the others are constants.
            loss.sum().backward()
            optimiser.step()
            epoch_losses.append(loss.detach())
            correct += (logits.detach().argmax(-1) == target).sum(1)
        losses.append(torch.stack(epoch_losses, dim=1))
        accuracies.append(100 * correct.double() / order.shape[1])
    return History(torch.stack(losses, dim=1).numpy(), torch.stack(accuracies, dim=1).numpy())


def accuracy(
    networks: PerceptronStack, images: torch.Tensor, labels: torch.Tensor, chunk: int = 1000
) -> np.ndarray:
    """Return each network's accuracy (S,), in percent, on images (n, inputs)."""
    count = networks.weights[0].shape[0]
    correct = torch.zeros(count, dtype=torch.long)
    with torch.inference_mode():
        for part, target in zip(images.split(chunk), labels.split(chunk), strict=True):
            logits = networks(part.expand(count, *part.shape))
            correct += (logits.argmax(-1) == target).sum(1)
    return (100 * correct.double() / len(labels)).numpy()
