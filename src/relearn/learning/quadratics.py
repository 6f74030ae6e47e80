"""Gradient descent on convex quadratics ½ zᵀH z, z = x - x*, over all seeds at once.

Along an eigenvector of H with eigenvalue λ a step at rate η multiplies z by 1 - ηλ, so descent
converges from every start if and only if η < 2/λ_max (Nesterov, Introductory Lectures on Convex
Optimization, 2004, section 1.2.3). Here λ_max = 1 and rates are in units of that limit:
η = 2 × rate.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LIMIT = 2.0


def hessians(
    generators: Sequence[np.random.Generator], dimension: int, condition: float
) -> np.ndarray:
    """Return (S, d, d) matrices with eigenvalues log-spaced from 1/condition to 1.

    The eigenvectors are uniform over the rotations: the QR factor of a Gaussian matrix.
    """
    eigenvalues = np.geomspace(1 / condition, 1, dimension)
    made = []
    for generator in generators:
        vectors, _ = np.linalg.qr(generator.normal(size=(dimension, dimension)))
        made.append((vectors * eigenvalues) @ vectors.T)
    return np.stack(made)


def gradient(hessian: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return H z, (S, d), of hessian (S, d, d) and offset z (S, d)."""
    return (hessian @ offset[..., None])[..., 0]


def loss(hessian: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Return ½ zᵀH z, (S,)."""
    return 0.5 * (offset * gradient(hessian, offset)).sum(-1)


def path(hessian: np.ndarray, offset: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Return the offsets (steps + 1, S, d) of descent at a rate in units of 2/λ_max, start first.

    An offset beyond the range of floats is infinite or not a number; it has diverged.
    """
    offsets = [offset]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(steps):
            offsets.append(offsets[-1] - LIMIT * rate * gradient(hessian, offsets[-1]))
    return np.stack(offsets)


def descend(hessian: np.ndarray, offset: np.ndarray, rate: float, steps: int) -> np.ndarray:
    """Return the losses (S, steps + 1) along `path`."""
    with np.errstate(over="ignore", invalid="ignore"):
        losses = [loss(hessian, each) for each in path(hessian, offset, rate, steps)]
    return np.stack(losses, axis=-1)


def level_set(hessian: np.ndarray, level: float, points: int = 120) -> np.ndarray:
    """Return the offsets in a plane whose loss is `level`: an ellipse, closed, (points + 1, 2).

    Args:
        hessian: (2, 2), positive definite.
    """
    angle = np.linspace(0, 2 * np.pi, points, endpoint=False)
    circle = np.sqrt(2 * level) * np.stack([np.sin(angle), np.cos(angle)])
    ellipse = np.linalg.solve(np.linalg.cholesky(hessian).T, circle).T
    return np.concatenate([ellipse, ellipse[:1]])


def updates_until(
    hessian: np.ndarray, offset: np.ndarray, rate: float, share: float, most: int
) -> np.ndarray:
    """Return the updates (S,) after which the loss is at most `share` of the start's.

    Infinite where `most` updates do not do it.
    """
    level = share * loss(hessian, offset)
    counts = np.full(len(offset), np.inf)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, most + 1):
            offset = offset - LIMIT * rate * gradient(hessian, offset)
            now = loss(hessian, offset)
            counts[np.isinf(counts) & (now <= level)] = step
            if (np.isfinite(counts) | ~np.isfinite(now)).all():
                break
    return counts


def largest_rate(
    hessian: np.ndarray, offset: np.ndarray, steps: int, halvings: int, highest: float
) -> np.ndarray:
    """Bisect [0, highest] for the largest rate (S,) whose loss is below the start's after `steps`.

    Rates are in units of 2/λ_max; the answer is the middle of the last bracket.
    """
    low, high = np.zeros(len(offset)), np.full(len(offset), highest)
    start = loss(hessian, offset)
    for _ in range(halvings):
        rate = (low + high) / 2
        moved = offset
        with np.errstate(over="ignore", invalid="ignore"):
            for _ in range(steps):
                moved = moved - LIMIT * rate[:, None] * gradient(hessian, moved)
            lower = loss(hessian, moved) < start
        low, high = np.where(lower, rate, low), np.where(lower, high, rate)
    return (low + high) / 2
