"""Given the same draws, the batch transforms are torchvision's, image by image."""

import pytest
import torch

from relearn.learning import augmentation
from relearn.learning.augmentation import Draws, Recipe


@pytest.fixture
def images():
    return torch.rand(6, 28, 28, generator=torch.Generator().manual_seed(0))


def draws(count=6, **given):
    still = {
        "mirrored": torch.zeros(count, dtype=torch.bool),
        "upended": torch.zeros(count, dtype=torch.bool),
        "angle": torch.zeros(count),
        "zoom": torch.ones(count),
        "right": torch.zeros(count, dtype=torch.long),
        "down": torch.zeros(count, dtype=torch.long),
        "noise": None,
    }
    return Draws(**(still | given))


def test_nothing_drawn_changes_nothing(images):
    assert torch.equal(augmentation.apply(images, draws(moves=False)), images)
    torch.testing.assert_close(augmentation.apply(images, draws()), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("recipe", "moves"),
    [
        (Recipe(), False),
        (Recipe(noise=0.1), False),
        (Recipe(horizontal_flip=0.1), True),
        (Recipe(scale_high=1.1), True),
        (Recipe(crop_padding=1, noise=0.1), True),
    ],
)
def test_whether_images_move_is_the_recipes_not_the_draws(recipe, moves):
    noise, generators = torch.empty(2, 1, 8, 8), [torch.Generator().manual_seed(s) for s in (0, 1)]
    each = zip(generators, noise, strict=True)
    drawn = [augmentation.draw(recipe, (1, 8, 8), one, out) for one, out in each]
    assert [each.moves for each in drawn] == [moves, moves]
    assert augmentation.stack(drawn, noise).moves == moves


def test_flips_are_torchvisions(images, torchvision_functional):
    mirrored = torch.tensor([True, False, True, False, True, False])
    upended = torch.tensor([False, False, True, True, True, False])
    changed = augmentation.apply(images, draws(mirrored=mirrored, upended=upended))
    for index, image in enumerate(images):
        if mirrored[index]:
            image = torchvision_functional.horizontal_flip(image)
        if upended[index]:
            image = torchvision_functional.vertical_flip(image)
        torch.testing.assert_close(changed[index], image, atol=1e-5, rtol=0)


def test_rotation_and_zoom_are_torchvisions_affine(images, torchvision_functional):
    angle = torch.tensor([0.0, 15.0, -15.0, 90.0, 7.5, -33.0])
    zoom = torch.tensor([1.2, 1.0, 0.8, 1.0, 0.9, 1.1])
    changed = augmentation.apply(images, draws(angle=angle, zoom=zoom))
    for index, image in enumerate(images):
        expected = torchvision_functional.affine(
            image[None],
            angle=angle[index].item(),
            translate=[0, 0],
            scale=zoom[index].item(),
            shear=[0.0, 0.0],
            interpolation=torchvision_functional.InterpolationMode.BILINEAR,
        )[0]
        torch.testing.assert_close(changed[index], expected, atol=1e-4, rtol=0)


def test_shift_is_torchvisions_pad_and_crop(images, torchvision_functional):
    right = torch.tensor([0, 1, -2, 2, 0, -1])
    down = torch.tensor([0, -2, 2, 1, -1, 0])
    changed = augmentation.apply(images, draws(right=right, down=down))
    for index, image in enumerate(images):
        padded = torchvision_functional.pad(image[None], [2])
        top, left = 2 - down[index].item(), 2 - right[index].item()
        expected = torchvision_functional.crop(padded, top, left, 28, 28)[0]
        torch.testing.assert_close(changed[index], expected, atol=1e-5, rtol=0)


def test_all_moves_at_once_are_one_after_the_other():
    images = torch.rand(6, 20, 28, generator=torch.Generator().manual_seed(0))
    drawn = augmentation.draw(
        Recipe(0.5, 0.5, 45.0, 0.7, 1.4, 4), images.shape, torch.Generator().manual_seed(2)
    )
    assert drawn.mirrored.any() and drawn.upended.any()
    expected = images
    for part in (
        draws(mirrored=drawn.mirrored, upended=drawn.upended),
        draws(angle=drawn.angle, zoom=drawn.zoom),
        draws(right=drawn.right, down=drawn.down),
    ):
        expected = augmentation.apply(expected, part)
    changed = augmentation.apply(images, drawn)
    torch.testing.assert_close(changed, expected, atol=1e-4, rtol=0)


def test_noise_is_added_and_clipped(images):
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    changed = augmentation.apply(images, draws(noise=noise, moves=False))
    assert torch.equal(changed, (images + noise).clamp(0, 1))


FULL = Recipe(0.5, 0.5, 15.0, 0.85, 1.15, 2, 0.1)


def test_every_image_gets_draws_of_its_own():
    drawn = augmentation.draw(FULL, (200, 28, 28), torch.Generator().manual_seed(0))
    assert len(drawn.angle.unique()) == len(drawn.zoom.unique()) == 200
    assert set(drawn.right.tolist()) == set(drawn.down.tolist()) == {-2, -1, 0, 1, 2}
    assert 60 < drawn.mirrored.sum() < 140
    assert drawn.angle.abs().max() <= 15
    assert 0.85 <= drawn.zoom.min() and drawn.zoom.max() <= 1.15
    assert not torch.equal(drawn.noise[0], drawn.noise[1])


def test_an_empty_recipe_changes_nothing(images):
    drawn = augmentation.draw(Recipe(), images.shape, torch.Generator().manual_seed(0))
    assert torch.equal(augmentation.apply(images, drawn), images)


def test_multiply_adds_are_ten_a_moved_pixel_and_one_a_noisy_one():
    assert augmentation.multiply_adds(Recipe(), (28, 28)) == 0
    assert augmentation.multiply_adds(Recipe(noise=0.1), (28, 28)) == 784
    assert augmentation.multiply_adds(Recipe(rotation=5.0), (28, 28)) == 7840
    assert augmentation.multiply_adds(FULL, (2, 3)) == 66


def test_a_reach_is_scaled_as_a_whole():
    half = augmentation.reaching(0.5, rotation=20.0, zoom=0.2, crop_padding=3, noise=0.1)
    assert half == Recipe(rotation=10.0, scale_low=0.9, scale_high=1.1, crop_padding=2, noise=0.05)
    assert augmentation.reaching(2.0, 0.0, 0.0, 0) == Recipe()
    flips = Recipe(horizontal_flip=0.25, vertical_flip=0.25)
    assert augmentation.reaching(0.5, 0.0, 0.0, 0, flip=0.5) == flips
