"""A linear classifier of two classes by least squares, and its exact accuracy on Gaussians.

Least squares on labels ±1 gives the direction of Fisher's linear discriminant with the pooled
covariance (Hastie, Tibshirani and Friedman 2009, exercise 4.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

CUTOFF = 1e-10  # of the largest eigenvalue: below it a direction is not in the data


def least_squares_rules(
    x: np.ndarray, y: np.ndarray, penalties: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Fit y ≈ x w + b, a rule for each penalty: ‖y - x w - b‖² / n + penalty ‖w‖² is least.

    Penalty 0 is plain least squares and, where more than one w fits alike, the shortest of them.

    Args:
        x: (n, d) samples.
        y: (n,) labels, -1 or 1.
        penalties: (m,) values of at least 0.

    Returns:
        w (m, d) and b (m,).
    """
    n, d = x.shape
    centre, level = x.mean(0), y.mean()
    centred, labels = x - centre, y - level
    # The eigenvectors of the smaller of the two Gram matrices span all solutions.
    gram = centred.T @ centred if d <= n else centred @ centred.T
    values, vectors = np.linalg.eigh(gram / n)
    kept = values > CUTOFF * values[-1]
    values, vectors = values[kept], vectors[:, kept]
    shrunk = 1 / (values + np.asarray(penalties, dtype=float)[:, None])
    if d <= n:
        w = (shrunk * (vectors.T @ (centred.T @ labels) / n)) @ vectors.T
    else:
        w = (shrunk * (vectors.T @ labels / n)) @ vectors.T @ centred
    return w, level - w @ centre


def gaussian_accuracy(w: np.ndarray, b: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the share of right answers of sign(x w + b) where x is normal about ±mean.

    Both classes are equally likely and have unit variance in every direction; the class's sign is
    its label. This is the accuracy on a test set without end.

    Args:
        w: (…, d) weights.
        b: (…,) biases.
        mean: (d,) mean of the positive class.
    """
    from scipy.special import ndtr

    length = np.linalg.norm(w, axis=-1)
    signal = w @ mean
    return (ndtr((signal + b) / length) + ndtr((signal - b) / length)) / 2
