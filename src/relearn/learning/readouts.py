"""Readouts of a linear score as a value in [0, 1], descent through them, calibration."""

from __future__ import annotations

import numpy as np

from relearn.learning.activations import sigmoid, sigmoid_derivative

LARGEST = 500.0  # beyond it the exponential nears the end of float64, and the slope is 0 anyway


def readout(score: np.ndarray, width: float) -> np.ndarray:
    """Return the logistic function of score / width; at width 0 its limit, the unit step.

    At a score of zero the step takes 1, as in the perceptron's rule.
    """
    if width == 0:
        return np.where(score >= 0, 1.0, 0.0)
    return sigmoid(np.clip(score / width, -LARGEST, LARGEST))


def slope(score: np.ndarray, width: float) -> np.ndarray:
    """Return the readout's derivative; the step's is 0 at every score but zero, where it has none.

    There 0 is taken, the value on both sides.
    """
    if width == 0:
        return np.zeros_like(score)
    return sigmoid_derivative(np.clip(score / width, -LARGEST, LARGEST)) / width


def squared_loss(
    weights: np.ndarray, points: np.ndarray, labels: np.ndarray, width: float
) -> np.ndarray:
    """Return the mean squared error (S,) of the readout of S linear scores.

    Args:
        weights: (S, d + 1), the constant last.
        points: (S, n, d); labels: (S, n), 0 or 1.
    """
    return ((readout(_scores(weights, points), width) - labels) ** 2).mean(-1)


def descend(
    points: np.ndarray,
    labels: np.ndarray,
    start: np.ndarray,
    width: float,
    rate: float,
    steps: int,
) -> np.ndarray:
    """Descend the squared loss through the readout, on all points at every step.

    Args:
        points: (S, n, d); labels: (S, n), 0 or 1.
        start: (S, d + 1) weights before the first step, the constant last.

    Returns:
        (S, steps + 1, d + 1) weights, the start first.
    """
    path = np.empty((len(start), steps + 1, start.shape[1]))
    path[:, 0] = start
    for step in range(steps):
        scores = _scores(path[:, step], points)
        pull = 2 * (readout(scores, width) - labels) * slope(scores, width)
        gradient = np.append(
            (pull[..., None] * points).mean(1), pull.mean(1, keepdims=True), axis=1
        )
        path[:, step + 1] = path[:, step] - rate * gradient
    return path


def reliability(output: np.ndarray, labels: np.ndarray, bins: int) -> tuple[np.ndarray, float]:
    """Return the bins' mean outputs and frequencies of 1, (2, bins), and the calibration error.

    The expected calibration error (Naeini et al. 2015, AAAI) is the mean distance between the two,
    weighted by the bins' counts; outputs beyond [0, 1] go to the outer bins, and an empty bin is
    NaN.
    """
    place = np.clip((output * bins).astype(int), 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):
        means = np.bincount(place, output, bins) / count
        shares = np.bincount(place, labels, bins) / count
    gap = np.where(count, np.abs(means - shares), 0.0)
    return np.stack([means, shares]), float(gap @ count / count.sum())


def _scores(weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    return (points * weights[:, None, :-1]).sum(-1) + weights[:, -1:]
