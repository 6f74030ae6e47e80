"""Random flips, crops, noise, rotation and scaling, drawn anew for each image of a batch.

torchvision's transforms draw once for a whole batch; these draw for each image and apply all
images' geometry as one sampling grid. Given the same draws, the result is torchvision's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Recipe:
    """How strongly to transform; zeros (and a scale of 1 to 1) leave an image as it is.

    Attributes:
        horizontal_flip, vertical_flip: probability of each flip.
        rotation: largest angle either way, degrees.
        scale_low, scale_high: range of the zoom, 1 for none.
        crop_padding: black border, pixels, out of which a crop of the old size is taken.
        noise: standard deviation of Gaussian noise, with pixels in [0, 1].
    """

    horizontal_flip: float = 0.0
    vertical_flip: float = 0.0
    rotation: float = 0.0
    scale_low: float = 1.0
    scale_high: float = 1.0
    crop_padding: int = 0
    noise: float = 0.0


def singles(recipe: Recipe) -> dict[str, Recipe]:
    """Return the recipe's transforms one at a time, and then all together."""
    parts = {
        "flips": ("horizontal_flip", "vertical_flip"),
        "rotation": ("rotation",),
        "scaling": ("scale_low", "scale_high"),
        "crop": ("crop_padding",),
        "noise": ("noise",),
    }
    alone = {
        name: Recipe(**{field: getattr(recipe, field) for field in fields})
        for name, fields in parts.items()
    }
    return alone | {"all": recipe}


@dataclass(frozen=True)
class Draws:
    """One draw an image, each of shape (B,) but for `noise` (B, H, W)."""

    mirrored: torch.Tensor
    upended: torch.Tensor
    angle: torch.Tensor
    zoom: torch.Tensor
    right: torch.Tensor
    down: torch.Tensor
    noise: torch.Tensor | None


def draw(recipe: Recipe, shape: tuple[int, int, int], generator: torch.Generator) -> Draws:
    """Draw the parameters for a batch of `shape` (B, H, W)."""
    count = shape[0]

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    side = 2 * recipe.crop_padding + 1
    return Draws(
        mirrored=uniform(0, 1) < recipe.horizontal_flip,
        upended=uniform(0, 1) < recipe.vertical_flip,
        angle=uniform(-recipe.rotation, recipe.rotation),
        zoom=uniform(recipe.scale_low, recipe.scale_high),
        right=torch.randint(side, (count,), generator=generator) - recipe.crop_padding,
        down=torch.randint(side, (count,), generator=generator) - recipe.crop_padding,
        noise=torch.randn(shape, generator=generator) * recipe.noise if recipe.noise else None,
    )


def apply(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Flip, then rotate and zoom, then shift by whole pixels, then add noise and clip to [0, 1].

    Args:
        images: (B, H, W) in [0, 1].

    Returns:
        (B, H, W); what comes in from outside is black.
    """
    images = torch.where(draws.mirrored[:, None, None], images.flip(2), images)
    images = torch.where(draws.upended[:, None, None], images.flip(1), images)
    images = rotate_and_zoom(images, draws.angle, draws.zoom)
    images = shift(images, draws.right, draws.down)
    if draws.noise is not None:
        images = (images + draws.noise).clamp(0, 1)
    return images


def rotate_and_zoom(images: torch.Tensor, angle: torch.Tensor, zoom: torch.Tensor) -> torch.Tensor:
    """Rotate each image clockwise by its angle (degrees) and zoom it, bilinearly, about its centre.

    As torchvision.transforms.v2.functional.affine with fill 0.
    """
    if not angle.any() and bool((zoom == 1).all()):
        return images
    radians = torch.deg2rad(angle)
    cosine, sine = torch.cos(radians) / zoom, torch.sin(radians) / zoom
    zero = torch.zeros_like(cosine)
    rows = torch.stack([cosine, sine, zero, -sine, cosine, zero], dim=1).view(-1, 2, 3)
    size = [len(images), 1, *images.shape[1:]]
    grid = functional.affine_grid(rows, size, align_corners=False)
    return functional.grid_sample(
        images[:, None], grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )[:, 0]


def shift(images: torch.Tensor, right: torch.Tensor, down: torch.Tensor) -> torch.Tensor:
    """Move each image by whole pixels: padding with black and cropping to the old size."""
    count, height, width = images.shape
    reach = int(torch.maximum(right.abs().max(), down.abs().max())) if count else 0
    if not reach:
        return images
    padded = functional.pad(images, (reach, reach, reach, reach))
    ranges = [torch.arange(size, device=images.device) for size in (count, height, width)]
    rows = ranges[1] + reach - down[:, None]
    columns = ranges[2] + reach - right[:, None]
    return padded[ranges[0][:, None, None], rows[:, :, None], columns[:, None, :]]


def stack(draws: list[Draws], device: torch.device | str = "cpu") -> Draws:
    """Join the draws of several batches into those of one, on a device."""
    noises = [part.noise for part in draws]
    return Draws(
        *(
            torch.cat([getattr(part, name) for part in draws]).to(device)
            for name in ("mirrored", "upended", "angle", "zoom", "right", "down")
        ),
        noise=None if noises[0] is None else torch.cat(noises).to(device),
    )
