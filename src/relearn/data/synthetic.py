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
class Surface:
    """A random function of independent inputs, uniform on [−√3, √3), so of unit variance.

    Its linear part has unit variance. `beyond` adds a part of as much variance that no linear
    function follows: products of two inputs, or a wave √2 cos(π x / √3) of each input, which
    powers of that input approximate. Linear part, products and waves are uncorrelated.

    Attributes:
        inputs: number d of inputs.
        beyond: "nothing", "products" or "powers".
    """

    inputs: int
    beyond: str

    def draw(self, generator: np.random.Generator) -> DrawnSurface:
        """Draw the coefficients: random directions, the same stream for each `beyond`."""
        pairs = self.inputs * (self.inputs - 1) // 2
        sizes = {"nothing": 0, "products": pairs, "powers": self.inputs}
        linear = _direction(generator, self.inputs)
        return DrawnSurface(self.beyond, linear, _direction(generator, sizes[self.beyond]))


@dataclass(frozen=True, eq=False)
class DrawnSurface:
    """One such function: `linear` (d,) and `extra` coefficients, each of unit length or empty."""

    beyond: str
    linear: np.ndarray
    extra: np.ndarray

    def points(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Draw inputs (count, d)."""
        return generator.uniform(-np.sqrt(3), np.sqrt(3), (count, len(self.linear)))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Return the noiseless target (n,) of x (n, d)."""
        target = x @ self.linear
        if self.beyond == "products":
            first, second = np.triu_indices(x.shape[1], 1)
            target = target + (x[:, first] * x[:, second]) @ self.extra
        elif self.beyond == "powers":
            target = target + np.sqrt(2) * np.cos(np.pi * x / np.sqrt(3)) @ self.extra
        return target


def _direction(generator: np.random.Generator, size: int) -> np.ndarray:
    vector = generator.normal(size=size)
    return vector / np.linalg.norm(vector) if size else vector
