"""Polynomials in the plane, and the length of the curve on which one is zero."""

from __future__ import annotations

import numpy as np


def polynomial_features(points: np.ndarray, degree: int) -> np.ndarray:
    """Return products of Chebyshev polynomials up to a total degree, (n, (p + 1)(p + 2) / 2).

    They span what the powers of both coordinates span, and stay within ±1 on the square.

    Args:
        points: (n, 2) in [−1, 1]².
        degree: p, the largest total degree.
    """
    first, second = (np.polynomial.chebyshev.chebvander(points[:, axis], degree) for axis in (0, 1))
    columns = [
        first[:, i] * second[:, total - i] for total in range(degree + 1) for i in range(total + 1)
    ]
    return np.stack(columns, axis=1)


def grid(cells: int) -> np.ndarray:
    """Return the corners of cells × cells squares on [−1, 1]², ((cells + 1)², 2), rows upwards."""
    axis = np.linspace(-1, 1, cells + 1)
    across, up = np.meshgrid(axis, axis)
    return np.column_stack([across.ravel(), up.ravel()])


def zero_length(values: np.ndarray, width: float) -> float:
    """Return the length of the curve on which a function on a grid is zero.

    Each cell is two triangles, and the function linear on each: the curve is a chord of every
    triangle whose corners differ in sign.

    Args:
        values: (rows, columns) on the corners of square cells.
        width: a cell's side; the length has its unit.
    """
    corners = values[:-1, :-1], values[:-1, 1:], values[1:, :-1], values[1:, 1:]
    places = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], dtype=float)
    total = 0.0
    for triangle in ((0, 1, 2), (3, 2, 1)):
        level = np.stack([corners[i].ravel() for i in triangle], axis=1)
        place = places[list(triangle)]
        positive = level > 0
        # The corner whose sign is alone: the chord joins the two edges that leave it.
        for alone in range(3):
            others = [i for i in range(3) if i != alone]
            cut = (positive[:, others] != positive[:, [alone]]).all(axis=1)
            here, there = level[cut][:, [alone]], level[cut][:, others]
            share = here / (here - there)
            ends = place[alone] + share[..., None] * (place[others] - place[alone])
            total += np.linalg.norm(ends[:, 0] - ends[:, 1], axis=-1).sum()
    return width * total


def sign_regions(values: np.ndarray) -> int:
    """Return into how many pieces a function's sign cuts the grid (rows, columns)."""
    from scipy.ndimage import label

    return sum(label(side)[1] for side in (values > 0, values <= 0))
