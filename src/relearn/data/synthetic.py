"""Made data: points around a line, beside a hyperplane, on circles; the line as listed, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class NoisyLine:
    """y = slope x + intercept + noise, with x uniform in [0, extent) and normal noise.

    Attributes:
        samples: points.
        extent: upper end of x.
        slope, intercept: the true line.
        noise: standard deviation of the noise on y.
    """

    samples: int
    extent: float
    slope: float
    intercept: float
    noise: float

    def draw(self, generators: Sequence[np.random.Generator]) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y, each (S, samples), one row a generator."""
        x = np.stack([g.uniform(0, self.extent, self.samples) for g in generators])
        noise = np.stack([g.normal(0, self.noise, self.samples) for g in generators])
        return x, self.slope * x + self.intercept + noise

    def draw_as_listed(self, draws: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y, each (samples, 1), in the order of draws of listings 10.1 and 10.2."""
        x = draws.rand(self.samples, 1) * self.extent
        return x, self.slope * x + self.intercept + draws.randn(self.samples, 1) * self.noise


def separated_points(
    generator: np.random.Generator, samples: int, features: int, margin: float
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points on both sides of a random hyperplane, none nearer to it than the margin.

    Points are uniform in [−1, 1]^d; the hyperplane's direction is uniform, its distance from the
    centre uniform in ±1/4.

    Returns:
        x (samples, features) and the sides y (samples,), −1 or 1.
    """
    normal = generator.normal(size=features)
    normal /= np.linalg.norm(normal)
    offset = generator.uniform(-0.25, 0.25)
    kept = np.empty((0, features))
    while len(kept) < samples:
        drawn = generator.uniform(-1, 1, (samples, features))
        kept = np.vstack([kept, drawn[np.abs(drawn @ normal + offset) > margin]])
    x = kept[:samples]
    return x, np.sign(x @ normal + offset)


def xor_points() -> tuple[np.ndarray, np.ndarray]:
    """Return the four corners of [−1, 1]², (4, 2), and 1 where the signs differ, else −1."""
    x = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)], dtype=float)
    return x, -x[:, 0] * x[:, 1]


def circle_points(samples: int, inner: float) -> tuple[np.ndarray, np.ndarray]:
    """Return two concentric circles of evenly spaced points, of radius 1 (−1) and `inner` (1).

    Args:
        samples: points on each.
        inner: radius of the inner circle, below 1.

    Returns:
        (2 samples, 2) points and their classes.
    """
    angle = 2 * np.pi * np.arange(samples) / samples
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.vstack([ring, inner * ring]), np.repeat([-1.0, 1.0], samples)
