"""What experiments with deep networks share: a seed's digits, training, the choice of a rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from relearn.data.images import Images
from relearn.experiments.parameters import ImageParameters, Rate
from relearn.runs.seeds import Seed

if TYPE_CHECKING:
    import torch

    from relearn.learning.deep_networks import Design, Network


class DeepParameters(ImageParameters):
    """Parameters of an experiment that trains deep networks on a few images of a seed's own."""

    train_samples: int = Field(ge=10, description="training images of a seed, drawn at random")
    validation_samples: int = Field(
        ge=10, description="other images, on which a seed's rate is chosen"
    )
    width: int = Field(ge=16, multiple_of=16, description="units of each hidden layer")
    batch_size: int = Field(ge=1, description="images an update")
    steps: int = Field(ge=1, description="updates of a network, the same in every arm")
    rates: list[Rate] = Field(min_length=1, description="learning rates tried in every arm")


@dataclass(frozen=True, eq=False)
class Digits:
    """The images of S seeds, the training images first.

    Attributes:
        x, labels: (S, n, pixels) float32 and (S, n) int64.
        known: how many of the n are training images.
        orders: (S, steps, B), which training images make each update's batch.
        idle: (S,) training loss of the best network that ignores its images, in nats: the entropy
            of the labels.
    """

    x: torch.Tensor
    labels: torch.Tensor
    known: int
    orders: torch.Tensor
    idle: np.ndarray


def digits(
    params: DeepParameters, seeds: Sequence[Seed], inputs: Images, raw: bool = False
) -> Digits:
    """Draw each seed's images, standardised or (`raw`) as they are, from 0 to 255.

    Raises:
        DataError: there are not so many.
    """
    import torch

    wanted = {name: getattr(params, name) for name in ("train_samples", "validation_samples")}
    count = sum(wanted.values())
    x, labels, orders, idle = [], [], [], []
    passes = -(-params.steps * params.batch_size // params.train_samples)
    for seed in seeds:
        picked = params.shuffled(seed, inputs, wanted)[:count]
        images = inputs.train_images[picked]
        flat = images.reshape(count, -1).astype(np.float32)
        x.append(flat if raw else inputs.standardise(images))
        labels.append(inputs.train_labels[picked].astype(np.int64))
        shuffle = seed.generator("order")
        order = np.concatenate([shuffle.permutation(params.train_samples) for _ in range(passes)])
        order = order[: params.steps * params.batch_size]
        orders.append(order.reshape(params.steps, params.batch_size))
        shares = np.bincount(labels[-1][: params.train_samples]) / params.train_samples
        idle.append(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    tensors = (torch.from_numpy(np.stack(each)) for each in (x, labels, orders))
    x, labels, orders = tensors
    return Digits(x, labels, params.train_samples, orders, np.array(idle))


def chosen(
    start: Network, data: Digits, rates: Sequence[float], design: Design, adam: bool = False
) -> dict[str, np.ndarray]:
    """Train a network a rate from each seed's start; return what the best in validation does.

    A loss that is not finite, or above `data.idle`, counts as `data.idle`: so much is had for
    nothing.

    Returns:
        By name, (S,): `loss`, the training loss; `rate`; `overflowed`, the share of the rates at
        which it ended as no finite number.
    """
    import torch

    from relearn.learning import deep_networks

    network = [values.repeat_interleave(len(rates), 0) for values in start]
    known = data.known
    deep_networks.train(
        network,
        data.x[:, :known],
        data.labels[:, :known],
        data.orders,
        torch.tensor(rates).repeat(len(data.x)),
        design,
        adam,
    )
    found = deep_networks.evaluate(network, data.x, data.labels, design, known)
    train, validation = found.double().numpy().T.reshape(2, len(data.x), len(rates))
    finite = np.isfinite(train) & np.isfinite(validation)
    best = np.where(finite, validation, np.inf).argmin(1)
    rows = np.arange(len(best))
    loss = np.where(finite, train, np.inf)[rows, best]
    return {
        "loss": np.minimum(loss, data.idle),
        "rate": np.array(rates)[best],
        "overflowed": 1.0 - finite.mean(1),
    }


def doublings(norms: torch.Tensor) -> np.ndarray:
    """Return log₂ of gradient norms; of a norm of 0, that of the least normal float64."""
    return np.log2(np.maximum(norms.numpy(), np.finfo(float).tiny))
