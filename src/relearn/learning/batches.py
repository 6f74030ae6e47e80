"""Batches of standardised images out of bytes in memory, augmented anew each time if asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from relearn.learning import augmentation


class ImageBatches:
    """(S, B) indices -> (S, B, height * width) float32 images (x / 255 - mean) / std.

    The images stay bytes, a quarter of their size as floats, and each batch reuses the memory of
    the one before it: read it before asking for the next.

    Args:
        images: (n, height, width) uint8.
        mean, std: of the pixels scaled to [0, 1].
        device: where the batches are wanted.
        recipe: random transforms, on top; absent, none.
        generators: one a network, for the transforms' draws.
    """

    def __init__(
        self,
        images: np.ndarray,
        mean: float,
        std: float,
        device: torch.device | str = "cpu",
        recipe: augmentation.Recipe | None = None,
        generators: Sequence[torch.Generator] = (),
    ):
        self.side = images.shape[1:]
        rows = np.array(images).reshape(len(images), -1)
        self.bytes = torch.from_numpy(rows).to(device)
        self.scale = 1 / (255 * std)
        self.offset = torch.tensor(-mean / std, dtype=torch.float32, device=device)
        self.recipe, self.generators = recipe, generators
        self._picked = self._floats = torch.empty(0)

    def __call__(self, indices: torch.Tensor) -> torch.Tensor:
        if self._floats.shape[:2] != indices.shape:
            size = (*indices.shape, self.bytes.shape[1])
            self._picked = torch.empty(size, dtype=torch.uint8, device=self.bytes.device)
            self._floats = torch.empty(size, device=self.bytes.device)
            self._rows = self._picked.flatten(0, 1)
            self._noise = torch.empty(*indices.shape, *self.side)  # where the generators are
        torch.index_select(self.bytes, 0, indices.flatten(), out=self._rows)
        images, scale = self._floats.copy_(self._picked), self.scale
        if self.recipe is not None and self.recipe != augmentation.Recipe():
            images, scale = self._augmented(images.div_(255)), 255 * scale
        return torch.add(self.offset, images, alpha=scale, out=images)

    def _augmented(self, pixels: torch.Tensor) -> torch.Tensor:
        size = (pixels.shape[1], *self.side)
        each = zip(self.generators, self._noise, strict=True)
        draws = [augmentation.draw(self.recipe, size, one, out) for one, out in each]
        moved = augmentation.apply(
            pixels.view(-1, *self.side), augmentation.stack(draws, self._noise, pixels.device)
        )
        return moved.view(pixels.shape)
