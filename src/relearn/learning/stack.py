"""Networks of one shape, one a seed, stacked on a batch axis.

S networks cost little more than one because their small matrix products run as one batched
product; nothing mixes the networks, so each is the network it would be alone. To the last bit,
too: layers are padded with zeros to whole vector registers, because elementwise code rounds its
scalar remainder in another way, and where the remainder falls would depend on S. The padding's
gradients are zero, so it stays zero.

Every layer maps (S, B, ...) to (S, B, ...): S networks, B samples of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

LANES = 16  # float32 values in the widest vector register
Generators = Sequence[torch.Generator]


def padded(units: int) -> int:
    """Return `units` rounded up to whole vector registers."""
    return -(-units // LANES) * LANES


class Linear(nn.Module):
    """S fully connected layers, (S, B, padded inputs) to (S, B, padded outputs).

    Each network draws its start in PyTorch's default way for torch.nn.Linear: weights, then
    biases, uniform in ±1/√inputs.

    Args:
        inputs, outputs: units.
        generators: one a network.
        width: inputs with their padding; absent, there is none.
    """

    def __init__(self, inputs: int, outputs: int, generators: Generators, width: int | None = None):
        super().__init__()
        bound = inputs**-0.5
        weight = torch.zeros(len(generators), width or inputs, padded(outputs))
        bias = torch.zeros(len(generators), 1, padded(outputs))
        for index, generator in enumerate(generators):
            drawn = torch.empty(inputs, outputs).uniform_(-bound, bound, generator=generator)
            weight[index, :inputs, :outputs] = drawn
            drawn = torch.empty(outputs).uniform_(-bound, bound, generator=generator)
            bias[index, 0, :outputs] = drawn
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(self.bias, x, self.weight)


class Convolution(nn.Module):
    """S convolutions of 3 × 3 with a black border, (S, B, h, w, c) to (S, B, h, w, channels).

    One network after the other: side by side, as groups of one convolution, is no faster, and
    rounds according to S. Channels come last, the order in which a processor convolves fastest.
    """

    def __init__(self, inputs: int, channels: int, generators: Generators):
        super().__init__()
        bound = (9 * inputs) ** -0.5
        weight = torch.empty(len(generators), channels, inputs, 3, 3)
        bias = torch.empty(len(generators), channels)
        for index, generator in enumerate(generators):
            weight[index].uniform_(-bound, bound, generator=generator)
            bias[index].uniform_(-bound, bound, generator=generator)
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        each = zip(x.movedim(-1, 2), self.weight, self.bias, strict=True)
        outs = [functional.conv2d(image, weight, bias, padding=1) for image, weight, bias in each]
        return torch.stack([out.movedim(1, -1) for out in outs])


class MaxPool(nn.Module):
    """The largest of each 2 × 2 pixels, (S, B, h, w, c) to (S, B, h / 2, w / 2, c)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = functional.max_pool2d(x.flatten(0, 1).movedim(-1, 1), 2)
        return pooled.movedim(1, -1).unflatten(0, x.shape[:2])


class BatchNorm(nn.Module):
    """Batch normalisation (Ioffe and Szegedy, 2015) of each unit over its network's batch.

    As torch.nn.BatchNorm1d: the batch's own moments while training, running ones otherwise.
    """

    def __init__(self, units: int, count: int, momentum: float = 0.1, epsilon: float = 1e-5):
        super().__init__()
        self.momentum, self.epsilon = momentum, epsilon
        self.scale = nn.Parameter(torch.ones(count, 1, padded(units)))
        self.shift = nn.Parameter(torch.zeros(count, 1, padded(units)))
        self.register_buffer("mean", torch.zeros(count, 1, padded(units)))
        self.register_buffer("variance", torch.ones(count, 1, padded(units)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean, variance = self.mean, self.variance
        if self.training:
            variance, mean = torch.var_mean(x, 1, correction=0, keepdim=True)
            with torch.no_grad():
                unbiased = variance * (x.shape[1] / max(x.shape[1] - 1, 1))
                self.mean.lerp_(mean, self.momentum)
                self.variance.lerp_(unbiased, self.momentum)
        return (x - mean) * (self.scale * torch.rsqrt(variance + self.epsilon)) + self.shift


class Dropout(nn.Module):
    """Inverted dropout (Srivastava et al., 2014), each network's mask from its own generator."""

    def __init__(self, rate: float, generators: Generators):
        super().__init__()
        self.keep, self.generators = 1 - rate, generators

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return x
        drawn = torch.empty_like(x)
        for part, generator in zip(drawn, self.generators, strict=True):
            part.uniform_(generator=generator)
        return x * (drawn < self.keep) / self.keep


class Stack(nn.Sequential):
    """S networks: images (S, B, inputs) to logits (S, B, classes).

    Attributes:
        count: S.
        classes: the outputs that are not padding.
    """

    def __init__(self, layers: Sequence[nn.Module], count: int, classes: int):
        super().__init__(*layers)
        self.count, self.classes = count, classes

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return super().forward(images)[..., : self.classes]


def perceptrons(
    sizes: Sequence[int],
    generators: Generators,
    batch_norm: bool = False,
    dropout: float = 0.0,
    masks: Generators = (),
) -> Stack:
    """Return multilayer perceptrons with ReLU.

    Args:
        sizes: units of each layer, inputs first, classes last.
        generators: one a network, for its start.
        batch_norm: normalise each hidden layer's sums before the ReLU.
        dropout: share of each hidden layer's outputs that is zeroed in training.
        masks: one a network, for what is zeroed; needed if dropout is not 0.
    """
    layers: list[nn.Module] = []
    width = sizes[0]
    for index, (inputs, outputs) in enumerate(pairwise(sizes)):
        layers.append(Linear(inputs, outputs, generators, width))
        width = padded(outputs)
        if index < len(sizes) - 2:
            if batch_norm:
                layers.append(BatchNorm(outputs, len(generators)))
            layers.append(nn.ReLU())
            if dropout:
                layers.append(Dropout(dropout, masks))
    return Stack(layers, len(generators), sizes[-1])


def convolutional(
    side: int, channels: Sequence[int], classes: int, generators: Generators
) -> Stack:
    """Return small convolutional networks of grey images (S, B, side²).

    Each of `channels` is a convolution, ReLU and 2 × 2 pooling; a linear layer comes last.
    """
    layers: list[nn.Module] = [nn.Unflatten(2, (side, side, 1))]
    inputs = 1
    for outputs in channels:
        layers += [Convolution(inputs, outputs, generators), nn.ReLU(), MaxPool()]
        inputs, side = outputs, side // 2
    layers += [nn.Flatten(2), Linear(inputs * side * side, classes, generators)]
    return Stack(layers, len(generators), classes)
