"""The worked example's network: two inputs, two linear hidden units, one output, no biases.

h1 = w1 x1 + w2 x2, h2 = w3 x1 + w4 x2, prediction = w5 h1 + w6 h2, loss = (y - prediction)² / 2.
Every function takes any number of networks at once along the first axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Forward(NamedTuple):
    """The forward pass: hidden units (…, 2), prediction (…,) and loss (…,)."""

    hidden: np.ndarray
    prediction: np.ndarray
    loss: np.ndarray


def forward(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> Forward:
    """Run the network.

    Args:
        x: (…, 2) inputs.
        y: (…,) targets.
        w: (…, 6) weights w1 … w6.
    """
    hidden = np.stack([(w[..., 0:2] * x).sum(-1), (w[..., 2:4] * x).sum(-1)], axis=-1)
    prediction = (w[..., 4:6] * hidden).sum(-1)
    return Forward(hidden, prediction, 0.5 * (y - prediction) ** 2)


def gradient(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the loss's six derivatives, (…, 6), by the chain rule from the output back."""
    hidden, prediction, _ = forward(x, y, w)
    error = (prediction - y)[..., None]
    through_h1 = error * w[..., 4:5] * x
    through_h2 = error * w[..., 5:6] * x
    return np.concatenate([through_h1, through_h2, error * hidden], axis=-1)


def finite_differences(x: np.ndarray, y: np.ndarray, w: np.ndarray, width: float) -> np.ndarray:
    """Return the six derivatives, (…, 6), by central differences of half-width `width`.

    The loss is quadratic in each weight alone, so they carry rounding error only.
    """
    columns = []
    for index in range(6):
        shift = np.zeros(6)
        shift[index] = width
        above, below = forward(x, y, w + shift).loss, forward(x, y, w - shift).loss
        columns.append((above - below) / (2 * width))
    return np.stack(columns, axis=-1)


def autograd(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the six derivatives, (…, 6), by PyTorch's automatic differentiation in float64."""
    import torch

    x, y = torch.from_numpy(np.array(x)), torch.from_numpy(np.array(y))
    weights = torch.from_numpy(np.array(w)).requires_grad_()
    h1 = (weights[..., 0:2] * x).sum(-1)
    h2 = (weights[..., 2:4] * x).sum(-1)
    prediction = weights[..., 4] * h1 + weights[..., 5] * h2
    (0.5 * (y - prediction) ** 2).sum().backward()
    return weights.grad.numpy()
