"""Multilayer perceptrons of one shape, one a seed, stacked on a batch axis.

S networks cost little more than one because their small matrix products run as one batched
product; nothing mixes the networks, so each is the network it would be alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch


class PerceptronStack(torch.nn.Module):
    """S networks of fully connected layers with ReLU between them.

    Args:
        sizes: units of each layer, inputs first, classes last.
        generators: one a network; each draws its own start in PyTorch's default way for
            torch.nn.Linear, uniform in ±1/√inputs for weights and biases.
    """

    def __init__(self, sizes: Sequence[int], generators: Sequence[torch.Generator]):
        super().__init__()
        self.weights = torch.nn.ParameterList()
        self.biases = torch.nn.ParameterList()
        for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
            bound = inputs**-0.5
            weight = torch.empty(len(generators), inputs, outputs)
            bias = torch.empty(len(generators), 1, outputs)
            for index, generator in enumerate(generators):
                weight[index].uniform_(-bound, bound, generator=generator)
                bias[index].uniform_(-bound, bound, generator=generator)
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
        return hidden
