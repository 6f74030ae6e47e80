"""Made data: each function or class draws one kind, on generators given to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

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
class LinkedTarget:
    """A target whose mean is exp(η) or, for "binary", the logistic function of η = a + b x.

    Attributes:
        family: how y lies about its mean m: "lognormal" (y = m e^(σ z - σ²/2), so that m is the
            mean and ln y is normal about a straight line), "normal" (y = m + σ z), "poisson",
            "gamma" (standard deviation σ m) or "binary" (0 or 1).
        intercept, slope: a and b; x is uniform in [0, 1).
        noise: σ; unused for "poisson" and "binary", whose spread follows from the mean.
    """

    family: Literal["lognormal", "normal", "poisson", "gamma", "binary"]
    intercept: float
    slope: float
    noise: float

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Return the target's mean at x."""
        predictor = self.intercept + self.slope * x
        return 1 / (1 + np.exp(-predictor)) if self.family == "binary" else np.exp(predictor)

    def draw(self, generator: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y, each (samples,)."""
        x = generator.uniform(0, 1, samples)
        mean = self.mean(x)
        if self.family == "poisson":
            return x, generator.poisson(mean).astype(float)
        if self.family == "gamma":
            shape = self.noise**-2
            return x, generator.gamma(shape, mean / shape)
        if self.family == "binary":
            return x, (generator.random(samples) < mean).astype(float)
        z = generator.normal(size=samples)
        if self.family == "normal":
            return x, mean + self.noise * z
        return x, mean * np.exp(self.noise * z - self.noise**2 / 2)


@dataclass(frozen=True)
class TwoClouds:
    """Two classes of equal size in the plane: unit normal clouds about (∓separation / 2, 0).

    Attributes:
        separation: distance of the two centres; without far points the best boundary is x₁ = 0.
        far_share: share of class 1 that lies `far_distance` beyond its centre instead: clear-cut.
        far_distance: how far beyond.
    """

    separation: float
    far_share: float
    far_distance: float

    def draw(self, generator: np.random.Generator, samples: int) -> tuple[np.ndarray, np.ndarray]:
        """Return points (samples, 2) and labels (samples,) 0 or 1."""
        label = generator.integers(2, size=samples)
        points = generator.normal(size=(samples, 2))
        far = label * (generator.random(samples) < self.far_share)
        points[:, 0] += self.separation * (label - 0.5) + self.far_distance * far
        return points, label


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
