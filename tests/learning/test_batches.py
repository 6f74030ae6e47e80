"""Batches are the standardised images, with the transforms of torchvision's meaning."""

import numpy as np
import pytest
import torch

from relearn.data.images import Images
from relearn.learning import augmentation
from relearn.learning.batches import ImageBatches

MEAN, STD = 0.13, 0.31


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (50, 8, 6)).astype(np.uint8)


def test_a_batch_is_standardised_as_the_data_room_does(images):
    indices = torch.tensor([[3, 1, 4], [1, 5, 9]])
    facts = Images(images, images, images, images, MEAN, STD, "")
    expected = torch.from_numpy(facts.standardise(images))[indices]
    torch.testing.assert_close(ImageBatches(images, MEAN, STD)(indices), expected)


def test_a_smaller_batch_and_a_larger_one_may_follow(images):
    batches = ImageBatches(images, MEAN, STD)
    all_six = batches(torch.arange(6).view(2, 3)).clone()
    assert torch.equal(batches(torch.tensor([[4], [5]]))[:, 0], all_six[1, 1:])
    assert torch.equal(batches(torch.arange(6).view(2, 3)), all_six)


@pytest.mark.parametrize(
    "recipe",
    [
        augmentation.Recipe(0.5, 0.0, 20, 0.8, 1.2, 1, 0.1),
        augmentation.Recipe(horizontal_flip=0.1),  # often nothing of a small batch moves
    ],
)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_augmented_batches_draw_from_each_networks_own_generator(images, recipe, size):
    indices = torch.arange(3 * size).view(3, size)

    def of(networks):
        generators = [torch.Generator().manual_seed(index) for index in networks]
        batches = ImageBatches(images, MEAN, STD, recipe=recipe, generators=generators)
        return batches(indices[networks]).clone()

    together = of([0, 1, 2])
    for network in range(3):
        assert torch.equal(of([network])[0], together[network])
        draws = augmentation.draw(recipe, (size, 8, 6), torch.Generator().manual_seed(network))
        pixels = torch.from_numpy(images[indices[network].numpy()].astype(np.float32) / 255)
        expected = (augmentation.apply(pixels, draws) - MEAN) / STD
        torch.testing.assert_close(together[network], expected.flatten(1))
