"""How many directions a cloud of points fills, about its mean."""

from __future__ import annotations

import numpy as np


def unit_variance(points: np.ndarray) -> np.ndarray:
    """Return points (…, n, d) with each coordinate at mean 0 and variance 1, or 0 if constant."""
    centred = points - points.mean(-2, keepdims=True)
    deviation = centred.std(-2, keepdims=True)
    # A unit that is out for good varies by rounding at most.
    alive = deviation > 1e-6 * np.maximum(1, np.abs(points).max(-2, keepdims=True))
    return np.where(alive, centred / np.where(alive, deviation, 1), 0.0)


def participation_ratio(points: np.ndarray) -> np.ndarray:
    """Return (Σ λ)² / Σ λ² over the eigenvalues λ of the covariance of points (…, n, d).

    d where all directions vary alike, 1 where all points lie on a line, between them else (Gao et
    al. 2017, doi:10.1101/214262); 0 where the points are one.
    """
    centred = points - points.mean(-2, keepdims=True)
    covariance = centred.swapaxes(-1, -2) @ centred
    total = np.trace(covariance, axis1=-2, axis2=-1)
    squares = (covariance**2).sum((-1, -2))
    return total**2 / np.where(squares > 0, squares, 1)


def needed_components(points: np.ndarray, share: float) -> np.ndarray:
    """Return how many principal components hold a share of the variance of points (…, n, d).

    0 where the points are one.
    """
    centred = points - points.mean(-2, keepdims=True)
    variance = np.linalg.svd(centred, compute_uv=False) ** 2
    total = variance.sum(-1)
    short = variance.cumsum(-1) < share * total[..., None]
    return np.where(total > 0, short.sum(-1) + 1, 0)
