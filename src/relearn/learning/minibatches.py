"""Mini-batch descent on least squares, y ≈ x w, over seeds and rates at once; its gradient noise.

Shapes: S seeds, n samples, d features, R rates. The loss is the mean squared error.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import NamedTuple

import numpy as np


class Problem(NamedTuple):
    """Least squares on x (S, n, d), y (S, n), with what its loss needs.

    Attributes:
        gram: (S, d, d), xᵀx / n.
        best: (S, d), the least-squares solution.
        floor: (S,), its loss.
    """

    x: np.ndarray
    y: np.ndarray
    gram: np.ndarray
    best: np.ndarray
    floor: np.ndarray

    def loss(self, w: np.ndarray) -> np.ndarray:
        """Return the loss on all samples, (R, S, K), at points w (R, S, K, d).

        Taken about the least-squares solution, where it is a quadratic form.
        """
        offset = w - self.best[:, None]
        with np.errstate(over="ignore", invalid="ignore"):
            return self.floor[:, None] + ((offset @ self.gram) * offset).sum(-1)


def problem(x: np.ndarray, y: np.ndarray) -> Problem:
    """Solve least squares on each seed's data."""
    gram = x.swapaxes(1, 2) @ x / x.shape[1]
    moment = (x.swapaxes(1, 2) @ y[..., None]) / x.shape[1]
    best = np.linalg.solve(gram, moment)
    residual = y - (x @ best)[..., 0]
    return Problem(x, y, gram, best[..., 0], (residual**2).mean(-1))


def descend(
    problem: Problem,
    start: np.ndarray,
    rates: np.ndarray,
    updates: int,
    batches: np.ndarray | None = None,
    every: int = 1,
    decay: bool = False,
) -> np.ndarray:
    """Return the points (R, S, 1 + updates // every, d) of descent, the start first.

    Args:
        start: (S, d).
        rates: (R,) learning rates; all see the same batches.
        updates: their number.
        batches: (S, updates, b) indices of samples; absent, every update takes all samples.
        every: updates between two points that are kept.
        decay: let the rate fall linearly, to reach zero one update after the last.
    """
    rows = np.arange(len(start))[:, None]
    w = np.broadcast_to(start, (len(rates), *start.shape))
    path = [w]
    with np.errstate(over="ignore", invalid="ignore"):
        for update in range(updates):
            if batches is None:
                offset = w - problem.best
                gradient = 2 * np.einsum("sde,rse->rsd", problem.gram, offset)
            else:
                seen = batches[:, update]
                x, y = problem.x[rows, seen], problem.y[rows, seen]
                error = np.einsum("sbd,rsd->rsb", x, w) - y
                gradient = 2 / seen.shape[1] * np.einsum("rsb,sbd->rsd", error, x)
            share = 1 - update / updates if decay else 1.0
            w = w - (share * np.asarray(rates))[:, None, None] * gradient
            if (update + 1) % every == 0:
                path.append(w)
    return np.stack(path, axis=2)


def sample_gradients(problem: Problem, w: np.ndarray) -> np.ndarray:
    """Return each sample's gradient of its squared error, (S, n, d), at w (S, d)."""
    error = (problem.x @ w[..., None])[..., 0] - problem.y
    return 2 * error[..., None] * problem.x


def noise(gradients: np.ndarray, batches: np.ndarray) -> np.ndarray:
    """Return the batch gradient's mean squared distance from the full gradient, (S,).

    Args:
        gradients: (S, n, d), one a sample.
        batches: (S, M, b) indices, or (M, b) for all seeds alike.
    """
    centred = gradients - gradients.mean(1, keepdims=True)
    batches = np.broadcast_to(batches, (len(gradients), *batches.shape[-2:]))
    rows = np.arange(len(gradients))[:, None]
    total = np.zeros((*batches.shape[:2], gradients.shape[2]))
    for place in range(batches.shape[2]):
        total += centred[rows, batches[:, :, place]]
    return np.square(total / batches.shape[2]).sum(-1).mean(-1)


def all_batches(samples: int, size: int, replacement: bool) -> np.ndarray:
    """Return every equally likely batch, (M, size): samples^size ordered ones, or all subsets."""
    if replacement:
        return np.array(list(product(range(samples), repeat=size)))
    return np.array(list(combinations(range(samples), size)))


def noise_law(gradients: np.ndarray, size: int, replacement: bool) -> np.ndarray:
    """Return what `noise` is on average over all batches, (S,).

    The single-sample variance over b, times (n - b) / (n - 1) without replacement (Cochran,
    Sampling Techniques, 1977, theorem 2.2).
    """
    samples = gradients.shape[1]
    variance = gradients.var(axis=1).sum(-1)
    correction = 1.0 if replacement else (samples - size) / (samples - 1)
    return variance / size * correction


def law_error(gradients: np.ndarray, largest: int = 4) -> np.ndarray:
    """Return the largest relative difference (S,) of the noise over all batches from its law.

    With and without replacement, sizes 1 to `largest` (at most n - 1, where the law is not zero).
    """
    errors = []
    for replacement in (True, False):
        for size in range(1, min(largest, gradients.shape[1] - 1) + 1):
            every = all_batches(gradients.shape[1], size, replacement)
            law = noise_law(gradients, size, replacement)
            errors.append(np.abs(noise(gradients, every) / law - 1))
    return np.max(errors, axis=0)


def multiply_adds(updates: np.ndarray, size: int, features: int) -> np.ndarray:
    """Return the multiply-adds of `updates` with batches of `size`.

    A sample costs d for its error and d for its gradient, an update d for the step.
    """
    return updates * (2 * size + 1) * features
