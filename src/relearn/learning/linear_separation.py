"""Separating two classes by a hyperplane: whether, how widely, by which rule, and how often."""

from __future__ import annotations

from math import comb
from typing import NamedTuple

import numpy as np

SLACK = 1e-7  # HiGHS's own tolerance on a constraint


class Widest(NamedTuple):
    """The widest separator through the origin.

    Attributes:
        weights: (d,) of unit length.
        margin: the least y w·x, so that the classes are twice this apart.
        gap: what a separator could still gain on `margin`: zero but for rounding.
    """

    weights: np.ndarray
    margin: float
    gap: float


class Perceptron(NamedTuple):
    """What the perceptron rule leaves behind: weights (d,) and the mistakes of each pass."""

    weights: np.ndarray
    mistakes: np.ndarray


def augmented(x: np.ndarray) -> np.ndarray:
    """Return x (n, d) with a column of ones, (n, d + 1), whose weight is the bias."""
    return np.column_stack([x, np.ones(len(x))])


def slack(x: np.ndarray, y: np.ndarray) -> float:
    """Return the largest t with y (w·x + b) ≥ t for all points and all |w|, |b| ≤ 1.

    A linear programme, solved by HiGHS (Huangfu and Hall, Math. Prog. Comp. 10, 2018). Zero where
    no hyperplane has the classes on its two sides.

    Args:
        x: (n, d) points.
        y: (n,) classes, −1 or 1.
    """
    from scipy.optimize import linprog

    rows = np.column_stack([-y[:, None] * augmented(x), np.ones(len(x))])
    cost = np.zeros(rows.shape[1])
    cost[-1] = -1.0
    bounds = [(-1, 1)] * (rows.shape[1] - 1) + [(0, None)]
    return -linprog(cost, A_ub=rows, b_ub=np.zeros(len(x)), bounds=bounds, method="highs").fun


def separable(x: np.ndarray, y: np.ndarray) -> bool:
    """Return whether a hyperplane has the classes y (n,) of x (n, d) on its two sides."""
    return slack(x, y) > SLACK


def widest(x: np.ndarray, y: np.ndarray) -> Widest | None:
    """Return the separator through the origin with the widest margin, None where there is none.

    The shortest w with y w·x ≥ 1 is a least-distance programme, which is a problem of non-negative
    least squares (Lawson and Hanson, Solving Least Squares Problems, 1974, section 23.4). Its
    solution is also a convex combination of the y x; no separator's margin exceeds the length of
    any such combination, and the difference is the gap.

    Args:
        x: (n, d) points, augmented where the hyperplane may have a bias.
        y: (n,) classes, −1 or 1.
    """
    from scipy.optimize import nnls

    signed = y[:, None] * x
    system = np.vstack([signed.T, np.ones(len(y))])
    multipliers, distance = nnls(system, np.append(np.zeros(x.shape[1]), 1.0))
    combination = signed.T @ multipliers
    if distance < SLACK:
        return None
    weights = combination / np.linalg.norm(combination)
    margin = (signed @ weights).min()
    bound = np.linalg.norm(combination) / multipliers.sum()
    return Widest(weights, margin, bound - margin) if margin > 0 else None


def novikoff_bound(x: np.ndarray, margin: float) -> float:
    """Return (R / γ)², which the perceptron's mistakes never exceed (Novikoff, 1962).

    Args:
        x: (n, d) points as the rule sees them, augmented.
        margin: γ of any separator through the origin; the widest gives the least bound.
    """
    return (np.linalg.norm(x, axis=1).max() / margin) ** 2


def perceptron(
    x: np.ndarray, y: np.ndarray, generator: np.random.Generator, passes: int
) -> Perceptron:
    """Run the perceptron rule (Rosenblatt, 1958) from zero: w ← w + y x at each mistake.

    Each pass takes the points in a fresh random order; the first pass without a mistake is the
    last. A point on the hyperplane counts as a mistake.

    Args:
        x: (n, d) points, augmented.
        y: (n,) classes, −1 or 1.
        generator: draws the orders.
        passes: stop after so many.
    """
    signed = y[:, None] * x
    weights, mistakes = np.zeros(x.shape[1]), []
    while len(mistakes) < passes:
        rest, count = signed[generator.permutation(len(x))], 0
        while (wrong := rest @ weights <= 0).any():
            first = wrong.argmax()
            weights = weights + rest[first]
            rest = rest[first + 1 :]
            count += 1
        mistakes.append(count)
        if count == 0:
            break
    return Perceptron(weights, np.array(mistakes))


def separable_labellings(samples: int, features: int) -> int:
    """Return how many of the 2^n labellings a hyperplane with bias can make.

    Of n points in general position in d dimensions: 2 Σ C(n − 1, k) for k from 0 to d (Cover, IEEE
    Trans. Electronic Computers EC-14, 1965, theorem 1, with d + 1 free weights).
    """
    return 2 * sum(comb(samples - 1, k) for k in range(features + 1))


def separable_share(samples: int, features: int) -> float:
    """Return Cover's chance that random labels of n points in d dimensions are separable."""
    return separable_labellings(samples, features) / 2**samples
