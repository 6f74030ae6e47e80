"""Deep plain networks, N side by side, by automatic differentiation and plain gradient descent.

Networks lie on a leading axis and nothing mixes them, so each is the network that it would be
alone: to the last bit, because every axis is whole vector registers (see `learning.stack`), the
classes by padding.

A network is a list of weights (N, inputs, outputs) and biases (N, 1, outputs) in turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch.nn import functional

from relearn.learning.roots import square_root
from relearn.learning.stack import LANES, Generators, padded
from relearn.learning.training import flushed_denormals

Network = list[torch.Tensor]
Start = Literal["default", "xavier", "he", "unit"]
ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}
CLASSES = 10


@dataclass(frozen=True)
class Design:
    """What stands between the layers, and how descent is kept in bounds.

    Attributes:
        activation: a key of ACTIVATIONS, after every hidden layer's sums.
        batch_norm: bring each hidden unit's sums to mean 0 and variance 1 over the batch (Ioffe
            and Szegedy, 2015), without the learned scale; the bias is added after it.
        residual: add to each hidden layer's output, from the second on, its input (He et al.,
            2016).
        clip: largest norm of a network's whole gradient, to which a longer one is shortened
            (Pascanu et al., 2013); absent, none.
    """

    activation: str
    batch_norm: bool = False
    residual: bool = False
    clip: float | None = None


def start(sizes: Sequence[int], generators: Generators, kind: Start) -> Network:
    """Return one network a generator, float32.

    Args:
        sizes: units of each layer, inputs first, classes last.
        kind: "default", weights and biases uniform in ±1/√inputs, as torch.nn.Linear; the others
            have zero biases: "xavier", uniform with variance 2/(inputs + outputs) (Glorot and
            Bengio, 2010); "he", uniform with variance 2/inputs (He et al., 2015); "unit", normal
            with variance 1.

    Raises:
        ValueError: inputs or hidden units are not whole vector registers.
    """
    if any(size % LANES for size in sizes[:-1]):
        raise ValueError(f"{list(sizes)}: take multiples of {LANES} before the last layer")
    network = []
    for inputs, outputs in pairwise(sizes):
        weight = torch.zeros(len(generators), inputs, padded(outputs))
        bias = torch.zeros(len(generators), 1, padded(outputs))
        bounds = {
            "default": inputs**-0.5,
            "xavier": math.sqrt(6 / (inputs + outputs)),
            "he": math.sqrt(6 / inputs),
        }
        for index, generator in enumerate(generators):
            drawn = weight[index, :, :outputs]
            if kind == "unit":
                drawn.normal_(generator=generator)
            else:
                drawn.uniform_(-bounds[kind], bounds[kind], generator=generator)
            if kind == "default":
                bias[index, :, :outputs].uniform_(-bounds[kind], bounds[kind], generator=generator)
        network += [weight, bias]
    return network


def sums(
    network: Network, x: torch.Tensor, design: Design, known: int | None = None
) -> list[torch.Tensor]:
    """Return each layer's weighted sums (N, B, units) of inputs x (N, B, inputs), the logits last.

    Args:
        known: leading samples whose moments batch normalisation uses; absent, all.
    """
    found = []
    activate = ACTIVATIONS[design.activation]
    last = len(network) // 2 - 1
    for layer in range(last + 1):
        weight, bias = network[2 * layer : 2 * layer + 2]
        if design.batch_norm and layer < last:
            z = torch.bmm(x, weight)
            variance, mean = torch.var_mean(z[:, :known], 1, correction=0, keepdim=True)
            z = (z - mean) * torch.rsqrt(variance + 1e-5) + bias
        else:
            z = torch.baddbmm(bias, x, weight)
        found.append(z)
        y = activate(z)
        x = x + y if design.residual and 0 < layer < last else y
    found[-1] = found[-1][..., :CLASSES]
    return found


def losses(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy (N,) of logits (N, B, classes) at labels (N, B)."""
    each = functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
    return each.view(labels.shape).mean(1)


def gradient_norms(
    network: Network, x: torch.Tensor, labels: torch.Tensor, design: Design
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the norms (N, layers) of the loss's gradient by each layer's weights and sums.

    In float64, whose range they leave only at hundreds of layers.

    Args:
        x, labels: (N, B, inputs) and (N, B), each network's own samples.
    """
    network = [values.double().requires_grad_() for values in network]
    found = sums(network, x.double(), design)
    weights = network[::2]
    gradients = torch.autograd.grad(losses(found[-1], labels).sum(), [*weights, *found])
    norms = torch.stack([each.flatten(1).norm(dim=1) for each in gradients], 1)
    return norms[:, : len(weights)], norms[:, len(weights) :]


@flushed_denormals()
def train(
    network: Network,
    x: torch.Tensor,
    labels: torch.Tensor,
    orders: torch.Tensor,
    rates: torch.Tensor,
    design: Design,
    adam: bool = False,
) -> None:
    """Train in place by mini-batch gradient descent; a network that overflows goes on as NaN.

    Args:
        x, labels: (S, n, inputs) and (S, n), each seed's samples.
        orders: (S, steps, B) which samples make each update's batch.
        rates: (S * R,) learning rates of the networks, a seed's R networks side by side.
        adam: take Adam's steps (Kingma and Ba, 2015) instead of plain ones.
    """
    repeats = len(rates) // len(x)
    rows = torch.arange(len(x))[:, None]
    rates = rates[:, None, None]
    moments = [(torch.zeros_like(values), torch.zeros_like(values)) for values in network]
    for values in network:
        values.requires_grad_()
    for number in range(orders.shape[1]):
        picked = orders[:, number]
        batch, known = (each[rows, picked].repeat_interleave(repeats, 0) for each in (x, labels))
        loss = losses(sums(network, batch, design)[-1], known).sum()
        gradients = torch.autograd.grad(loss, network)
        with torch.no_grad():
            if design.clip is not None:
                squares = torch.stack([each.double().square().sum((1, 2)) for each in gradients])
                norm = square_root(squares.sum(0)).clamp(min=design.clip)
                factor = (design.clip / norm).float()[:, None, None]
                gradients = [each * factor for each in gradients]
            if adam:
                gradients = [
                    _adam_direction(gradient, *both, number + 1)
                    for gradient, both in zip(gradients, moments, strict=True)
                ]
            for values, gradient in zip(network, gradients, strict=True):
                values -= rates * gradient
    for values in network:
        values.requires_grad_(False)


def _adam_direction(
    gradient: torch.Tensor, first: torch.Tensor, second: torch.Tensor, taken: int
) -> torch.Tensor:
    first.mul_(0.9).add_(0.1 * gradient)
    second.mul_(0.999).add_(0.001 * gradient * gradient)
    return (first / (1 - 0.9**taken)) / (square_root(second / (1 - 0.999**taken)) + 1e-8)


@torch.no_grad()
def evaluate(
    network: Network, x: torch.Tensor, labels: torch.Tensor, design: Design, known: int
) -> torch.Tensor:
    """Return each network's losses (S * R, 2): over its seed's first `known` samples, and the rest.

    Batch normalisation uses the moments of the first. A seed at a time, to spare memory.

    Args:
        x, labels: (S, n, inputs) and (S, n).
    """
    repeats = len(network[0]) // len(x)
    found = []
    for index, (own, classes) in enumerate(zip(x, labels, strict=True)):
        part = [values[index * repeats : (index + 1) * repeats] for values in network]
        logits = sums(part, own.expand(repeats, -1, -1), design, known)[-1]
        classes = classes.expand(repeats, -1)
        first = losses(logits[:, :known], classes[:, :known])
        found.append(torch.stack([first, losses(logits[:, known:], classes[:, known:])], 1))
    return torch.cat(found)
