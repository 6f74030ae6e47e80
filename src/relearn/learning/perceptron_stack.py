"""Multilayer perceptrons of one shape, one a seed, stacked on a batch axis.

S networks cost little more than one because their small matrix products run as one batched
product; nothing mixes the networks, so each is the network it would be alone. To the last bit,
too: layers are padded with zeros to whole vector registers, because elementwise code rounds its
scalar remainder in another way, and where the remainder falls would depend on S. The padding's
gradients are zero, so it stays zero.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

LANES = 16  # float32 values in the widest vector register


class PerceptronStack(torch.nn.Module):
    """S networks of fully connected layers with ReLU between them.

    Args:
        sizes: units of each layer, inputs first, classes last.
        generators: one a network; each draws its own start in PyTorch's default way for
            torch.nn.Linear, uniform in ±1/√inputs for weights and biases.
    """

    def __init__(self, sizes: Sequence[int], generators: Sequence[torch.Generator]):
        super().__init__()
        self.classes = sizes[-1]
        self.weights = torch.nn.ParameterList()
        self.biases = torch.nn.ParameterList()
        fan_in = sizes[0]
        for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
            bound = inputs**-0.5
            padded = -(-outputs // LANES) * LANES
            weight = torch.zeros(len(generators), fan_in, padded)
            bias = torch.zeros(len(generators), 1, padded)
            for index, generator in enumerate(generators):
                drawn = torch.empty(inputs, outputs).uniform_(-bound, bound, generator=generator)
                weight[index, :inputs, :outputs] = drawn
                drawn = torch.empty(outputs).uniform_(-bound, bound, generator=generator)
                bias[index, 0, :outputs] = drawn
            fan_in = padded
            self.weights.append(torch.nn.Parameter(weight))
            self.biases.append(torch.nn.Parameter(bias))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (S, B, classes) of images (S, B, inputs)."""
        hidden = images
        last = len(self.weights) - 1
        for index, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if index < last:
                hidden = torch.relu(hidden)
        return hidden[..., : self.classes]
