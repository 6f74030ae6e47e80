"""How good generated images are: judged by a classifier's features, and by what they copy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from relearn.learning.batches import ImageBatches
from relearn.learning.stack import Stack


@dataclass(frozen=True, eq=False)
class Referee:
    """A classifier of real images, the only network of its stack, that looks at other images.

    Attributes:
        mean, std: of the pixels that it learned from, scaled to [0, 1].
    """

    network: Stack
    mean: float
    std: float

    @torch.inference_mode()
    def seen(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what it sees in images (n, height, width) uint8.

        Returns:
            Its features (n, units), the inputs of its last layer, and its classes (n,).
        """
        self.network.train(False)
        batches = ImageBatches(images, self.mean, self.std)
        features, classes = [], []
        for part in torch.arange(len(images))[None].split(500, dim=1):
            classes.append(self.network.forward(batches(part))[0].argmax(-1))
            features.append(self.network.layers[-1].x[0].clone())
        return torch.cat(features).double().numpy(), torch.cat(classes).numpy()


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Return the Fréchet distance of normal distributions with the samples' moments.

    ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½), after Heusel et al. (2017).

    Args:
        a, b: (n, d) and (m, d) samples; fewer of them lie further apart, so compare equal numbers.
    """
    first, second = np.cov(a.T), np.cov(b.T)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
    # The eigenvalues of Σ_a Σ_b, from a symmetric matrix that shares them.
    shared = np.linalg.eigvalsh(root @ second @ root).clip(0)
    apart = np.square(a.mean(0) - b.mean(0)).sum()
    return float(apart + np.trace(first) + np.trace(second) - 2 * np.sqrt(shared).sum())


def nearest(images: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distance (n,) from each of `images` to the nearest of `others`, and its index.

    Args:
        images, others: (n, ...) and (m, ...) uint8; the distance is Euclidean, pixels in [0, 1].
    """
    a, b = (each.reshape(len(each), -1).astype(np.float32) / 255 for each in (images, others))
    squares = np.square(a).sum(1)[:, None] + np.square(b).sum(1) - 2 * a @ b.T
    index = squares.argmin(1)
    return np.sqrt(squares[np.arange(len(a)), index].clip(0)), index
