"""Training a stack of networks on data in memory, without a synchronisation inside the loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch.nn import functional

from relearn.learning.stack import Stack, padded

Batches = Callable[[torch.Tensor], torch.Tensor]
BLOCK = 64  # updates whose logits are kept until their losses are taken, all at once


@contextmanager
def flushed_denormals() -> Iterator[None]:
    """Take numbers below 1e-38 for 0, which a processor computes with up to a hundred times faster.

    Adam's moments of a unit that is silent for good decay into that range within an epoch. The
    switch is a thread's own, and threads that are started meanwhile would keep it: so the block
    has one thread. A processor without the switch ignores the call.
    """
    threads, before = torch.get_num_threads(), (torch.tensor([1e-39]) * 1).item() == 0
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(before)
        torch.set_num_threads(threads)


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

    def rates(self, updates: int) -> Iterator[tuple[float, float]]:
        """Yield the step size and β₁ of each of `updates` updates, by PyTorch's schedulers."""
        if self.schedule == "constant":
            yield from [(self.learning_rate, 0.9)] * updates
            return
        schedulers = torch.optim.lr_scheduler
        carrier = torch.optim.Adam([torch.zeros(1)], self.learning_rate)
        scheduler = (
            schedulers.CosineAnnealingLR(carrier, updates)
            if self.schedule == "cosine"
            else schedulers.OneCycleLR(carrier, self.learning_rate, updates)
        )
        for _ in range(updates):
            group = carrier.param_groups[0]
            yield group["lr"], group["betas"][0]
            carrier.step()
            scheduler.step()


class Adam:
    """Adam on all parameters of a stack at once, as torch.optim.Adam(fused=True) computes it.

    The optimiser's own class costs a small network's step a quarter more, in Python.
    """

    def __init__(self, networks: Stack, recipe: Recipe):
        if recipe.l2 and recipe.weight_decay:
            raise ValueError("l2 and weight_decay are two ways of one thing: give one of them")
        self.apply = torch._fused_adamw_ if recipe.weight_decay else torch._fused_adam_
        self.decay = recipe.l2 or recipe.weight_decay
        first, second = torch.zeros_like(networks.values), torch.zeros_like(networks.values)
        self.state = [networks.values], [networks.gradients], [first], [second], []
        self.taken = torch.tensor(0.0, device=networks.values.device)

    def step(self, rate: float, beta1: float) -> None:
        """Move the parameters along their gradients."""
        self.taken.add_(1)
        self.apply(
            *self.state,
            [self.taken],
            lr=rate,
            beta1=beta1,
            beta2=0.999,
            weight_decay=self.decay,
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


@dataclass(frozen=True)
class History:
    """What training leaves behind.

    Attributes:
        batch_loss: (S, epochs, batches) mean cross-entropy of each batch before its update.
        train_accuracy: (S, epochs) percent of the epoch's samples right before their updates.
    """

    batch_loss: np.ndarray
    train_accuracy: np.ndarray


@torch.inference_mode()
@flushed_denormals()
def train(
    networks: Stack,
    orders: Callable[[int], torch.Tensor],
    batches: Batches,
    labels: torch.Tensor,
    recipe: Recipe,
) -> History:
    """Train all networks at once, in place.

    Beside the networks it needs three times their memory, for gradients and moments, the
    activations of one batch, and for each network's sample of an epoch 8 bytes of its order and 4
    of its loss. Only the history grows with the number of epochs. The processor works in one
    thread.

    Args:
        networks: the stack, on the device of `labels`.
        orders: epoch -> (S, n) sample indices in the order in which each network sees them; n is
            the same in every epoch.
        batches: (S, B) indices -> (S, B, inputs) images.
        labels: (samples,) classes.
        recipe: how to train.
    """
    networks.train()
    adam, rates = Adam(networks, recipe), None
    one_hot = torch.eye(padded(networks.classes), device=labels.device)
    losses, accuracies = [], []
    for epoch in range(recipe.epochs):
        order = orders(epoch).to(labels.device)
        size, samples = recipe.batch_size, order.shape[1]
        rates = rates or recipe.rates(recipe.epochs * -(-samples // size))
        block_losses, right = [], 0
        for block in order.split(size * BLOCK, dim=1):
            known, logits = labels[block], []
            targets = functional.embedding(known, one_hot)
            for indices, target in zip(
                block.split(size, dim=1), targets.split(size, dim=1), strict=True
            ):
                logits.append(networks.forward(batches(indices)))
                # The gradient of the mean cross-entropy by the logits.
                error = torch.softmax(logits[-1], 2).sub_(target).mul_(1 / target.shape[1])
                networks.backward(error)
                adam.step(*next(rates))
            scored = torch.cat(logits, 1)
            loss = functional.cross_entropy(scored.flatten(0, 1), known.flatten(), reduction="none")
            block_losses.append(loss.view(known.shape))
            right += (scored.argmax(-1) == known).sum(1)
        losses.append(batch_means(torch.cat(block_losses, 1), size))
        accuracies.append(100 * right.double() / samples)
    return History(
        torch.stack(losses, dim=1).cpu().numpy(), torch.stack(accuracies, dim=1).cpu().numpy()
    )


def batch_means(values: torch.Tensor, size: int) -> torch.Tensor:
    """Return means (S, batches) of values (S, n) over batches of `size`, the last maybe smaller."""
    whole = values.shape[1] // size * size
    means = values[:, :whole].unflatten(1, (whole // size, size)).mean(2)
    rest = values[:, whole:]
    return torch.cat([means, rest.mean(1, keepdim=True)], 1) if rest.shape[1] else means


@torch.inference_mode()
def predictions(
    networks: Stack, batches: Batches, indices: torch.Tensor, chunk: int = 250
) -> torch.Tensor:
    """Return the class (S, n) that each network gives each of its samples `indices` (S, n)."""
    networks.train(False)
    parts = indices.to(networks.values.device).split(chunk, dim=1)
    return torch.cat([networks.forward(batches(part)).argmax(-1) for part in parts], 1)


def accuracy(
    networks: Stack, batches: Batches, labels: torch.Tensor, indices: torch.Tensor
) -> np.ndarray:
    """Return each network's accuracy (S,), in percent, on its samples `indices` (S, n)."""
    right = predictions(networks, batches, indices) == labels[indices.to(labels.device)]
    return (100 * right.sum(1).double() / indices.shape[1]).cpu().numpy()
