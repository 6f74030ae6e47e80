"""Deep networks in float64, one a seed, with or without an activation between their layers.

Without one, a network of any depth is the affine map of its multiplied weights: x W1 + b1 into
W2 and b2 is x (W1 W2) + (b1 W2 + b2), and so on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from relearn.learning import activations

ACTIVATIONS = {
    "identity": (lambda x: x, np.ones_like),
    "tanh": (activations.tanh, activations.tanh_derivative),
    "relu": (activations.relu, activations.relu_derivative),
}


class Network(NamedTuple):
    """S networks: each layer's weights (S, inputs, outputs) and biases (S, 1, outputs)."""

    weights: list[np.ndarray]
    biases: list[np.ndarray]


def orthogonal_start(sizes: Sequence[int], generators: Sequence[np.random.Generator]) -> Network:
    """Return networks with random orthonormal weights and small normal biases.

    Rows or columns, whichever are fewer, are orthonormal, so that signals keep their size at any
    depth (Saxe et al. 2014, arXiv:1312.6120).
    """
    weights, biases = [], []
    for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
        tall, flat = max(inputs, outputs), min(inputs, outputs)
        drawn = [np.linalg.qr(g.normal(size=(tall, flat)))[0] for g in generators]
        weights.append(np.stack([q if inputs >= outputs else q.T for q in drawn]))
        biases.append(np.stack([g.normal(0, 0.1, (1, outputs)) for g in generators]))
    return Network(weights, biases)


def forward(network: Network, x: np.ndarray, activation: str) -> list[np.ndarray]:
    """Return every layer's weighted sums (S, n, units), the output last, of inputs x (S, n, d)."""
    function = ACTIVATIONS[activation][0]
    sums: list[np.ndarray] = []
    for weight, bias in zip(*network, strict=True):
        sums.append((function(sums[-1]) if sums else x) @ weight + bias)
    return sums


def collapse(network: Network) -> tuple[np.ndarray, np.ndarray]:
    """Return the one layer, (S, d, outputs) and (S, 1, outputs), that the weights multiply to."""
    weight, bias = network.weights[0], network.biases[0]
    for next_weight, next_bias in zip(network.weights[1:], network.biases[1:], strict=True):
        weight, bias = weight @ next_weight, bias @ next_weight + next_bias
    return weight, bias


def gradient(network: Network, x: np.ndarray, y: np.ndarray, activation: str) -> Network:
    """Return the derivatives of the mean squared error of targets y (S, n, outputs)."""
    function, derivative = ACTIVATIONS[activation]
    sums = forward(network, x, activation)
    delta = 2 * (sums[-1] - y) / y[0].size
    weights, biases = [], []
    for layer in reversed(range(len(sums))):
        inputs = function(sums[layer - 1]) if layer else x
        weights.insert(0, inputs.swapaxes(-1, -2) @ delta)
        biases.insert(0, delta.sum(-2, keepdims=True))
        if layer:
            back = delta @ network.weights[layer].swapaxes(-1, -2)
            delta = back * derivative(sums[layer - 1])
    return Network(weights, biases)


def train(
    network: Network,
    x: np.ndarray,
    y: np.ndarray,
    activation: str,
    rate: float,
    momentum: float,
    steps: int,
) -> Network:
    """Return the networks after full-batch gradient descent with (heavy-ball) momentum."""
    values = [value.copy() for part in network for value in part]
    speed = [np.zeros_like(value) for value in values]
    layers = len(network.weights)
    moved = Network(values[:layers], values[layers:])
    for _ in range(steps):
        slopes = gradient(moved, x, y, activation)
        for value, change, slope in zip(values, speed, [*slopes[0], *slopes[1]], strict=True):
            change *= momentum
            change -= rate * slope
            value += change
    return moved


def affine_least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean squared error (S,) of the best affine map from x to y."""
    columns = np.concatenate([x, np.ones_like(x[..., :1])], axis=-1)
    best = np.linalg.pinv(columns) @ y
    return ((columns @ best - y) ** 2).mean((-1, -2))
