"""Training a stack of networks on data in memory, without a synchronisation inside the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from relearn.learning.stack import Stack

Batches = Callable[[torch.Tensor], torch.Tensor]


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Take numbers below 1e-38 for 0, which a processor computes with up to a hundred times faster.

    Adam's moments of a unit that is silent for good decay into that range within an epoch. The
    switch is the thread's own; a processor without it ignores the call.
    """
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


def device(name: str) -> torch.device:
    """Return the device of that name; "auto" is the GPU if there is one, else the processor."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


@dataclass(frozen=True)
class Recipe:
    """How to train, with Adam (Kingma and Ba, 2015) on the cross-entropy.

    Attributes:
        batch_size: samples an update; the last batch of an epoch may be smaller.
        epochs: passes over the order.
        learning_rate: Adam's step size, the largest one if there is a schedule.
        schedule: "constant"; "cosine", falling to 0; "one_cycle" (Smith, 2018), up and to 0.
        l2: λ of a penalty λ/2 ‖w‖² in the loss, so that Adam scales its gradient too.
        weight_decay: share of each weight taken off a step, times the learning rate, beside
            Adam's own step (AdamW, Loshchilov and Hutter, 2019); l2 or this, not both.
    """

    batch_size: int
    epochs: int
    learning_rate: float
    schedule: Literal["constant", "cosine", "one_cycle"] = "constant"
    l2: float = 0.0
    weight_decay: float = 0.0

    def optimiser(self, networks: Stack, updates: int) -> tuple[torch.optim.Optimizer, list]:
        """Return the optimiser and the schedulers to step after each of `updates` updates."""
        if self.l2 and self.weight_decay:
            raise ValueError("l2 and weight_decay are two ways of one thing: give one of them")
        adam = torch.optim.Adam(
            networks.parameters(),
            lr=self.learning_rate,
            weight_decay=self.l2 or self.weight_decay,
            decoupled_weight_decay=bool(self.weight_decay),
            fused=True,
        )
        schedulers = torch.optim.lr_scheduler
        if self.schedule == "cosine":
            return adam, [schedulers.CosineAnnealingLR(adam, updates)]
        if self.schedule == "one_cycle":
            return adam, [schedulers.OneCycleLR(adam, self.learning_rate, updates)]
        return adam, []


@dataclass(frozen=True)
class History:
    """What training leaves behind.

    Attributes:
        batch_loss: (S, epochs, batches) mean cross-entropy of each batch before its update.
        train_accuracy: (S, epochs) percent of the epoch's samples right before their updates.
    """

    batch_loss: np.ndarray
    train_accuracy: np.ndarray


@flushed_denormals()
def train(
    networks: Stack,
    orders: Callable[[int], torch.Tensor],
    batches: Batches,
    labels: torch.Tensor,
    recipe: Recipe,
) -> History:
    """Train all networks at once, in place.

    Args:
        networks: the stack, on the device of `labels`.
        orders: epoch -> (S, n) sample indices in the order in which each network sees them; n is
            the same in every epoch.
        batches: (S, B) indices -> (S, B, inputs) images.
        labels: (samples,) classes.
        recipe: how to train.
    """
    networks.train()
    losses, accuracies = [], []
    optimiser, schedulers = None, []
    for epoch in range(recipe.epochs):
        order = orders(epoch).to(labels.device)
        count, samples = order.shape
        if optimiser is None:
            updates = recipe.epochs * -(-samples // recipe.batch_size)
            optimiser, schedulers = recipe.optimiser(networks, updates)
        targets = labels[order]
        epoch_losses = []
        correct = torch.zeros(count, dtype=torch.long, device=labels.device)
        for indices, target in zip(
            order.split(recipe.batch_size, dim=1),
            targets.split(recipe.batch_size, dim=1),
            strict=True,
        ):
            target = target.contiguous()
            logits = networks(batches(indices))
            loss = functional.cross_entropy(
                logits.flatten(0, 1), target.flatten(), reduction="none"
            )
            loss = loss.view(target.shape).mean(1)
            optimiser.zero_grad()
            # The sum's gradient for one network is that of its own mean: the others are constants.
            loss.sum().backward()
            optimiser.step()
            for scheduler in schedulers:
                scheduler.step()
            epoch_losses.append(loss.detach())
            correct += (logits.detach().argmax(-1) == target).sum(1)
        losses.append(torch.stack(epoch_losses, dim=1))
        accuracies.append(100 * correct.double() / samples)
    return History(
        torch.stack(losses, dim=1).cpu().numpy(), torch.stack(accuracies, dim=1).cpu().numpy()
    )


def accuracy(
    networks: Stack,
    batches: Batches,
    labels: torch.Tensor,
    indices: torch.Tensor,
    chunk: int = 1000,
) -> np.ndarray:
    """Return each network's accuracy (S,), in percent, on its samples `indices` (S, n)."""
    networks.eval()
    indices = indices.to(labels.device)
    correct = torch.zeros(len(indices), dtype=torch.long, device=labels.device)
    with torch.inference_mode():
        for part in indices.split(chunk, dim=1):
            correct += (networks(batches(part)).argmax(-1) == labels[part]).sum(1)
    return (100 * correct.double() / indices.shape[1]).cpu().numpy()
