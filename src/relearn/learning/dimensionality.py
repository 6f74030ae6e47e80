"""How samples fill a cube of d features: occupied cells, companions, distances."""

from __future__ import annotations

from math import pi, sqrt

import numpy as np

UNIFORM_MEAN = 1 / 6  # of (x - q)² for x, q uniform on [0, 1]
UNIFORM_WITHIN = 1 / 30  # the variance of (x - q)² about its mean at fixed q, averaged over q


def occupancy(points: np.ndarray, cells: int) -> tuple[int, float]:
    """Return how many cells hold a sample, and a sample's mean number of others in its cell.

    Only the cells that are hit are ever looked at, so the number of all cells may be any.

    Args:
        points: (n, d) in [0, 1].
        cells: cells an axis.
    """
    place = np.minimum((points * cells).astype(np.int64), cells - 1)
    counts = np.unique(place, axis=0, return_counts=True)[1]
    return len(counts), float((counts * (counts - 1)).sum() / len(points))


def expected_occupied_share(samples: int, cells: int, dimension: int) -> float:
    """Return 1 - (1 - k^-d)^n, the expected share of cells hit by n uniform samples."""
    share = float(cells) ** -dimension
    return float(-np.expm1(samples * np.log1p(-share)))


def distance_ratios(points: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return nearest over farthest Euclidean distance, (m, d), in the first 1, 2, … d features.

    Args:
        points: (n, d); queries: (m, d).
    """
    squared = np.zeros((len(queries), len(points)))
    ratios = np.empty(queries.shape)
    for feature in range(points.shape[1]):
        squared += (queries[:, feature, None] - points[None, :, feature]) ** 2
        ratios[:, feature] = np.sqrt(squared.min(1) / squared.max(1))
    return ratios


def asymptotic_distance_ratio(samples: int, dimension: int) -> float:
    """Return the large-d law of the ratio for n uniform samples and a uniform query in the cube.

    A squared distance is a sum over features, so by the central limit theorem the distance is
    normal with mean √(d/6) and, at a fixed query, a deviation that does not depend on d; nearest
    and farthest lie about Blom's expected extreme of n normal values on either side. Why the ratio
    tends to 1: Beyer et al. 1999, "When is nearest neighbor meaningful?", ICDT.
    """
    from scipy import special

    extreme = special.ndtri((samples - 0.375) / (samples + 0.25))
    mean = sqrt(dimension * UNIFORM_MEAN)
    deviation = sqrt(UNIFORM_WITHIN / UNIFORM_MEAN) / 2
    return max(0.0, (mean - deviation * extreme) / (mean + deviation * extreme))


def bent_sheet(place: np.ndarray, directions: np.ndarray, phases: np.ndarray) -> np.ndarray:
    """Return points (n, d) in [0, 1] on a smooth surface of two dimensions.

    Args:
        place: (n, 2) in [0, 1], the position on the surface.
        directions: (d,) angles, phases: (d,): feature j is half a cosine wave across the sheet
            along its direction.
    """
    along = place @ np.stack([np.cos(directions), np.sin(directions)])
    return (1 + np.cos(pi * along + phases)) / 2
