"""Networks of one hidden layer and one output, one a seed, trained side by side in NumPy.

Score s = v·f(Wᵀx + b) + c; the class is the sign of s, and the loss log(1 + exp(−y s)), averaged
over the points. S networks are stacked on the first axis, and nothing mixes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from relearn.learning import activations

# Each function with its derivative in terms of the function's own value.
ACTIVATIONS = {
    "tanh": (np.tanh, lambda value: 1 - value**2),
    "sigmoid": (activations.sigmoid, lambda value: value * (1 - value)),
    "identity": (lambda z: z, np.ones_like),
}


class Networks(NamedTuple):
    """S networks: w (S, d, h), b (S, 1, h), v (S, h, 1), c (S, 1, 1)."""

    w: np.ndarray
    b: np.ndarray
    v: np.ndarray
    c: np.ndarray


def start(
    generators: Sequence[np.random.Generator], inputs: int, hidden: int, spread: float
) -> Networks:
    """Draw each network's weights and biases, normal with standard deviation `spread`."""
    shapes = ((inputs, hidden), (1, hidden), (hidden, 1), (1, 1))
    drawn = [[generator.normal(0, spread, shape) for shape in shapes] for generator in generators]
    return Networks(*map(np.stack, zip(*drawn, strict=True)))


def forward(networks: Networks, x: np.ndarray, activation: str) -> tuple[np.ndarray, np.ndarray]:
    """Return hidden values (S, n, h) and scores (S, n) on x (n, d)."""
    hidden = ACTIVATIONS[activation][0](x @ networks.w + networks.b)
    return hidden, (hidden @ networks.v + networks.c)[..., 0]


def loss(networks: Networks, x: np.ndarray, y: np.ndarray, activation: str) -> np.ndarray:
    """Return each network's mean loss, (S,), on x (n, d) with classes y (n,), −1 or 1."""
    return np.logaddexp(0, -y * forward(networks, x, activation)[1]).mean(-1)


def gradient(networks: Networks, x: np.ndarray, y: np.ndarray, activation: str) -> Networks:
    """Return the mean loss's derivatives by backpropagation, shaped as the networks."""
    hidden, score = forward(networks, x, activation)
    # 1 / (1 + exp(y s)) without overflow.
    error = (-y * np.exp(-np.logaddexp(0, y * score)) / len(y))[..., None]
    back = error @ networks.v.swapaxes(-1, -2) * ACTIVATIONS[activation][1](hidden)
    return Networks(
        x.T @ back,
        back.sum(axis=1, keepdims=True),
        hidden.swapaxes(-1, -2) @ error,
        error.sum(axis=1, keepdims=True),
    )


def descend(
    networks: Networks, x: np.ndarray, y: np.ndarray, activation: str, rate: float, steps: int
) -> Networks:
    """Return the networks after `steps` updates, each on all points."""
    for _ in range(steps):
        slopes = gradient(networks, x, y, activation)
        networks = Networks(*(p - rate * g for p, g in zip(networks, slopes, strict=True)))
    return networks


def errors(networks: Networks, x: np.ndarray, y: np.ndarray, activation: str) -> np.ndarray:
    """Return how many points each network has on the wrong side, (S,); a score of 0 is wrong."""
    return (y * forward(networks, x, activation)[1] <= 0).sum(-1)
