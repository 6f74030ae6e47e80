"""Gradient descent on a line's squared error, over all seeds at once."""

from __future__ import annotations

import numpy as np


def least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the least-squares line (S, 2) as slope and intercept of data x, y, each (S, n)."""
    centred = x - x.mean(-1, keepdims=True)
    slope = (centred * y).sum(-1) / (centred**2).sum(-1)
    return np.stack([slope, y.mean(-1) - slope * x.mean(-1)], axis=-1)


def hessian(x: np.ndarray) -> np.ndarray:
    """Return the second derivatives (S, 2, 2) of the mean squared error by slope and intercept.

    Args:
        x: (S, n) data.
    """
    first, second = x.mean(-1), (x**2).mean(-1)
    return 2 * np.array([[second, first], [first, np.ones_like(first)]]).transpose(2, 0, 1)


def descend(
    x: np.ndarray,
    y: np.ndarray,
    start: np.ndarray,
    rate: float,
    steps: int,
    batches: np.ndarray | None = None,
) -> np.ndarray:
    """Descend the mean squared error of y ≈ w x + b.

    Args:
        x, y: (S, n) data.
        start: (S, 2) slope and intercept before the first step.
        rate: the learning rate.
        steps: T, the number of updates.
        batches: (S, T, m) indices of the samples that each step sees; all n if absent.

    Returns:
        (S, T + 1, 2) parameters, the start first.
    """
    path = np.empty((steps + 1, 2, len(x)))
    path[0] = start.T
    if batches is None:
        # The gradient on all samples needs no more of them than their moments.
        x_mean, y_mean, xx, xy = x.mean(-1), y.mean(-1), (x**2).mean(-1), (x * y).mean(-1)
        for step in range(steps):
            w, b = path[step]
            gradient = w * xx + b * x_mean - xy, w * x_mean + b - y_mean
            path[step + 1] = path[step] - 2 * rate * np.stack(gradient)
        return path.transpose(2, 0, 1)
    # Seeds last: each row of a batch is then one vector operation over all of them.
    x, y, batches = x.T.copy(), y.T.copy(), batches.transpose(1, 2, 0)
    seeds = np.arange(x.shape[1])
    for step in range(steps):
        w, b = path[step]
        seen = x[batches[step], seeds]
        error = w * seen + b - y[batches[step], seeds]
        gradient = (error * seen).mean(0), error.mean(0)
        path[step + 1] = path[step] - 2 * rate * np.stack(gradient)
    return path.transpose(2, 0, 1)


def mean_squared_error(x: np.ndarray, y: np.ndarray, path: np.ndarray) -> np.ndarray:
    """Return the loss on all samples, (S, T), at each point of a path (S, T, 2).

    Taken about the least-squares line, where it is a quadratic form, so that a long path costs
    no pass over the data.
    """
    best = least_squares(x, y)
    residual = y - best[:, :1] * x - best[:, 1:]
    offset = path - best[:, None, :]
    slope, intercept = offset[..., 0], offset[..., 1]
    first, second = x.mean(-1)[:, None], (x**2).mean(-1)[:, None]
    excess = second * slope**2 + 2 * first * slope * intercept + intercept**2
    return (residual**2).mean(-1)[:, None] + excess
