"""Bias and variance of a learner that is refitted to fresh samples, and one family of learners."""

from __future__ import annotations

import numpy as np


def decomposition(predictions: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the squared bias and the variance of a prediction, without bias of their own.

    The mean of M refits misses the truth by chance too, by variance / M, which is taken off.

    Args:
        predictions: (M, m, ...) predictions of M ≥ 2 independent refits at m points.
        truth: (m,) the noiseless target there.

    Returns:
        Both averaged over the points, of the trailing shape; a small squared bias may come out
        below zero.
    """
    variance = predictions.var(axis=0, ddof=1).mean(axis=0)
    truth = truth.reshape(-1, *[1] * (predictions.ndim - 2))
    missed = np.square(predictions.mean(axis=0) - truth).mean(axis=0)
    return missed - variance / len(predictions), variance


def relu_predictions(
    x: np.ndarray, y: np.ndarray, x_tests: list[np.ndarray], weights: np.ndarray
) -> list[np.ndarray]:
    """Fit least squares on random ReLU features; of all best fits take the one of least norm.

    Args:
        x, y: (M, n, d) inputs and (M, n) targets of M samples.
        x_tests: arrays (M, m, d), or (m, d) if shared.
        weights: (M, d + 1, width) of the hidden units, the last row their biases; not trained.

    Returns:
        Predictions (M, m) for each of x_tests.
    """

    def features(points: np.ndarray) -> np.ndarray:
        scores = points @ weights[:, :-1]
        scores += weights[:, -1:]  # in place: these arrays are most of the cost
        return np.maximum(scores, 0, out=scores)

    solution = np.linalg.pinv(features(x)) @ y[..., None]
    return [(features(points) @ solution)[..., 0] for points in x_tests]
