"""Made data: points around a line, with draws of our own or in the listings' order."""

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


@dataclass(frozen=True)
class GaussianRegression:
    """y = x w + noise, with independent normal features of unequal variance and normal w.

    Attributes:
        samples: points.
        features: d; their variances are log-spaced from 1 / condition to 1.
        condition: largest variance over the smallest.
        noise: standard deviation of the noise on y.
    """

    samples: int
    features: int
    condition: float
    noise: float

    @property
    def variances(self) -> np.ndarray:
        """The features' variances, (d,)."""
        return np.geomspace(1 / self.condition, 1, self.features)

    def draw(
        self, generators: Sequence[np.random.Generator]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return x (S, n, d), y (S, n) and w (S, d), one row a generator."""
        w = np.stack([g.normal(size=self.features) for g in generators])
        x = np.stack([g.normal(size=(self.samples, self.features)) for g in generators])
        x *= np.sqrt(self.variances)
        noise = np.stack([g.normal(0, self.noise, self.samples) for g in generators])
        return x, (x @ w[..., None])[..., 0] + noise, w

    def risk(self, guess: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Return guesses' (..., S, d) expected squared error on a fresh sample; w is (S, d)."""
        return self.noise**2 + ((guess - w) ** 2 * self.variances).sum(-1)
