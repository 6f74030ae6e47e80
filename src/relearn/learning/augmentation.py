"""Random flips, crops, noise, rotation and scaling, drawn anew for each image of a batch.

torchvision's transforms draw once for a whole batch; these draw for each image, and move all images
by one sampling grid. Given the same draws, the result is torchvision's, up to rounding.
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

    @property
    def moves(self) -> bool:
        """Whether an image can end up elsewhere."""
        return self != Recipe(noise=self.noise)


def reaching(
    strength: float,
    rotation: float,
    zoom: float,
    crop_padding: int,
    noise: float = 0.0,
    flip: float = 0.0,
) -> Recipe:
    """Return a recipe at a multiple of a reach.

    Args:
        strength: by what everything else is multiplied.
        rotation, crop_padding, noise: as in Recipe.
        zoom: largest zoom either way, share.
        flip: probability of either flip.
    """
    return Recipe(
        horizontal_flip=strength * flip,
        vertical_flip=strength * flip,
        rotation=strength * rotation,
        scale_low=1 - strength * zoom,
        scale_high=1 + strength * zoom,
        crop_padding=round(strength * crop_padding),
        noise=strength * noise,
    )


def multiply_adds(recipe: Recipe, shape: tuple[int, int]) -> int:
    """Return the multiply-adds of transforming one image of `shape` (H, W), by what `apply` does.

    A moved pixel takes two additions to find where it comes from, four products for the weights of
    its four neighbours and four for their sum; a noisy one takes one. What an image or one of its
    rows needs once, and the drawing of random numbers, is not counted.
    """
    return shape[0] * shape[1] * ((10 if recipe.moves else 0) + (1 if recipe.noise else 0))


@dataclass(frozen=True)
class Draws:
    """One draw an image, each of shape (B,) but for `noise` (B, H, W).

    `moves` is the recipe's: were it read off the draws, an image's last bits would depend on
    whether another one of its batch moved.
    """

    mirrored: torch.Tensor
    upended: torch.Tensor
    angle: torch.Tensor
    zoom: torch.Tensor
    right: torch.Tensor
    down: torch.Tensor
    noise: torch.Tensor | None
    moves: bool = True


def draw(
    recipe: Recipe,
    shape: tuple[int, int, int],
    generator: torch.Generator,
    out: torch.Tensor | None = None,
) -> Draws:
    """Draw the parameters for a batch of `shape` (B, H, W); the noise into `out`, if given."""
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
        noise=torch.randn(shape, generator=generator, out=out).mul_(recipe.noise)
        if recipe.noise
        else None,
        moves=recipe.moves,
    )


def apply(images: torch.Tensor, draws: Draws) -> torch.Tensor:
    """Flip, then rotate and zoom, then shift by whole pixels, then add noise and clip to [0, 1].

    Args:
        images: (B, H, W) in [0, 1].

    Returns:
        (B, H, W); what comes in from outside is black.
    """
    if draws.moves:
        images = functional.grid_sample(
            images[:, None],
            grid(images.shape[1:], draws),
            mode="bilinear",
            padding_mode="zeros",
            align_corners=False,
        )[:, 0]
    if draws.noise is not None:
        out = images if draws.moves else None  # what was moved is a copy already
        images = torch.add(images, draws.noise, out=out).clamp_(0, 1)
    return images


def grid(shape: tuple[int, int], draws: Draws) -> torch.Tensor:
    """Return where each pixel of the result is taken from, (B, H, W, 2) for grid_sample.

    Pixels are traced back through all the moves at once: the shift, the rotation (clockwise, as
    torchvision.transforms.v2.functional.affine) and zoom about the centre, the flips.
    """
    (height, width), count = shape, len(draws.angle)
    x = _before_shift(width, draws.right)
    y = _before_shift(height, draws.down)
    radians = torch.deg2rad(draws.angle)
    cosine, sine = torch.cos(radians) / draws.zoom, torch.sin(radians) / draws.zoom
    # grid_sample's coordinates run from -1 to 1 over each side.
    across = (1 - 2 * draws.mirrored.float()) * 2 / width
    along = (1 - 2 * draws.upended.float()) * 2 / height
    found = torch.empty(count, 2, height, width, device=x.device).permute(0, 2, 3, 1)
    for axis, (of_x, of_y) in enumerate(
        [(cosine * across, sine * across), (-sine * along, cosine * along)]
    ):
        part_x, part_y = of_x[:, None] * x, of_y[:, None] * y
        torch.add(part_x[:, None, :], part_y[:, :, None], out=found[..., axis])
    return found


def _before_shift(size: int, moved: torch.Tensor) -> torch.Tensor:
    """Return pixels' places about the centre before they were moved, (B, size).

    What lies outside the image then is put far away: a rotation must not bring it back.
    """
    middle = (size - 1) / 2
    place = torch.arange(size, device=moved.device) - middle - moved[:, None]
    return torch.where(place.abs() > middle, 1e4 * size, place)


def stack(
    draws: list[Draws], noise: torch.Tensor | None, device: torch.device | str = "cpu"
) -> Draws:
    """Join the draws of several batches, with their noise in one block, into one on a device."""
    return Draws(
        *(
            torch.cat([getattr(part, name) for part in draws]).to(device)
            for name in ("mirrored", "upended", "angle", "zoom", "right", "down")
        ),
        noise=None if draws[0].noise is None else noise.flatten(0, 1).to(device),
        moves=draws[0].moves,
    )
